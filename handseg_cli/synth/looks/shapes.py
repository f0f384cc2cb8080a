"""Simple solids as triangles: what is turned, boxed, bent from a tube or pressed from a sheet. Millimetres, y up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.turning import unit


@dataclass(frozen=True)
class Shape:
    """V points with T triangles, outside counter-clockwise; edges are sharp where points are doubled."""

    points: Floats  # (V, 3)
    triangles: Ints  # (T, 3)
    uv: Floats  # (T, 3, 2)


def grid(points: Floats, closed: bool = False, mapped: Floats | None = None) -> Shape:
    """Return the sheet through points (R, C, 3), uv 0..1 or `mapped`; `closed` joins the last column to the first.

    Seen from outside, columns run to the right and rows run down.
    """
    rows, columns = points.shape[:2]
    wide = columns + 1 if closed else columns
    corner = (np.arange(rows - 1)[:, None] * wide + np.arange(wide - 1)).ravel()
    quads = np.stack([corner, corner + wide, corner + wide + 1, corner + 1], axis=1)
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    if mapped is None:
        across, down = np.linspace(0, 1, wide, dtype=np.float32), np.linspace(0, 1, rows, dtype=np.float32)
        mapped = np.stack(np.meshgrid(across, down), axis=-1)
    uv = mapped.reshape(-1, 2)[triangles]
    if closed:
        triangles = triangles // wide * columns + triangles % wide % columns
    flat = points.reshape(-1, 3).astype(np.float32)
    # At a pole half of the triangles have no area.
    first, second, third = (flat[triangles[:, i]] for i in range(3))
    real = ~((first == second).all(axis=1) | (second == third).all(axis=1) | (third == first).all(axis=1))
    return Shape(flat, triangles[real], uv[real].astype(np.float32))


def joined(meshes: Sequence[Shape]) -> Shape:
    """Return several meshes as one."""
    starts = np.cumsum([0] + [len(mesh.points) for mesh in meshes])
    triangles = [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=False)]
    points, uv = [mesh.points for mesh in meshes], [mesh.uv for mesh in meshes]
    return Shape(np.concatenate(points), np.concatenate(triangles), np.concatenate(uv))


def moved(mesh: Shape, shift: Sequence[float], turn: Floats | None = None) -> Shape:
    """Return the mesh turned by a matrix (3, 3), then shifted."""
    points = mesh.points if turn is None else mesh.points @ turn.T
    return Shape((points + np.asarray(shift)).astype(np.float32), mesh.triangles, mesh.uv)


def lathe(profile: Sequence[tuple[float, float]], sectors: int = 24) -> Shape:
    """Turn a profile of (radius, height), the outside going down, about the y axis; doubled points are edges."""
    lines = np.asarray(profile, np.float32)
    turn = np.arange(sectors) / sectors * 2 * np.pi
    around = np.stack([np.sin(turn), np.zeros(sectors), np.cos(turn)], axis=1).astype(np.float32)
    points = lines[:, None, :1] * around + lines[:, None, 1:] * np.array([0, 1, 0], np.float32)
    return grid(points, closed=True)


def tube(path: Floats, radius: Floats | float, sectors: int = 10, closed: bool = False) -> Shape:
    """Return a pipe along path (N, 3), its ends shut by rounding unless `closed` into a ring.

    `radius` is one number or (N,); u runs around and v along.
    """
    path = np.asarray(path, np.float32)
    wide = np.broadcast_to(np.asarray(radius, np.float32), len(path)).copy()
    if closed:
        path, wide = np.concatenate([path, path[:1]]), np.append(wide, wide[0])
    else:
        path, wide = _rounded_ends(path, wide)
    way = unit(np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0))
    if closed:
        way[0] = way[-1] = unit(path[1] - path[-2])
    else:
        way[0], way[-1] = unit(path[1] - path[0]), unit(path[-1] - path[-2])
    aside = _across(way)
    turn = np.arange(sectors) / sectors * 2 * np.pi
    up = np.cross(way, aside)
    around = np.cos(turn)[None, :, None] * aside[:, None] - np.sin(turn)[None, :, None] * up[:, None]
    return grid(path[:, None] + wide[:, None, None] * around, closed=True)


def _rounded_ends(path: Floats, radius: Floats) -> tuple[Floats, Floats]:
    start, end = unit(path[0] - path[1]), unit(path[-1] - path[-2])
    turn = np.radians(np.array([90, 62, 32], np.float32))[:, None]
    first, last = path[0] + start * np.sin(turn) * radius[0], path[-1] + end * np.sin(turn) * radius[-1]
    thin = np.maximum(np.cos(turn[:, 0]), 1e-3)
    return np.concatenate([first, path, last[::-1]]), np.concatenate(
        [thin * radius[0], radius, thin[::-1] * radius[-1]]
    )


def _across(way: Floats) -> Floats:
    """Return unit vectors (N, 3) across a path's directions that turn as little as the path allows."""
    first = np.eye(3, dtype=np.float32)[np.abs(way[0]).argmin()]
    aside = np.empty_like(way)
    last = first
    for i, direction in enumerate(way):
        last = last - direction * np.dot(last, direction)
        last = last / max(float(np.linalg.norm(last)), 1e-6)
        aside[i] = last
    return aside


