"""Closed meshes from distances: a surface net over a grid whose cells may be of any lengths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from handseg_cli.synth.body import Floats, Ints

Distance = Callable[[Floats], Floats]  # points (N, 3) -> how far outside they lie (N,), mm

# The corners of the quad around an edge, as steps back along the two other axes, counter-clockwise seen from its end.
AROUND = ((1, 1), (0, 1), (0, 0), (1, 0))


def surface_net(distance: Distance, axes: tuple[Floats, Floats, Floats]) -> tuple[Floats, Ints]:
    """Return points (V, 3) and quads (Q, 4) around what lies inside of `distance`; the grid's border must not."""
    shape = tuple(len(axis) for axis in axes)
    field = distance(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)).reshape(shape)
    places, cells = zip(*(_crossings(field, axes, axis) for axis in range(3)), strict=True)
    place, cell = np.concatenate(places), np.concatenate(cells)
    _, quads, uses = np.unique(cell, return_inverse=True, return_counts=True)
    quads = quads.reshape(-1, 4)
    summed = [np.bincount(quads.ravel(), np.repeat(place[:, axis], 4)) for axis in range(3)]
    return np.stack(summed, axis=1) / uses[:, None], quads


def _crossings(field: Floats, axes: tuple[Floats, Floats, Floats], axis: int) -> tuple[Floats, Ints]:
    """Return where the edges along one axis leave or enter (E, 3), and the cells around each (E, 4)."""
    inside = field < 0
    steps = np.eye(3, dtype=np.int64)
    here = np.argwhere(np.diff(inside, axis=axis))
    there = here + steps[axis]
    low, high = field[tuple(here.T)], field[tuple(there.T)]
    place = np.stack([axes[number][here[:, number]] for number in range(3)], axis=1)
    place[:, axis] += low / (low - high) * (axes[axis][there[:, axis]] - place[:, axis])
    second, third = steps[(axis + 1) % 3], steps[(axis + 2) % 3]
    around = np.stack([here - one * second - two * third for one, two in AROUND], axis=1)
    cell = np.ravel_multi_index(tuple(np.moveaxis(around, -1, 0)), field.shape)
    return place, np.where((low < 0)[:, None], cell, cell[:, ::-1])


def settled(points: Floats, quads: Ints, distance: Distance, passes: int) -> Floats:
    """Return the points evened out among their neighbours and put back to where `distance` is nought."""
    for _ in range(passes):
        points = put_onto(evened(points, quads, 1), distance)
    return points


def evened(values: Floats, quads: Ints, passes: int) -> Floats:
    """Return values (V, C), each the mean of those beside it in the closed mesh, `passes` times."""
    starts, ends = quads.ravel(), np.roll(quads, -1, axis=1).ravel()
    count = np.bincount(starts, minlength=len(values))[:, None]
    for _ in range(passes):
        columns = [np.bincount(starts, column[ends], len(values)) for column in values.T]
        values = np.stack(columns, axis=1) / count
    return values


def put_onto(points: Floats, distance: Distance) -> Floats:
    """Return the points (V, 3) moved along the slope of `distance` to where it is nought."""
    for _ in range(2):
        slope = np.stack([distance(points + step) - distance(points - step) for step in np.eye(3) / 4], axis=1) * 2
        squared = np.maximum((slope**2).sum(axis=1), 0.25)
        points = points - slope * (distance(points) / squared)[:, None]
    return points


def halves(points: Floats, quads: Ints) -> Ints:
    """Cut quads (Q, 4) along their shorter diagonals into triangles (2Q, 3), two halves after each other."""
    across = np.linalg.norm(points[quads[:, :2]] - points[quads[:, 2:]], axis=-1)
    turned = np.where((across[:, 0] > across[:, 1])[:, None], np.roll(quads, -1, axis=1), quads)
    return turned[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
