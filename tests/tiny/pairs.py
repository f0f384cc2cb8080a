"""A small CSV of photos and masks as a spreadsheet writes it: with a BOM, semicolons, quotes and an empty line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

ROWS = (
    ("shots/first one.jpg", "shots/first one mask.png", "anna", "train"),
    ("shots/b.png", "drawn/b.png", "anna", "Training"),
    ("shots/c.jpg", "drawn/c.png", "ben", "valid"),
    ("shots/d, again.jpg", "drawn/d.png", "cleo", "test"),
)


def build(folder: Path, seed: int = 0) -> None:
    """Write hands.csv, four photos and their masks."""
    rng = np.random.default_rng(seed)
    lines = ["Image;Mask;Group;Split"]
    for number, (photo, mask, group, split) in enumerate(ROWS):
        image = rng.integers(0, 120, (40, 56, 3), dtype=np.uint8)
        hand = np.zeros((40, 56), np.uint8)
        hand[8 + number : 30, 10 : 30 + 2 * number] = 255
        image[hand > 0] = (224, 172, 140)
        for path in (photo, mask):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / photo)
        Image.fromarray(hand).save(folder / mask)
        lines += [f'"{photo}";{mask};{group};{split}', ""]
    (folder / "hands.csv").write_text("\r\n".join(lines), encoding="utf-8-sig", newline="")
