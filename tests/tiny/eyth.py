"""A raw EgoYouTubeHands of 3 videos with 4 frames each, 2 videos with masks that have no suffix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HEIGHT, WIDTH = 27, 48
SUFFIXES = {"vid4": "", "vid6": ".png", "vid9": ""}
FRAMES = (1, 25, 100, 7)
LISTS = {"train": (0, 1), "val": (2,), "test": (3,)}


def build(folder: Path, seed: int = 0) -> None:
    """Write the tree that the archive unpacks to."""
    rng = np.random.default_rng(seed)
    root = folder / "eyth_dataset"
    for video, suffix in SUFFIXES.items():
        for kind in ("images", "masks"):
            (root / kind / video).mkdir(parents=True)
        for frame in FRAMES:
            photo = Image.new("RGB", (WIDTH, HEIGHT), tuple(rng.integers(40, 110, 3).tolist()))
            mask = Image.new("L", (WIDTH, HEIGHT))
            x, y = rng.integers(4, 20, 2).tolist()
            ImageDraw.Draw(photo).ellipse((x, y, x + 15, y + 9), fill=(210, 160, 130))
            ImageDraw.Draw(mask).ellipse((x, y, x + 15, y + 9), fill=255)
            photo.save(root / "images" / video / f"frame{frame}.jpg", quality=90)
            mask.save(root / "masks" / video / f"frame{frame}{suffix}", "PNG")
        (root / "masks" / video / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    lists = root / "train-val-test-split"
    lists.mkdir()
    for split, chosen in LISTS.items():
        lines = [f"{video}/frame{FRAMES[index]}.jpg" for video in SUFFIXES for index in chosen]
        (lists / f"{split}.txt").write_text("\n".join(lines) + "\n")