def box(size: Sequence[float], rounding: float = 0.0) -> Shape:
    """Return a box of size (x, y, z) about the origin, its edges rounded by `rounding`; uv covers each face."""
    if rounding <= 0:
        return joined([_face(size, axis, sign) for axis in range(3) for sign in (-1, 1)])
    steps = 3
    quarter = np.linspace(0, np.pi / 2, steps)
    lon = np.concatenate([quarter + i * np.pi / 2 for i in range(4)])
    lat = np.concatenate([np.pi / 2 - quarter, -quarter])
    normal = np.stack(
        [
            np.cos(lat)[:, None] * np.sin(lon),
            np.broadcast_to(np.sin(lat)[:, None], (2 * steps, 4 * steps)),
            np.cos(lat)[:, None] * np.cos(lon),
        ],
        axis=-1,
    )
    # A quarter of the sphere goes to each corner, so the sign comes from which quarter it is, not from the normal.
    east = np.repeat([1, 1, -1, -1], steps)[None, :]
    south = np.repeat([1, -1, -1, 1], steps)[None, :]
    north = np.repeat([1, -1], steps)[:, None]
    sign = np.stack(np.broadcast_arrays(east, north, south), axis=-1)
    inner = np.maximum(np.asarray(size) / 2 - rounding, 0)
    points = sign * inner + rounding * normal
    caps = np.zeros((1, 4 * steps, 3)), np.zeros((1, 4 * steps, 3))
    caps[0][..., 1], caps[1][..., 1] = size[1] / 2, -size[1] / 2
    return boxed(grid(np.concatenate([caps[0], points, caps[1]]).astype(np.float32), closed=True), size)


def _face(size: Sequence[float], axis: int, sign: int) -> Shape:
    half = np.asarray(size, np.float32) / 2
    right, down = {0: ((0, 0, -sign), (0, -1, 0)), 1: ((1, 0, 0), (0, 0, sign)), 2: ((sign, 0, 0), (0, -1, 0))}[axis]
    out = np.zeros(3, np.float32)
    out[axis] = sign
    corners = [[out + v * np.array(down) + u * np.array(right) for u in (-1, 1)] for v in (-1, 1)]
    return grid(np.asarray(corners, np.float32) * half)


def boxed(mesh: Shape, size: Sequence[float]) -> Shape:
    """Return the mesh with uv laid on from the six sides, 0..1 over lengths `size` (x, y, z)."""
    corners = mesh.points[mesh.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normal).argmax(axis=1)
    pairs = np.array([[2, 1], [0, 2], [0, 1]])[axis]
    flat = corners / np.asarray(size, np.float32) + 0.5
    uv = np.take_along_axis(flat, np.broadcast_to(pairs[:, None], (len(corners), 3, 2)), axis=2)
    return Shape(mesh.points, mesh.triangles, uv.astype(np.float32))


def quad(size: tuple[float, float], turn: Floats | None = None, shift: Sequence[float] = (0, 0, 0)) -> Shape:
    """Return a sheet of size (x, y) that faces z, turned and shifted."""
    x, y = size[0] / 2, size[1] / 2
    points = np.array([[[-x, y, 0], [x, y, 0]], [[-x, -y, 0], [x, -y, 0]]], np.float32)
    return moved(grid(points), shift, turn)


def ball(radius: Sequence[float], rings: int = 10, sectors: int = 16) -> Shape:
    """Return an ellipsoid of radii (x, y, z) about the origin."""
    turn = np.linspace(0, np.pi, rings + 1)
    mesh = lathe(list(zip(_ends_at_zero(np.sin(turn)), np.cos(turn).tolist(), strict=True)), sectors)
    return Shape((mesh.points * np.asarray(radius)).astype(np.float32), mesh.triangles, mesh.uv)


def _ends_at_zero(values: Floats) -> list[float]:
    return [0.0, *values[1:-1].tolist(), 0.0]
