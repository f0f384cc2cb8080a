"""A raw GTEA_gaze_part of 6 frames of 3 recipes whose masks of 0 and 1 have a palette or are grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = tuple(
    f"{number:010d}{recipe}"
    for number, recipe in (
        *((22810, "carlos_pasta"), (22900, "carlos_pasta"), (10, "yin_pizza")),
        *((70, "rahul_turkey"), (4000, "yin_pizza"), (99, "carlos_pasta")),
    )
)
HEIGHT, WIDTH = 32, 48

# The colours that many tools give to the first classes, and greys by which a 1 looks black.
PALETTES = ([0, 0, 0, 128, 0, 0], [0, 0, 0, 1, 1, 1])


def build(folder: Path, seed: int = 0) -> None:
    """Write the tree that the archive unpacks to."""
    rng = np.random.default_rng(seed)
    root = folder / "GTEA_gaze_part" / "Resize"
    for kind in ("Images", "Masks_1"):
        (root / kind).mkdir(parents=True)
    for index, name in enumerate(NAMES):
        x, y = rng.integers(3, 20, 2).tolist()
        photo = Image.new("RGB", (WIDTH, HEIGHT), tuple(rng.integers(40, 110, 3).tolist()))
        ImageDraw.Draw(photo).rectangle((x, y, x + 20, y + 9), fill=(210, 160, 130))
        mask = Image.new("P" if index % 3 else "L", (WIDTH, HEIGHT), 0)
        if index % 3:
            mask.putpalette(PALETTES[index % 3 - 1])
        ImageDraw.Draw(mask).rectangle((x, y, x + 20, y + 9), fill=1)
        photo.save(root / "Images" / f"{name}.jpg", quality=90)
        mask.save(root / "Masks_1" / f"{name}.png")
