"""Directions, and rotation matrices as rotation vectors. All is signs and sums, so that mirrors stay exact."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats

NEXT, AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])


def unit(vectors: Floats) -> Floats:
    """Return the vectors (..., 3) at length one; those of no length stay as they are."""
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.where(length > 1e-12, length, 1.0))


def across(vectors: Floats, axis: Floats) -> Floats:
    """Return what of the vectors (..., 3) is at right angles to the unit axis (..., 3), at length one."""
    return unit(vectors - axis * (vectors * axis).sum(axis=-1, keepdims=True))


def cross(first: Floats, second: Floats) -> Floats:
    """Return the cross products (..., 3) of vectors (..., 3): NumPy's own, to the bit, in a fifth of the time."""
    return np.asarray(first.take(NEXT, -1) * second.take(AFTER, -1) - first.take(AFTER, -1) * second.take(NEXT, -1))


def vectors_of(matrices: Floats) -> Floats:
    """Return the rotation vectors (..., 3), radians up to a half turn, of rotation matrices (..., 3, 3)."""
    table = np.empty((*matrices.shape[:-2], 4, 4))
    table[..., 1:, 1:] = matrices + np.swapaxes(matrices, -1, -2)
    for i, (j, k) in enumerate(((2, 1), (0, 2), (1, 0))):
        table[..., 0, i + 1] = table[..., i + 1, 0] = matrices[..., j, k] - matrices[..., k, j]
    trace = np.trace(matrices, axis1=-2, axis2=-1)
    table[..., 0, 0] = 1 + trace
    for i in range(3):
        table[..., i + 1, i + 1] += 1 - trace
    # Each row is the rotation's quaternion times four of one of its parts: the longest row is the surest.
    row = np.argmax(np.diagonal(table, axis1=-2, axis2=-1), axis=-1)
    quaternion = np.take_along_axis(table, row[..., None, None], axis=-2)[..., 0, :]
    quaternion = quaternion * np.where(quaternion[..., :1] < 0, -1.0, 1.0)
    sine = np.sqrt((quaternion[..., 1:] ** 2).sum(axis=-1))
    angle = 2 * np.arctan2(sine, quaternion[..., 0])
    return np.asarray(quaternion[..., 1:] * (angle / np.where(sine > 1e-12, sine, 1.0))[..., None])
