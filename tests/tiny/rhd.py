"""Builds a small Rendered Handpose Dataset: real sizes and numbers of parts, made-up pictures."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 320
CAMERA = np.array([[282.9, 0, 160], [0, 282.9, 160], [0, 0, 1]])
# By number: which hands are in the photo. 00002 shows a person without hands, 01012 is one that is left out.
HANDS = {
    "training": {0: "left right", 1: "left", 2: "", 10: "right", 20500: "left", 28140: "right"},
    "evaluation": {0: "right", 3: "left right", 1012: "left", 1324: ""},
}


def build(folder: Path, seed: int = 0) -> None:
    """Write RHD_published_v2 into a folder."""
    rng = np.random.default_rng(seed)
    for part, photos in HANDS.items():
        root = folder / "RHD_published_v2" / part
        for kind in ("color", "mask", "depth"):
            (root / kind).mkdir(parents=True)
        records = {}
        # Dicts keep the order in which they were written, which need not be that of the numbers.
        for number, hands in reversed(photos.items()):
            records[number] = record = pose(rng)
            parts = draw(record["uv_vis"], hands.split())
            coarse = rng.integers(0, 255, (10, 10, 3), np.uint8)
            image = Image.fromarray(coarse).resize((SIDE, SIDE))
            image.save(root / "color" / f"{number:05d}.png", compress_level=1)
            Image.fromarray(parts).save(root / "mask" / f"{number:05d}.png")
        # With protocol 2, Python 3 writes arrays as Python 2 did, as text.
        (root / f"anno_{part}.pickle").write_bytes(pickle.dumps(records, 2 if part == "training" else 4))


def pose(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Make the annotation of one photo: both hands of a person, often one out of view."""
    centres = np.repeat([[-0.12, 0.0, 0.6], [0.12, 0.0, 0.6]], 21, axis=0)
    joints = centres + rng.normal(0, 0.03, (42, 3))
    points = joints @ CAMERA.T
    points = points[:, :2] / points[:, 2:]
    inside = ((points >= 0) & (points < SIDE)).all(axis=1)
    return {"uv_vis": np.column_stack([points, inside & (rng.random(42) < 0.8)]), "xyz": joints, "K": CAMERA}


def draw(seen: NDArray[np.float64], hands: list[str]) -> NDArray[np.uint8]:
    """Draw a person and squares for the parts of the hands at their joints: (320, 320) uint8 numbers of parts."""
    parts = np.zeros((SIDE, SIDE), np.uint8)
    parts[:, 100:220] = 1
    for first, offset, hand in ((2, 0, "left"), (18, 21, "right")):
        if hand in hands:
            for joint in range(16):
                x, y = np.clip(seen[offset + joint + 1, :2], 6, SIDE - 7).astype(int)
                parts[y - 6 : y + 7, x - 6 : x + 7] = first + joint
    return parts
