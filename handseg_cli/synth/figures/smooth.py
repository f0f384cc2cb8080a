"""One step of Catmull and Clark's subdivision as a linear map, and meshes that are cut finely only in places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from handseg_cli.synth.body import Floats, Ints

# Where a quad's nine points lie: its corners, the middles of its edges, its centre.
QUARTERS = [[corner, 4 + corner, 8, 4 + (corner - 1) % 4] for corner in range(4)]


def subdivision(quads: Ints, count: int) -> tuple[sparse.csr_array, Ints]:
    """Return the matrix from `count` points to those after one step, and each quad's nine points there (Q, 9).

    A quad's nine are its corners, the points on its edges, each after the corner of its number, and that in its middle.
    """
    faces = np.arange(len(quads))
    ends, edge = np.unique(np.sort(_edges(quads), axis=1), axis=0, return_inverse=True)
    edge = edge.reshape(-1, 4)
    centres = _pairs(np.repeat(faces, 4), quads.ravel(), (len(quads), count)) / 4
    middles = _pairs(np.repeat(np.arange(len(ends)), 2), ends.ravel(), (len(ends), count)) / 2
    beside = _pairs(edge.ravel(), np.repeat(faces, 4), (len(ends), len(quads)))
    inner = np.asarray(beside.sum(axis=1)) == 2
    on_edges = _rows(inner) @ (middles / 2 + beside @ centres / 4) + _rows(~inner) @ middles
    corners = _corners(quads, ends, inner, centres, middles)
    matrix = sparse.vstack([corners, on_edges, centres]).tocsr().astype(np.float32)
    nine = np.concatenate([quads, count + edge, count + len(ends) + faces[:, None]], axis=1)
    return matrix, nine


def _corners(
    quads: Ints, ends: Ints, inner: NDArray[np.bool_], centres: sparse.csr_array, middles: sparse.csr_array
) -> sparse.csr_array:
    """Return where the old points go: (F + 2 R + (n - 3) P) / n inside, and along the rim alone on it."""
    count = centres.shape[1]
    around = _pairs(quads.ravel(), np.repeat(np.arange(len(quads)), 4), (count, len(quads)))
    spokes = _pairs(ends.ravel(), np.repeat(np.arange(len(ends)), 2), (count, len(ends)))
    faces, valence = (np.maximum(np.asarray(each.sum(axis=1)), 1) for each in (around, spokes))
    here = sparse.eye_array(count, format="csr")
    inside = sparse.diags_array(1 / (valence * faces)) @ around @ centres
    inside = inside + sparse.diags_array(2 / valence**2) @ spokes @ middles
    inside = inside + sparse.diags_array((valence - 3) / valence) @ here
    rim_spokes = spokes @ _rows(~inner)
    rim = np.asarray(rim_spokes.sum(axis=1)) > 0
    return _rows(~rim) @ inside + _rows(rim) @ (here / 2 + rim_spokes @ middles / 4)


def cut(nine: Ints, fine: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the quad (T,) and three of its nine points (T, 3) of each triangle; quads not `fine` (Q,) are not split.

    A coarse quad beside a fine one takes the point on their edge, so that nothing gapes.
    """
    split = np.zeros(int(nine.max()) + 1, bool)
    split[nine[fine, 4:8]] = True
    pattern = np.where(fine, 16, split[nine[:, 4:8]] @ (1, 2, 4, 8))
    owners, corners = [], []
    for number in np.unique(pattern):
        mine = np.flatnonzero(pattern == number)
        triangles = np.array(_triangles(int(number)))
        owners.append(np.repeat(mine, len(triangles)))
        corners.append(np.tile(triangles, (len(mine), 1)))
    return np.concatenate(owners), np.concatenate(corners)


def _triangles(pattern: int) -> list[tuple[int, int, int]]:
    """Return the triangles of a quad among its nine points: split in four if 16, else by which edges are (bits)."""
    if pattern == 16:
        return [half for a, b, c, d in QUARTERS for half in ((a, b, c), (a, c, d))]
    loop = [point for corner in range(4) for point in (corner, 4 + corner) if point < 4 or pattern >> corner & 1]
    # Fanned out from a point on an edge, no triangle is flat.
    first = next((place for place, point in enumerate(loop) if point > 3), 0)
    loop = loop[first:] + loop[:first]
    return [(loop[0], loop[place], loop[place + 1]) for place in range(1, len(loop) - 1)]


def nine_of(corners: Floats) -> Floats:
    """Return what quads with values (Q, 4, C) at their corners have at their nine points (Q, 9, C)."""
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    return np.concatenate([corners, middles, corners.mean(axis=1, keepdims=True)], axis=1)


def _edges(quads: Ints) -> Ints:
    return np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)


def _pairs(rows: Ints, columns: Ints, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _rows(chosen: NDArray[np.bool_]) -> sparse.dia_array:
    return sparse.diags_array(chosen.astype(np.float64))
