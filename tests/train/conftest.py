"""What the tests of training share."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Compute on one core before and after each test: a torch session asks for more, for all that comes after."""
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(1)
