"""A prepared file of pictures in which every bright disc is a hand: small enough to learn within seconds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey

SIZE = (64, 80)  # (height, width)
SPLITS = ("train", "train", "train", "val", "test")


def build(path: Path, count: int = 40, seed: int = 0) -> None:
    """Write the file; every tenth picture has no disc."""
    rng = np.random.default_rng(seed)
    write(path, Header("discs", "hand"), [sample(number, rng) for number in range(count)])


def build_folder(folder: Path, count: int = 10, seed: int = 0) -> None:
    """Write the same pictures as a folder of pairs."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        made = sample(number, rng)
        (folder / "images" / f"{made.key}.jpg").write_bytes(made.image)
        (folder / "masks" / f"{made.key}.png").write_bytes(made.mask)


def sample(number: int, rng: np.random.Generator) -> Encoded:
    """Return one picture and its mask."""
    coarse = rng.integers(0, 130, (4, 5, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    mask = np.zeros(SIZE, np.uint8)
    if number % 10:
        centre = (int(rng.integers(12, 68)), int(rng.integers(12, 52)))
        for picture, colour in ((image, (235, 190, 160)), (mask, (255,))):
            cv2.circle(picture, centre, 11, colour, -1)
    return Encoded(
        key=f"{number:03}",
        image=encode_jpeg(image),
        size=SIZE,
        original=SIZE,
        mask=encode_grey(mask, 1),
        group=f"person{number}",
        split=SPLITS[number % len(SPLITS)],
    )
