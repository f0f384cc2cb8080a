"""The small raw tree of the dataset that a test file is named after: test_hof.py gets what tests/tiny/hof.py builds."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the raw tree, which no test may change."""
    name = request.path.stem.removeprefix("test_")
    folder = tmp_path_factory.mktemp(name)
    importlib.import_module(f"tests.tiny.{name}").build(folder)
    return folder


@pytest.fixture
def raw(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of the raw tree, to be changed at will."""
    return Path(shutil.copytree(whole, tmp_path / "raw"))
