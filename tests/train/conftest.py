"""What the tests of training share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.tiny import discs as tiny


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared file of discs."""
    path = tmp_path_factory.mktemp("discs") / "discs.h5"
    tiny.build(path)
    return path


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Compute on one core: on a machine that others use too, two threads wait for each other most of the time."""
    torch.set_num_threads(1)
