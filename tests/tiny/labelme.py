"""A small folder of the labelme tool: JSON beside photos, labels elsewhere, all kinds of shapes, other JSON between."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (40, 60)
SQUARE = [[5, 5], [25, 5], [25, 25], [5, 25]]


def shape(label: str, kind: str, points: Sequence[Sequence[float]], **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def patch(height: int, width: int) -> str:
    """Return the mask of a shape as labelme embeds it: a PNG in base64."""
    stream = io.BytesIO()
    Image.fromarray(np.ones((height, width), bool)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def sheet(photo: str, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    named = {"imagePath": photo, "imageData": None, "imageHeight": SIZE[0], "imageWidth": SIZE[1]}
    return {"version": "5.4.1", "flags": {}, "shapes": shapes, **named}


SHEETS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("anna/1", sheet("1.jpg", [shape("left hand", "polygon", SQUARE)])),
    (
        "anna/2",
        sheet("2.jpg", [shape("right hand", "rectangle", [[50, 30], [30, 10]]), shape("cup", "polygon", SQUARE)]),
    ),
    ("ben/1", sheet("1.jpg", [shape("left hand", "circle", [[30, 20], [30, 30]])])),
    ("ben/2", sheet("2.jpg", [shape("hand", "mask", [[10, 8], [29, 17]], mask=patch(10, 20))])),
    ("cleo/1", sheet("1.jpg", [shape("left hand", "linestrip", SQUARE), shape("hand", "point", [[1, 1]])])),
    ("cleo/labels/2", sheet("..\\photos\\2.jpg", [shape("right hand", "polygon", SQUARE)])),
)


def build(folder: Path, seed: int = 0) -> None:
    """Write six photos and their JSON files."""
    rng = np.random.default_rng(seed)
    for name, value in SHEETS:
        text = folder / f"{name}.json"
        photo = text.parent.parent / "photos" / "2.jpg" if "labels" in name else folder / f"{name}.jpg"
        text.parent.mkdir(parents=True, exist_ok=True)
        photo.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(json.dumps(value))
        Image.fromarray(rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8)).save(photo)
    (folder / "settings.json").write_text('{"colour": "red"}')
