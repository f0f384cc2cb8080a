"""A raw HandOverFace of 5 photos: a GIF named .jpg, outlines that were deleted or not finished, a size left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("1", "2", "10", "100", "216")
SIZES = ((24, 36), (36, 24), (30, 40), (27, 48), (24, 36))
ORIGINAL = 2  # times larger

Box = tuple[int, int, int, int]


def annotation(box: Box, size: tuple[int, int] | None) -> str:
    """Outline a box; what was deleted or never finished must not show."""
    left, top, right, bottom = (ORIGINAL * side for side in box)

    def ring(*points: tuple[int, int]) -> str:
        body = "".join(f"<pt><x>\n{x}\n</x><y>\n{y}\n</y></pt>" for x, y in points)
        return f"<polygon><username>anonymous</username>{body}</polygon>"

    hand = ring((left, top), (right, top), (right, bottom), (left, bottom))
    gone = ring((0, 0), (99, 0), (99, 99), (0, 99))
    lines = [
        f"<object><name>hand</name><deleted>0</deleted>{hand}</object>",
        f"<object><name>hand</name><deleted>1</deleted>{gone}</object>",
        f"<object><name>hand</name><deleted>0</deleted>{ring((0, 0), (99, 99))}</object>",
    ]
    if size:
        lines.append(f"<imagesize><nrows>{size[0]}</nrows><ncols>{size[1]}</ncols></imagesize>")
    return "<annotation>\n" + "\n".join(lines) + "\n</annotation>\n"


def build(folder: Path, seed: int = 0) -> None:
    """Write the tree that the archive unpacks to."""
    rng = np.random.default_rng(seed)
    root = folder / "hand_over_face"
    for kind in ("images_resized", "images_original_size", "masks", "annotations"):
        (root / kind).mkdir(parents=True)
    for name, (height, width) in zip(NAMES, SIZES, strict=True):
        x, y = rng.integers(2, 10, 2).tolist()
        box = (x, y, x + 9, y + 7)
        photo = Image.new("RGB", (width, height), tuple(rng.integers(40, 110, 3).tolist()))
        ImageDraw.Draw(photo).rectangle(box, fill=(210, 160, 130))
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).rectangle(box, fill=255)
        size = (width * ORIGINAL, height * ORIGINAL)
        photo.save(root / "images_resized" / f"{name}.jpg", quality=90)
        large = photo.resize(size, Image.Resampling.NEAREST)
        large.save(root / "images_original_size" / f"{name}.jpg", "GIF" if name == "216" else "JPEG")
        mask.save(root / "masks" / f"{name}.png")
        told = annotation(box, None if name == "10" else (size[1], size[0]))
        (root / "annotations" / f"{name}.xml").write_text(told)
