"""How well the borders of two masks agree, which IoU hardly tells of large hands."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.008  # of the diagonal, as the DAVIS benchmark of video segmentation has it
LONGEST = 768  # pixels; of larger masks every second, third ... row and column is looked at

Pixels = NDArray[np.uint8]
Bits = NDArray[np.bool_]


def boundary_f(prediction: Pixels, truth: Pixels, tolerance: float = TOLERANCE) -> float:
    """Return the F measure of the borders of two (H, W) masks: the harmonic mean of precision and recall.

    A border pixel is right if the other mask has one within `tolerance` times the diagonal, along rows and columns.
    1 where neither mask has a border, 0 where only one has. The edge of the photo is no border.
    """
    step = -(-max(truth.shape) // LONGEST)
    predicted, true = outline(prediction[::step, ::step] != 0), outline(truth[::step, ::step] != 0)
    found, wanted = np.count_nonzero(predicted), np.count_nonzero(true)
    if not (found and wanted):
        return 1.0 if found == wanted else 0.0
    reach = max(1, round(tolerance * math.hypot(*true.shape)))
    window = _window(predicted | true, reach)
    predicted, true = predicted[window], true[window]
    precision = np.count_nonzero(predicted & widened(true, reach)) / found
    recall = np.count_nonzero(true & widened(predicted, reach)) / wanted
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: Bits) -> Bits:
    """Return the pixels of a (H, W) mask that have a neighbour outside of it."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return mask & ~inner


def widened(mask: Bits, reach: int) -> Bits:
    """Return the pixels within `reach` rows and columns of a (H, W) mask."""
    for axis in (0, 1):
        pad = [(reach + 1, reach) if each == axis else (0, 0) for each in (0, 1)]
        sums = np.cumsum(np.pad(mask, pad), axis=axis, dtype=np.int32)
        length = mask.shape[axis]
        far, near = (np.take(sums, np.arange(length) + start, axis=axis) for start in (2 * reach + 1, 0))
        mask = far > near
    return mask


def _window(mask: Bits, reach: int) -> tuple[slice, slice]:
    """Return the part of a mask, which is not empty, that is within reach of it."""
    ends = [np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    rows, columns = (slice(max(0, int(first) - reach), int(last) + reach + 1) for first, last in ends)
    return rows, columns
