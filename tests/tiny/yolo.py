"""A small YOLO tree: images/ and labels/ with train and val, names in data.yaml, and photos that show no hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (40, 60)
YAML = """# written by an exporter
path: .
train: images/train
val: images/val
names:
  0: left_hand   # of the wearer
  1: 'right_hand'
  2: cup
"""
# (class, left, top, right, bottom), from 0 to 1; none of these touch
BOXES = (
    ((0, 0.1, 0.1, 0.4, 0.6),),
    ((0, 0.1, 0.2, 0.3, 0.7), (1, 0.6, 0.2, 0.9, 0.8)),
    ((2, 0.2, 0.2, 0.5, 0.5), (1, 0.6, 0.5, 0.8, 0.9)),
    (),
    None,
    ((1, 0.5, 0.5, 1.02, 0.9),),
)


def build(folder: Path, seed: int = 0) -> None:
    """Write data.yaml and six photos; the fourth has an empty file of labels and the fifth none."""
    rng = np.random.default_rng(seed)
    for number, boxes in enumerate(BOXES):
        split = "train" if number < 4 else "val"
        name = f"{split}/{'anna' if number < 2 else 'ben' if number < 4 else 'cleo'}/{number:03}"
        photo, text = folder / "images" / f"{name}.jpg", folder / "labels" / f"{name}.txt"
        photo.parent.mkdir(parents=True, exist_ok=True)
        text.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8)).save(photo)
        if boxes is not None:
            text.write_text("".join(line(*box) for box in boxes))
    (folder / "data.yaml").write_text(YAML)


def line(kind: int, left: float, top: float, right: float, bottom: float) -> str:
    return f"{kind} {left} {top} {right} {top} {right} {bottom} {left} {bottom}\n"
