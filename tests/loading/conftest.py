"""Small prepared files to load from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey

SIZE = (60, 80)


def encoded(number: int, split: str) -> Encoded:
    rng = np.random.default_rng(number)
    mask = np.zeros(SIZE, np.uint8)
    top, left = rng.integers(5, 35, 2)
    mask[top : top + 20, left : left + 20] = 255
    photo = rng.integers(0, 255, (*SIZE, 3), np.uint8)
    return Encoded(f"v/{number}", encode_jpeg(photo), SIZE, SIZE, encode_grey(mask, 1), group=f"v{number}", split=split)


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes <name>.h5 below prepared/ with so many samples of each split."""

    def build(name: str, **counts: int) -> Path:
        splits = [split for split, count in counts.items() for _ in range(count)]
        path = tmp_path / "prepared" / f"{name}.h5"
        path.parent.mkdir(exist_ok=True)
        write(path, Header(name, "hand"), [encoded(number, split) for number, split in enumerate(splits)])
        return path

    return build
