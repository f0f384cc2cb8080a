"""A raw folder of photos and masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Return a raw folder of two photos of different shapes."""
    folder = tmp_path / "mine"
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for name, width in (("a", 320), ("b", 900)):
        noise = rng.integers(0, 256, (6, 8, 3), np.uint8)
        photo = cv2.resize(noise, (width, 240), interpolation=cv2.INTER_CUBIC)
        mask = np.zeros((240, width), np.uint8)
        mask[80:200, 50:150] = 255
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), photo)
        cv2.imwrite(str(folder / "masks" / f"{name}.png"), mask)
    return folder
