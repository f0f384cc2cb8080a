"""What the tests of training share."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

SPEC = importlib.util.spec_from_file_location("discs", Path(__file__).parents[1] / "tiny" / "discs.py")
assert SPEC is not None
assert SPEC.loader is not None
DISCS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(DISCS)


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared file of discs."""
    path = tmp_path_factory.mktemp("discs") / "discs.h5"
    DISCS.build(path)
    return path


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Compute on one core: on a machine that others use too, two threads wait for each other most of the time."""
    torch.set_num_threads(1)
