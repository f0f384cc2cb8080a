"""Bent straight lines of a lens, exactly invertible: light, labels and points all follow one radial function.

A place at radius r from the picture's middle, in half diagonals, shows what a pinhole would show at
s r / (1 + amount r^2): barrels have an amount below 0. The scale s keeps every pixel within the pinhole's picture.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.photos.plate import Plate

MOST = (-0.4, 0.2)
Size = tuple[int, int]


def scale(size: Size, amount: float) -> float:
    """Return how much of the pinhole's picture a small square in the middle shows, its side as a share."""
    nearest = min(size) / math.hypot(*size)
    return min(1 + amount, 1 + amount * nearest**2)


def bent_points(points: NDArray[np.float32], size: Size, amount: float) -> NDArray[np.float32]:
    """Move pixels (J, 2) from where a pinhole shows them to where the lens does."""
    middle, half = np.array(size[::-1]) / 2, math.hypot(*size) / 2
    offset = (points.astype(np.float64) - middle) / half
    radius, zoom = np.linalg.norm(offset, axis=1, keepdims=True), scale(size, amount)
    root = np.sqrt(np.maximum(zoom**2 - 4 * amount * radius**2, 0))
    return np.asarray(middle + half * offset * 2 / (zoom + root), np.float32)


def sources(size: Size, amount: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return for each pixel's centre the place (x, y) that a pinhole shows there, as maps for OpenCV (H, W)."""
    height, width = size
    half = np.float32(np.hypot(height, width) / 2)
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)) / half
    y = ((np.arange(height, dtype=np.float32) + np.float32(0.5 - height / 2)) / half)[:, None]
    factor = np.float32(scale(size, amount)) * half / (1 + np.float32(amount) * (x * x + y * y))
    return x * factor + np.float32(width / 2 - 0.5), y * factor + np.float32(height / 2 - 0.5)


def bent(plate: Plate, amount: float) -> Plate:
    """Bend a scene by an amount from -0.4 to 0.2; labels are taken from the nearest pixel."""
    if not MOST[0] <= amount <= MOST[1]:
        raise ValueError(f"a lens cannot bend by {amount}; the amount is {MOST[0]} to {MOST[1]}")
    x, y = sources(plate.parts.shape[:2], amount)
    light = cv2.remap(plate.light, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    columns, rows = (np.rint(values).astype(np.intp) for values in (x, y))
    columns, rows = columns.clip(0, x.shape[1] - 1), rows.clip(0, x.shape[0] - 1)
    return replace(
        plate,
        light=np.maximum(np.asarray(light, np.float32), 0),
        parts=plate.parts[rows, columns],
        depth=plate.depth[rows, columns],
    )
