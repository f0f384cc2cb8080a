"""How much light reaches each point of a scene: soft lights, each hidden in part by all that stands in its way.

Along each direction the scene is laid into square cells, each as high as the highest point in it: a point well below
its cell's height lies in shadow. Large triangles are met by exact rays instead, and send light on that they receive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints, columns
from handseg_cli.synth.drawing.mesh import BLOCK, Mesh
from handseg_cli.synth.surface import Lights, Material
from handseg_cli.synth.turning import unit

CELL = (4.0, 9.0)  # mm
CELLS, MOST_CELLS = 128, 400  # along a scene
LARGE = 20_000.0  # mm2: triangles above it are met by rays
MOST_LARGE = 12
MOST_POINTS = 40_000
SPACING = 0.7  # of the points, in cells
PIXELS = 2.0  # of the picture to a cell, at the least
DEPTH = 5.0  # mm below its cell's height at which shadow begins, and over which it grows
# How far past the terminator red, green and blue light creeps in skin.
WRAP = np.array([0.24, 0.11, 0.07], np.float32)


@dataclass(frozen=True)
class Blockers:
    """What stands in the way of light: points (3, C) about `cell` mm apart inside a ball, and large triangles."""

    points: NDArray[np.float32]
    cell: float
    middle: Floats  # (3,)
    radius: float
    large: Floats  # (B, 3, 3)
    colours: Floats  # (B, 3) of the large triangles, linear RGB


def blockers_of(meshes: Sequence[Mesh], materials: Sequence[Material], pixel: float = 0.0) -> Blockers:
    """Return all that the meshes of a scene, of which a pixel shows so many mm, put in the way of light."""
    a, b, c = (np.concatenate([mesh.points.take(mesh.triangles[:, i], axis=0) for mesh in meshes]) for i in range(3))
    area = _areas(b - a, c - a)
    large = np.flatnonzero(area > LARGE)
    large = large[np.argsort(-area[large], kind="stable")[:MOST_LARGE]]
    ends = np.cumsum([len(mesh.triangles) for mesh in meshes])
    colours = [_colour(materials[number]) for number in np.searchsorted(ends, large, side="right")]
    area[large] = 0
    few = np.ascontiguousarray((a.compress(area > 0, axis=0) if area.any() else a[:1]).T)
    low, high = few.min(axis=1), few.max(axis=1)
    extent = float((high - low).max())
    least = float(np.clip(extent / CELLS, *CELL)), extent / MOST_CELLS, float(np.sqrt(2 * area.sum() / MOST_POINTS))
    cell = max(*least, PIXELS * pixel)
    inside = _spread(a, b - a, c - a, area / cell**2)
    points = np.ascontiguousarray(
        _thinned(np.concatenate([*(mesh.points for mesh in meshes), inside]), SPACING * cell).T
    )
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2 + 3 * cell
    # Corners of large triangles lie far off.
    x, y, z = points - middle[:, None]
    points = points.compress(x * x + y * y + z * z < (radius - cell) ** 2, axis=1)
    corners = np.stack([a[large], b[large], c[large]], axis=1)
    return Blockers(points, cell, middle, radius, corners, np.reshape(colours, (-1, 3)))


def _areas(first: Floats, second: Floats) -> NDArray[np.float32]:
    """Return the areas (T,) between edges (T, 3)."""
    (ax, ay, az), (bx, by, bz) = (np.ascontiguousarray(edge.T) for edge in (first, second))
    x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    return np.asarray(np.sqrt(x * x + y * y + z * z) / 2)


def _colour(material: Material) -> Floats:
    """Return the mean colour (3,) of a material."""
    some: Floats = material.texture[::16, ::16].reshape(-1, 3).astype(np.float32)
    if material.texture.dtype == np.uint8:
        some = np.array(material.gain, np.float32) * (some / 255) ** np.float32(material.power)
    return np.asarray(some.mean(axis=0))


def _spread(start: Floats, first: Floats, second: Floats, wanted: Floats) -> Floats:
    """Return points inside triangles: about `wanted` (T,) in each, none where its corners will do."""
    count = np.where(wanted > 0.4, np.ceil(2.5 * wanted), 0).astype(np.int64)
    triangle = np.repeat(np.arange(len(start)), count)
    number = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    # Steps by these two fractions fill a square evenly; its far half is folded onto the triangle.
    steps = np.arange(count.max(initial=0))
    u, v = ((0.5 + steps * step) % 1 for step in (0.7548776662466927, 0.5698402909980532))
    folded = u + v > 1
    far, wide = (np.where(folded, 1 - share, share).astype(np.float32).take(number)[:, None] for share in (u, v))
    here, along, across = (values.take(triangle, axis=0) for values in (start, first, second))
    return np.asarray(here + far * along + wide * across)


def _thinned(points: Floats, spacing: float) -> Floats:
    """Return of those points (P, 3) that share a cube of this width hardly more than one."""
    x, y, z = (np.ascontiguousarray(points.T) / np.float32(spacing)).astype(np.int64)
    key = x + (y << 20) + (z << 40)
    slot = (key * 0x9E3779B1 >> 7) & 0xFFFF
    owner = np.zeros(0x10000, np.int64)
    number = np.arange(len(points))
    owner[slot] = number
    held = owner[slot]
    # Another cube may have the same slot: such points stay.
    return np.asarray(points[(held == number) | (key[held] != key)])


def received(
    points: Floats, normals: Floats, soft: Floats, blockers: Blockers, lights: Lights
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the soft light (V, 3) that reaches points, and how open (V,) each is to all around, 0 to 1.

    `soft` (V,) says how far light creeps around at each point, 0 to 1. Sharp lights are left out.
    """
    start = len(lights.sharp)
    towards = lights.towards[start:].astype(np.float32)
    places = np.ascontiguousarray(points.T, np.float32)
    faces = np.ascontiguousarray(normals.T, np.float32)
    wrap = WRAP[:, None] * soft.astype(np.float32)
    lit = np.zeros((3, len(points)), np.float32)
    open_to, ahead_of = np.zeros(len(points), np.float32), np.full(len(points), 1e-6, np.float32)
    hidden, glow = _behind_large(places, blockers, towards, lights)
    for number, axes in enumerate(_axes(towards)):
        facing = axes[2] @ faces
        seen = _seen(places, facing, blockers, axes)
        for channel in range(3):
            power = lights.power[start + number, channel]
            strength = power + hidden[number] * (glow[number, channel] - power)
            lit[channel] += seen * (np.maximum(facing + wrap[channel], 0) * strength)
        ahead = np.maximum(facing, 0)
        open_to += seen * ahead
        ahead_of += ahead
    lit /= 1 + wrap
    return np.ascontiguousarray(lit.T), open_to / ahead_of


