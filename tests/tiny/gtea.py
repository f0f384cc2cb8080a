"""A raw hand2K of 5 frames of GTEA and 4 of GTEA Gaze+: grey codes for the sides, which names spell in several ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

LEFT, RIGHT, BOTH = 100, 200, 255  # the codes are ours: those of the real masks are written nowhere

FLAT = (
    "s2_cheese_0000000020",
    "s1_tea_0000000100",
    "s2_cheese_0000000040",
    "s3_pealate_0000000300",
    "s1_tea_0000000200",
)
NESTED = ("yin_pizza/0000000090", "carlos_pasta/0000001400", "rahul_turkey/0000000010", "carlos_pasta/0000001280")
SPELLINGS = (("Left hand", "Right hand"), ("left_hand", "right_hand"), ("LEFT HAND", "Right_Hand"))

Box = tuple[int, int, int, int]


def annotation(boxes: list[tuple[str, Box]], size: tuple[int, int]) -> str:
    """Outline boxes under their names, after a right hand over everything that was deleted."""
    things = [("Right hand", 1, (0, 0, size[1], size[0])), *((name, 0, box) for name, box in boxes)]
    lines = []
    for name, deleted, (left, top, right, bottom) in things:
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in corners)
        lines.append(f"<object><name>{name}</name><deleted>{deleted}</deleted><polygon>{points}</polygon></object>")
    lines.append(f"<imagesize><nrows>{size[0]}</nrows><ncols>{size[1]}</ncols></imagesize>")
    return "<annotation>" + "".join(lines) + "</annotation>"


def write_frame(part: Path, name: str, size: tuple[int, int], index: int, rng: np.random.Generator) -> None:
    """Write the photo, the mask and the annotation of two arms that cross in every second frame."""
    height, width = size
    x = int(rng.integers(4, 8))
    left = (x, height // 2, x + 14, height - 1)
    right = (x + (10 if index % 2 else 20), height // 2 + 3, x + 34, height - 1)
    photo = Image.new("RGB", (width, height), tuple(rng.integers(40, 110, 3).tolist()))
    codes = np.zeros((height, width), np.uint8)
    for code, box in ((LEFT, left), (RIGHT, right)):
        ImageDraw.Draw(photo).rectangle(box, fill=(210, 160, 130))
        region = codes[box[1] : box[3] + 1, box[0] : box[2] + 1]
        region[:] = np.where(region > 0, BOTH, code)
    names = SPELLINGS[index % len(SPELLINGS)]
    told = annotation([(names[0], left), (names[1], right)], size)
    for kind, suffix in (("Images", ".jpg"), ("Masks", ".png"), ("Annotations", ".xml")):
        (part / kind / name).parent.mkdir(parents=True, exist_ok=True)
        path = part / kind / f"{name}{suffix}"
        if kind == "Images":
            photo.save(path, quality=90)
        elif kind == "Masks":
            Image.fromarray(codes).save(path)
        else:
            path.write_text(told)


def build(folder: Path, seed: int = 0) -> None:
    """Write the tree that the archive unpacks to."""
    rng = np.random.default_rng(seed)
    root = folder / "hand2K_dataset"
    for index, name in enumerate(FLAT):
        write_frame(root / "GTEA", name, (27, 48), index, rng)
    for index, name in enumerate(NESTED):
        write_frame(root / "GTEA_GAZE_PLUS", name, (36, 48), index, rng)
    for old, suffix in (("oldImages", ".jpg"), ("oldMasks", ".png")):
        (root / "GTEA" / old).mkdir()
        Image.new("L", (48, 27), 60).save(root / "GTEA" / old / f"s1_tea_0000000001{suffix}")
    (root / "Readme.txt").write_text("hand2K\n")
