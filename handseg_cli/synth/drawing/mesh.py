"""Surfaces as they are drawn: only what is used, cut open at holes and where a camera would cut them, and split where
light needs more points than form does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints, Marks, columns, vertex_normals
from handseg_cli.synth.surface import Camera, Surface

NEAR = 10.0  # mm before the camera: what is nearer is not seen
COARSE_PX, COARSE_MM = 20.0, 15.0  # edges longer than both are split
MOST_SPLIT = 20_000  # triangles of one surface
BLOCK = 8192


@dataclass(frozen=True)
class Mesh:
    """A surface without holes: V points with normals (V, 3), T triangles, uv (T, 3, 2) and marks."""

    points: Floats
    normals: Floats
    triangles: Ints
    uv: Floats
    marks: Marks


def mesh_of(surface: Surface) -> Mesh:
    """Return what a surface shows: triangles that are not in a hole, cut where a hole begins."""
    triangles, uv = surface.triangles, surface.uv
    keep = surface.keep
    if keep is not None:
        shown = np.logical_or.reduce((keep >= 0).take(columns(triangles)))
        triangles, uv = triangles.compress(shown, axis=0), uv.compress(shown, axis=0)
    used, packed = _packed(triangles, len(surface.points))
    points = surface.points.take(used, axis=0).astype(np.float32)
    normals = np.asarray(vertex_normals(points, packed), np.float32)
    if surface.marks is None:
        none, nought = np.zeros(len(points), np.uint8), np.zeros(len(points), np.float32)
        marks = Marks(none, nought, none, nought)
    else:
        marks = _chosen(surface.marks, used)
    mesh = Mesh(points, normals, packed, np.asarray(uv, np.float32), marks)
    return mesh if keep is None else cut(mesh, keep[used])


def _packed(triangles: Ints, count: int) -> tuple[Ints, Ints]:
    """Return which of `count` points triangles use, and the triangles with those points numbered from zero."""
    used = np.zeros(count, bool)
    used[triangles.reshape(-1)] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1).take(triangles)


def _chosen(marks: Marks, used: Ints) -> Marks:
    return Marks(marks.side[used], marks.along[used], marks.finger[used], marks.reach[used])


def cut(mesh: Mesh, keep: Floats) -> Mesh:
    """Return the mesh without what lies where `keep` (V,), interpolated, is negative."""
    inside = keep >= 0
    first, second, third = inside.astype(np.int8).take(columns(mesh.triangles))
    count = first + second + third
    crossing = np.flatnonzero((count == 1) | (count == 2))
    whole = count == 3
    if not len(crossing):
        return replace(mesh, triangles=mesh.triangles.compress(whole, axis=0), uv=mesh.uv.compress(whole, axis=0))
    # Turned so that the corner which is alone on its side comes first, every triangle is cut in the same way.
    lone = count[crossing] == 1
    alone = (inside[mesh.triangles[crossing]] == lone[:, None]).argmax(axis=1)
    order = (alone[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(mesh.triangles[crossing], order, axis=1).T
    uv = np.take_along_axis(mesh.uv[crossing], order[..., None], axis=1)
    shares = np.stack([keep[a] / (keep[a] - keep[b]), keep[a] / (keep[a] - keep[c])], axis=1).astype(np.float32)
    grown = _grown(mesh, np.stack([a, a], axis=1).ravel(), np.stack([b, c], axis=1).ravel(), shares.ravel())
    new = len(mesh.points) + np.arange(2 * len(crossing)).reshape(-1, 2)
    five = np.column_stack([a, b, c, new])
    five_uv = np.concatenate([uv, uv[:, :1] + (uv[:, 1:] - uv[:, :1]) * shares[..., None]], axis=1)
    pieces = ((lone, [0, 3, 4]), (~lone, [3, 1, 2]), (~lone, [3, 2, 4]))
    return replace(
        grown,
        triangles=np.concatenate([mesh.triangles[whole], *(five[chosen][:, corners] for chosen, corners in pieces)]),
        uv=np.concatenate([mesh.uv[whole], *(five_uv[chosen][:, corners] for chosen, corners in pieces)]),
    )


def _grown(mesh: Mesh, start: Ints, stop: Ints, share: Floats) -> Mesh:
    """Return the mesh with more points, each `share` of the way from a point to another."""

    def between(values: Floats) -> Floats:
        weight = share.reshape(-1, *[1] * (values.ndim - 1))
        return np.concatenate([values, values[start] + (values[stop] - values[start]) * weight]).astype(np.float32)

    nearest = np.where(share < 0.5, start, stop)
    marks = mesh.marks
    grown = Marks(
        np.concatenate([marks.side, marks.side[nearest]]),
        between(marks.along),
        np.concatenate([marks.finger, marks.finger[nearest]]),
        between(marks.reach),
    )
    return replace(mesh, points=between(mesh.points), normals=between(mesh.normals), marks=grown)


def in_view(mesh: Mesh, camera: Camera, double: bool = True) -> Mesh:
    """Return the mesh without triangles that lie beyond one edge of the picture, cut where the camera would cut it.

    If it is not double-sided, triangles that turn their backs to the camera are left out too.
    """
    flat, corners = projected(mesh.points, camera), columns(mesh.triangles)
    seen = seen_triangles(flat, corners, camera.size)
    if not double:
        seen &= facing(mesh.points, corners, camera.eye)
    mesh = replace(mesh, triangles=mesh.triangles.compress(seen, axis=0), uv=mesh.uv.compress(seen, axis=0))
    if len(mesh.triangles) and (flat[mesh.triangles, 2] < NEAR).any():
        mesh = cut(mesh, flat[:, 2] - NEAR)
    mesh = refined(mesh, camera)
    used, packed = _packed(mesh.triangles, len(mesh.points))
    points, normals = (values.take(used, axis=0) for values in (mesh.points, mesh.normals))
    return Mesh(points, normals, packed, mesh.uv, _chosen(mesh.marks, used))


def turned(points: Floats, matrix: Floats) -> NDArray[np.float32]:
    """Return matrix (3, 3) @ each point (N, 3)."""
    # Of longer products NumPy's BLAS makes work for all cores, and waits for them where they are busy.
    done, columns = np.empty((len(points), 3), np.float32), matrix.T.astype(np.float32)
    for start in range(0, len(points), BLOCK):
        np.matmul(points[start : start + BLOCK], columns, out=done[start : start + BLOCK])
    return done


def projected(points: Floats, camera: Camera) -> Floats:
    """Return pixels times depth, and depth in mm, (N, 3), of world points (N, 3)."""
    return turned((points - camera.eye).astype(np.float32), camera.matrix @ camera.turn)


def seen_triangles(flat: Floats, corners: Ints, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which triangles, by their corners (3, T), are not wholly beyond one edge of the picture.

    Points (V, 3) are as `projected`.
    """
    x, y, z = np.ascontiguousarray(flat.T)
    beyond = np.zeros(len(z), np.uint8)
    for number, out in enumerate((x < 0, x > size[1] * z, y < 0, y > size[0] * z, z < NEAR)):
        beyond |= out.view(np.uint8) << np.uint8(number)
    first, second, third = beyond.take(corners)
    return np.asarray(first & second & third == 0)


