"""What a net says of the parts of hands in a window, laid into the photo."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.part_colours import OF_LEFT, OF_RIGHT
from handseg_cli.pose.pairs import PART_STRIDE
from handseg_cli.predict.pair_net import Logits, PairWindow
from handseg_cli.sample import Mask

FINEST = 1024  # pixels of a side: nets know no finer detail

Floats = NDArray[np.float64]
Slices = tuple[slice, slice]
Place = tuple[int, int]


def lay(parts: Mask, window: PairWindow, logits: Logits, told: Sequence[bool]) -> tuple[Mask, Place]:
    """Number the pixels of a photo (H, W) that a window shows to be of a hand, where they have no number yet.

    Only the parts of hands that are `told` to be there, right and left, are looked for. What is new is returned, (h, w)
    with 0 elsewhere, and where in the photo its corner (x, y) is.
    """
    height, width = parts.shape
    left, top, across, down = window.square
    rows, columns = within(top, down, height), within(left, across, width)
    numbers = numbered(logits, allowed(told), window.matrix, (rows, columns))
    free = parts[rows, columns]
    numbers[free > 0] = 0
    free += numbers
    return numbers, (columns.start, rows.start)


def within(start: float, length: float, limit: int) -> slice:
    """Return the whole pixels between two places of which a photo has so many."""
    first = min(max(0, math.ceil(start)), limit)
    return slice(first, max(first, min(limit, math.floor(start + length) + 1)))


def allowed(told: Sequence[bool]) -> list[int]:
    """Return the numbers of the parts that the hands have which are told to be there, right and left."""
    of_hands = zip(told, (OF_RIGHT, OF_LEFT), strict=True)
    return [number for is_there, numbers in of_hands if is_there for number in numbers]


def numbered(logits: Logits, numbers: Sequence[int], matrix: Floats, region: Slices) -> Mask:
    """Return which of some numbers, or 0, is likeliest at each pixel of a region of a photo, by logits (33, h, w).

    `matrix` (3, 3) leads from the photo to the window.
    """
    rows, columns = region
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if not height or not width:
        return np.zeros((height, width), np.uint8)
    step = max(1.0, max(height, width) / FINEST)
    size = max(1, round(width / step)), max(1, round(height / step))
    x, y = width / size[0], height / size[1]
    to_photo = np.array([[x, 0, columns.start + (x - 1) / 2], [0, y, rows.start + (y - 1) / 2], [0, 0, 1]])
    to_parts = np.diag([1 / PART_STRIDE, 1 / PART_STRIDE, 1]) @ matrix @ to_photo
    found = np.zeros(size[::-1], np.uint8)
    best = warped(logits[0], to_parts, size)
    for number in numbers:
        level = warped(logits[number], to_parts, size)
        found[level > best] = number
        np.maximum(best, level, out=best)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def warped(levels: Logits, matrix: Floats, size: tuple[int, int]) -> Logits:
    """Return levels (h, w) at (width, height) pixels, which a matrix (3, 3) leads to them from."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(levels, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)
