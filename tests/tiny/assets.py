"""The assets that `handseg download assets` fetches, for tests that look at the real ones where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[3] / "shared" / "assets"
needs_assets = pytest.mark.skipif(not (ASSETS / "makehuman" / "base.obj").is_file(), reason="the assets are not here")
