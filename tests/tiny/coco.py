"""A small COCO tree: annotations/ with a file for train and one for val, and images/; polygons and run lengths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (30, 40)
CATEGORIES = [
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 3, "name": "left_hand", "supercategory": "person"},
    {"id": 4, "name": "right_hand", "supercategory": "person"},
    {"id": 31, "name": "handbag", "supercategory": "accessory"},
]
SQUARE = [4, 4, 20, 4, 20, 20, 4, 20]
# Rows 5 to 14 of columns 10 to 19, down the columns, and the same packed.
RUNS = [305, *(10, 20) * 9, 10, 615]
PACKED = "a9:d000000000000000000cb0"


def annotation(image: int, category: int, segmentation: object, crowd: int = 0) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "segmentation": segmentation, "iscrowd": crowd}


ANNOTATIONS = {
    "train": [
        annotation(1, 3, [SQUARE]),
        annotation(1, 1, [[0, 0, 39, 0, 39, 29, 0, 29]]),
        annotation(2, 3, [SQUARE]),
        annotation(2, 4, [[25, 5, 35, 5, 35, 25], [24, 26, 38, 26, 38, 28, 24, 28]]),
        annotation(3, 31, [SQUARE]),
    ],
    "val": [
        annotation(1, 4, {"size": [*SIZE], "counts": RUNS}, crowd=1),
        annotation(2, 3, {"size": [*SIZE], "counts": PACKED}),
        annotation(3, 3, [SQUARE]),
    ],
}


def build(folder: Path, seed: int = 0) -> None:
    """Write three photos for train, of two people, and three for val, of a third."""
    rng = np.random.default_rng(seed)
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    for split, regions in ANNOTATIONS.items():
        images = []
        for number in (1, 2, 3):
            person = "cleo" if split == "val" else "anna" if number < 3 else "ben"
            name = f"{person}/{number:012}.jpg"
            path = folder / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8)).save(path)
            images.append({"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]})
        value = {"info": {}, "images": images, "annotations": regions, "categories": CATEGORIES}
        (folder / "annotations" / f"instances_{split}.json").write_text(json.dumps(value))
