"""A prepared file of pictures in which a bright disc is a hand and the bar that it ends is its arm.

The arm of a left hand comes from the left border, that of a right hand from the right, so that a mirrored picture is
labelled rightly, and the side is told by what is around the hand alone. Some samples have no parts: nothing but a mask.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey
from handseg_cli.sample import Image, Mask

SIZE = (64, 80)  # (height, width)
SPLITS = ("train", "train", "train", "val", "test")
CLASSES = ("background", "left hand", "right hand", "left arm", "right arm")
RADIUS, WIDTH = 11, 14


def build(path: Path, count: int = 40, seed: int = 0) -> None:
    """Write the file; of every fifth sample from the third on only the mask is kept."""
    rng = np.random.default_rng(seed)
    write(path, Header("limbs", "parts", CLASSES), [sample(number, rng) for number in range(count)])


def sample(number: int, rng: np.random.Generator) -> Encoded:
    """Return one picture with its mask and, but for every fifth, its parts."""
    image, parts = drawn(number % 2, rng)
    mask = np.isin(parts, (1, 2)).astype(np.uint8) * np.uint8(255)
    return Encoded(
        key=f"{number:03}",
        image=encode_jpeg(image),
        size=SIZE,
        original=SIZE,
        mask=encode_grey(mask, 1),
        parts=b"" if number % 5 == 2 else encode_grey(parts),
        group=f"person{number}",
        split=SPLITS[number % len(SPLITS)],
    )


def drawn(right: int, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Draw one arm with its hand: the picture and its parts."""
    coarse = rng.integers(0, 130, (4, 5, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    parts = np.zeros(SIZE, np.uint8)
    centre = (int(rng.integers(26, 54)), int(rng.integers(14, 50)))
    begin = ((SIZE[1] - 1) * right, int(rng.integers(14, 50)))
    for picture, arm, hand in ((image, (150, 60, 160), (235, 190, 160)), (parts, (3 + right,), (1 + right,))):
        cv2.line(picture, begin, centre, arm, WIDTH)
        cv2.circle(picture, centre, RADIUS, hand, -1)
    return image, parts
