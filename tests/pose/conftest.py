"""Photos of the two datasets whose layout matters here."""

from __future__ import annotations

import pytest

from tests.tiny.labelled import Labelled, interhand_photo, rhd_photo


@pytest.fixture(scope="session")
def rhd(tmp_path_factory: pytest.TempPathFactory) -> Labelled:
    """Return a photo of RHD with both hands."""
    return rhd_photo(tmp_path_factory.mktemp("rhd"))


@pytest.fixture(scope="session")
def interhand(tmp_path_factory: pytest.TempPathFactory) -> Labelled:
    """Return a photo of InterHand2.6M with both hands."""
    return interhand_photo(tmp_path_factory.mktemp("interhand"))
