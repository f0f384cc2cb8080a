"""One step of Loop's subdivision of triangles as a linear map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from handseg_cli.synth.body import Floats, Ints

# The triangles of a triangle among its six points: corners, then the points on its edges, each after its corner.
FOUR = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))


def subdivided(triangles: Ints, uv: Floats, count: int) -> tuple[sparse.csr_array, Ints, Floats]:
    """Return the matrix from `count` points to those after one step, the triangles (4T, 3), and their uv (4T, 3, 2)."""
    sides = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    ends, edge = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
    uses = np.bincount(edge.ravel(), minlength=len(ends))
    inner = uses == 2
    rows = np.arange(len(ends))
    across = _ones(edge.ravel(), np.roll(triangles, -2, axis=1).ravel(), (len(ends), count))
    both = _ones(np.repeat(rows, 2), ends.ravel(), (len(ends), count))
    # Three eighths of either end and one of what lies across; on a rim the middle.
    on_edges = _scaled(np.where(inner, 3 / 8, 1 / 2), both) + _scaled(inner / 8, across)
    matrix = sparse.vstack([_corners(ends, inner, count), on_edges]).tocsr()
    six = np.concatenate([triangles, count + edge.reshape(-1, 3)], axis=1)
    six_uv = np.concatenate([uv, (uv + np.roll(uv, -1, axis=1)) / 2], axis=1)
    return matrix, six[:, FOUR].reshape(-1, 3).astype(np.int32), six_uv[:, FOUR].reshape(-1, 3, 2).astype(np.float32)


def _corners(ends: Ints, inner: NDArray[np.bool_], count: int) -> sparse.csr_array:
    """Return where the old points go: towards the mean of their neighbours, on a rim of those along it."""
    rows, columns = np.concatenate([ends, ends[:, ::-1]]).T
    rim = np.zeros(count, bool)
    rim[ends[~inner]] = True
    valence = np.maximum(np.bincount(rows, minlength=count), 1)
    # Warren's simple weights for Loop's scheme; the eighths are those of a cubic spline.
    share = np.where(valence == 3, 3 / 16, 3 / (8 * valence))
    along = np.concatenate([~inner, ~inner])
    weight = np.where(rim[rows], np.where(along, 1 / 8, 0), share[rows])
    beside = sparse.csr_array((weight, (rows, columns)), shape=(count, count))
    return beside + sparse.diags_array(1 - np.asarray(beside.sum(axis=1)))


def _ones(rows: Ints, columns: Ints, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _scaled(weights: Floats, matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.diags_array(weights) @ matrix
