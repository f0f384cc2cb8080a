"""A tiny prepared file, and masks of its photos that are as good as the test wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey

SIZE = (60, 80)


@dataclass(frozen=True)
class Hand:
    """A photo with a hand on the first `truth` columns, of which a mask says the first `found`."""

    key: str
    truth: int
    found: int | None
    group: str = ""
    split: str = "test"


def columns(count: int) -> NDArray[np.uint8]:
    mask = np.zeros(SIZE, np.uint8)
    mask[:, :count] = 255
    return mask


def encoded(hand: Hand) -> Encoded:
    truth = columns(hand.truth)
    image = np.where(truth[..., None] > 0, np.array([224, 172, 140], np.uint8), np.uint8(60))
    mask = encode_grey(truth, 1)
    return Encoded(hand.key, encode_jpeg(image), SIZE, SIZE, mask, group=hand.group, split=hand.split)


def build(folder: Path, hands: Sequence[Hand]) -> tuple[Path, Path]:
    """Write prepared/tiny.h5, and masks/ of what was found."""
    file, masks = folder / "prepared" / "tiny.h5", folder / "masks"
    file.parent.mkdir()
    write(file, Header("tiny", "hand", seed=7), [encoded(hand) for hand in hands])
    for hand in hands:
        if hand.found is not None:
            path = masks / f"{hand.key}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_grey(columns(hand.found)))
    return file, masks