def _seen(places: Floats, facing: Floats, blockers: Blockers, axes: Floats) -> Floats:
    """Return how freely points (3, V) see the direction of the third axis, at whose cosine they face it."""
    cell = blockers.cell
    axes = axes / np.float32(cell)
    count = int(2 * blockers.radius / cell) + 2
    left, low, _ = axes @ blockers.middle - np.float32(blockers.radius / cell)
    x, y, height = _turned(blockers.points, axes)
    top = np.full(count * count, -np.inf, np.float32)
    # None of these is outside.
    np.maximum.at(top, (y - low).astype(np.int32) * count + (x - left).astype(np.int32), height)
    x, y, height = _turned(places, axes)
    below = top.take(_place(x - left, y - low, count))
    below -= height
    # A surface at a slant spans more height within its cell: it must not shade itself.
    steep = np.maximum(np.abs(facing), 0.2)
    below -= np.sqrt(np.maximum(1 - steep * steep, 0)) / steep
    below *= cell / DEPTH
    return 2 - below.clip(1, 2)


def _place(x: Floats, y: Floats, count: int) -> Ints:
    # Places outside the ball go to the empty cells at its rim.
    column, row = x.astype(np.int32), y.astype(np.int32)
    return np.asarray(row.clip(0, count - 1) * count + column.clip(0, count - 1))


def _turned(places: Floats, axes: Floats) -> Floats:
    # In blocks, as in `mesh.turned`.
    turned = np.empty_like(places)
    for start in range(0, places.shape[1], BLOCK):
        np.matmul(axes, places[:, start : start + BLOCK], out=turned[:, start : start + BLOCK])
    return turned


def _axes(towards: Floats) -> NDArray[np.float32]:
    """Return for each direction two axes across it, and it (N, 3, 3)."""
    other = np.where(np.abs(towards[:, :1]) < 0.7, [1.0, 0, 0], [0, 1.0, 0])
    side = unit(np.cross(towards, other))
    return np.stack([side, np.cross(towards, side), towards], axis=1).astype(np.float32)


def _behind_large(
    places: Floats, blockers: Blockers, towards: Floats, lights: Lights
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (N, V) one where a large triangle's outside lies between a point (3, V) and a light, else zero.

    And what such triangles send instead (N, 3), in the direction of each light: the light on them, by their colour.
    """
    hidden = np.zeros((len(towards), places.shape[1]), np.float32)
    glow, most = np.zeros((len(towards), 3), np.float32), np.zeros(len(towards), np.int64)
    for (corner, second, third), colour in zip(blockers.large, blockers.colours, strict=True):
        first, other = second - corner, third - corner
        normal = unit(np.cross(first, other))
        sent = colour * (np.maximum(lights.towards @ normal, 0) @ lights.power) * 4 / max(len(towards), 1)
        # The rows find a place's shares of the two edges, and its height above the triangle.
        inverse = np.linalg.inv(np.stack([first, other, normal], axis=1)).astype(np.float32)
        u, v, height = _turned(places, inverse) - (inverse @ corner)[:, None]
        steps = inverse @ towards.T
        above = height > 2
        for number in np.flatnonzero(steps[2] < -1e-3):
            along = height / -steps[2, number]
            x, y = u + along * steps[0, number], v + along * steps[1, number]
            there = above & (x >= 0) & (y >= 0) & (x + y <= 1)
            hidden[number][there] = 1
            count = np.count_nonzero(there)
            if count > most[number]:
                most[number], glow[number] = count, sent
    return hidden, glow


def crept(values: Floats, triangles: Ints, passes: tuple[int, int, int]) -> Floats:
    """Average light (V, 3) over the triangles that meet in each point, each channel by its own number of passes."""
    corners, flat = columns(triangles), triangles.ravel().astype(np.intp)
    share = 1 / np.maximum(3 * np.bincount(flat, minlength=len(values)), 1)
    done = np.array(values, np.float32)
    for channel, count in enumerate(passes):
        for _ in range(count):
            mean = done[:, channel].take(corners).sum(axis=0)
            done[:, channel] = np.bincount(flat, np.repeat(mean, 3), len(values)) * share
    return done