def facing(points: Floats, corners: Ints, eye: Floats) -> NDArray[np.bool_]:
    """Tell which triangles, by the corners (3, T) among points (V, 3), show an eye (3,) their outsides."""
    x, y, z = (column.take(corners) for column in np.ascontiguousarray((points - eye).astype(np.float32).T))
    (ax, bx, cx), (ay, by, cy), (az, bz, cz) = x, y, z
    bx, by, bz, cx, cy, cz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    return np.asarray(ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx) < 0)


def refined(mesh: Mesh, camera: Camera) -> Mesh:
    """Split long triangles in view until their edges are short on screen or in the world; drop those out of view.

    Light is worked out at points: a desk of two triangles would catch no shadow.
    """
    for _ in range(12):
        flat, corners = projected(mesh.points, camera), columns(mesh.triangles)
        seen = seen_triangles(flat, corners, camera.size)
        if not seen.all():
            mesh = replace(mesh, triangles=mesh.triangles.compress(seen, axis=0), uv=mesh.uv.compress(seen, axis=0))
            corners = corners.compress(seen, axis=1)
        long = _long(mesh, flat, corners)
        if not long.any() or len(mesh.triangles) > MOST_SPLIT:
            break
        mesh = _split(mesh, long)
    return mesh


def _long(mesh: Mesh, flat: Floats, corners: Ints) -> NDArray[np.bool_]:
    depth = np.maximum(flat[:, 2], NEAR)
    long = np.maximum(*(_extent(flat[:, axis] / depth, corners) for axis in (0, 1))) > COARSE_PX
    if long.any():
        long &= np.max([_extent(mesh.points[:, axis], corners) for axis in range(3)], axis=0) > COARSE_MM
        # Where corners are of different fingers the nearest one counts, and must stay.
        long &= (_extent(mesh.marks.side, corners) == 0) & (_extent(mesh.marks.finger, corners) == 0)
    return np.asarray(long)


def _extent(values: NDArray[Any], corners: Ints) -> NDArray[Any]:
    """Return how far apart the values (V,) of each triangle's corners (3, T) are."""
    first, second, third = values.take(corners)
    return np.asarray(np.maximum(np.maximum(first, second), third) - np.minimum(np.minimum(first, second), third))


def _split(mesh: Mesh, chosen: NDArray[np.bool_]) -> Mesh:
    """Cut each chosen triangle into four at the middles of its edges."""
    triangles, uv = mesh.triangles[chosen], mesh.uv[chosen]
    ends = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    ends.sort(axis=1)
    keys, place = np.unique(ends[:, 0].astype(np.int64) * len(mesh.points) + ends[:, 1], return_inverse=True)
    start, stop = np.divmod(keys, len(mesh.points))
    grown = _grown(mesh, start, stop, np.full(len(keys), 0.5, np.float32))
    middle = len(mesh.points) + place.reshape(-1, 3)
    between = (uv + np.roll(uv, -1, axis=1)) / 2
    inner = [np.stack([triangles[:, k], middle[:, k], middle[:, k - 1]], axis=1) for k in range(3)]
    inner_uv = [np.stack([uv[:, k], between[:, k], between[:, k - 1]], axis=1) for k in range(3)]
    return replace(
        grown,
        triangles=np.concatenate([mesh.triangles[~chosen], *inner, middle]),
        uv=np.concatenate([mesh.uv[~chosen], *inner_uv, between]),
    )
