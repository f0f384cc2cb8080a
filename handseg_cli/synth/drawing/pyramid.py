"""Textures at falling sizes, looked up at the size at which pixels see them, with NumPy and OpenCV."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.drawing.shading import COARSER, GRAIN_MM, GRAIN_SIZE, grain

PICTURE_BYTES = 256 << 20
FOLD = 512  # OpenCV takes maps of at most 32767 rows, so lists are folded


class Pyramids:
    """Pictures with all their halvings, kept while they are in use."""

    def __init__(self) -> None:
        self.kept: OrderedDict[int, list[NDArray[Any]]] = OrderedDict()

    def of(self, picture: NDArray[Any]) -> list[NDArray[Any]]:
        """Return a picture (h, w, 3), and it halved again and again."""
        if id(picture) not in self.kept:
            self.kept[id(picture)] = halvings(picture)
        self.kept.move_to_end(id(picture))
        while len(self.kept) > 1 and sum(levels[0].nbytes for levels in self.kept.values()) > PICTURE_BYTES:
            self.kept.popitem(last=False)
        return self.kept[id(picture)]

    def looked_up(self, picture: NDArray[Any], repeat: bool, uv: Floats, steps: Floats) -> NDArray[np.float32]:
        """Return a picture's colours (N, 3) at uv (N, 2), which change by steps (N, 2, 2) to the next pixels."""
        levels = self.of(picture)
        height, width = picture.shape[:2]
        length = np.sqrt(np.square(steps * [width, height]).sum(axis=2).max(axis=1))
        level = np.round(np.log2(np.maximum(length, 1))).astype(np.int64).clip(0, len(levels) - 1)
        found = np.empty((len(uv), 3), np.float32)
        for number in np.flatnonzero(np.bincount(level)):
            chosen = level == number
            found[chosen] = bilinear(levels[number], uv[chosen], repeat)
        return found


def halvings(picture: NDArray[Any]) -> list[NDArray[Any]]:
    """Return a picture and smaller ones, each half as wide and high as the one before, down to one pixel."""
    levels = [picture]
    while max(levels[-1].shape[:2]) > 1:
        height, width = levels[-1].shape[:2]
        size = max(width // 2, 1), max(height // 2, 1)
        levels.append(np.asarray(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA)).reshape(*size[::-1], 3))
    return levels


def bilinear(picture: NDArray[Any], uv: Floats, repeat: bool) -> NDArray[np.float32]:
    """Look a picture (h, w, 3) up at uv (N, 2), rows running down."""
    size = [picture.shape[1], picture.shape[0]]
    places = np.zeros((-(-len(uv) // FOLD) * FOLD, 2), np.float32)
    places[: len(uv)] = (uv % 1 if repeat else uv) * size - 0.5
    x, y = (np.ascontiguousarray(places[:, axis].reshape(-1, FOLD)) for axis in (0, 1))
    border = cv2.BORDER_WRAP if repeat else cv2.BORDER_REPLICATE
    found = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(found.reshape(-1, 3)[: len(uv)], np.float32)


def relief(places: Floats, pixel: Floats) -> Floats:
    """Return how relief leans (N, 3) at places (N, 3) in mm, each seen by a pixel (N,) mm wide."""
    fine = np.log2(np.maximum(pixel / GRAIN_MM, 0.001))
    second = _noise(places / (GRAIN_SIZE * GRAIN_MM * COARSER), fine - np.log2(COARSER))
    return np.asarray(_noise(places / (GRAIN_SIZE * GRAIN_MM), fine) + 0.6 * second - 0.8)


def _noise(places: Floats, level: Floats) -> Floats:
    levels = _noises()
    nearest = np.ceil(level - 0.5).astype(np.int64).clip(0, len(levels) - 1)
    found = np.empty((len(places), 3), np.float32)
    for number in np.flatnonzero(np.bincount(nearest)):
        chosen = nearest == number
        found[chosen] = _trilinear(levels[number], places[chosen])
    return found


@lru_cache(maxsize=1)
def _noises() -> list[NDArray[np.float32]]:
    levels: list[NDArray[np.float32]] = [grain().astype(np.float32) / np.float32(255)]
    while len(levels[-1]) > 1:
        half = len(levels[-1]) // 2
        blocks = levels[-1].reshape(half, 2, half, 2, half, 2, 3)
        levels.append(np.asarray(blocks.mean(axis=(1, 3, 5)), np.float32))
    return levels


def _trilinear(noise: NDArray[np.float32], places: Floats) -> Floats:
    count = len(noise)
    at = places * count - 0.5
    low = np.floor(at)
    share = (at - low).astype(np.float32)
    # The first axis of the noise is z, its last x.
    cells = [[(low[:, axis].astype(np.int64) + step) % count for step in (0, 1)] for axis in range(3)]
    found = np.zeros((len(places), 3), np.float32)
    for corner in range(8):
        x, y, z = corner & 1, corner >> 1 & 1, corner >> 2
        weight = np.ones(len(places), np.float32)
        for axis, step in enumerate((x, y, z)):
            weight = weight * (share[:, axis] if step else 1 - share[:, axis])
        index = (cells[2][z] * count + cells[1][y]) * count + cells[0][x]
        found += weight[:, None] * noise.reshape(-1, 3).take(index, axis=0)
    return found
