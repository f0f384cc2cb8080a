"""Draw triangles with a z-buffer and light them by an environment with soft, per-vertex visibility, all in numpy.

The view has x right, y down and z forward, in decimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from hands.body import Floats, Ints
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True)
class Fragments:
    """The visible triangle (-1: none) of each pixel, and its perspective-right corner weights (H, W, 3)."""

    triangle: Ints
    corners: Floats


@dataclass(frozen=True)
class Light:
    """Directions towards the light (N, 3) with the power each sends (N, 3) linear RGB."""

    towards: Floats
    power: Floats


def rasterise(screen: Floats, depth: Floats, keep: Floats, shape: tuple[int, int]) -> Fragments:
    """Draw triangles (T, 3, 2) at depth (T, 3); a pixel whose interpolated `keep` (T, 3) is negative is let through."""
    height, width = shape
    low = np.clip(np.ceil(screen.min(axis=1) - 0.5), 0, [width, height]).astype(np.int64)
    high = np.clip(np.floor(screen.max(axis=1) - 0.5) + 1, 0, [width, height]).astype(np.int64)
    box = np.maximum(high - low, 0)
    count = np.where(depth.min(axis=1) > 0.05, box[:, 0] * box[:, 1], 0)
    triangle = np.repeat(np.arange(len(screen)), count)
    offset = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    x = low[triangle, 0] + offset % np.maximum(box[triangle, 0], 1)
    y = low[triangle, 1] + offset // np.maximum(box[triangle, 0], 1)
    second, third = _barycentric(screen, triangle, x, y)
    inside = np.flatnonzero((second >= -1e-5) & (third >= -1e-5) & (second + third <= 1 + 1e-5))
    triangle, pixel, second, third = triangle[inside], (y * width + x)[inside], second[inside], third[inside]
    # What is linear on screen is the weight over the depth; the sum of these is the inverse depth of the pixel.
    near = np.stack([1 - second - third, second, third], axis=1) / depth[triangle]
    inverse = near[:, 0] + near[:, 1] + near[:, 2]
    weight = near / inverse[:, None]
    kept = np.einsum("pc,pc->p", weight, keep[triangle]) >= 0
    triangle, weight, inverse, pixel = triangle[kept], weight[kept], inverse[kept], pixel[kept]
    nearest = np.zeros(height * width, np.float32)
    np.maximum.at(nearest, pixel, inverse)
    front = inverse == nearest[pixel]
    ids = np.full(height * width, -1, np.int64)
    corners = np.zeros((height * width, 3), np.float32)
    ids[pixel[front]] = triangle[front]
    corners[pixel[front]] = weight[front]
    return Fragments(ids.reshape(shape), corners.reshape(*shape, 3))


def _barycentric(screen: Floats, triangle: Ints, x: Ints, y: Ints) -> tuple[Floats, Floats]:
    a, b, c = screen[:, 0], screen[:, 1], screen[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    # The weights of the second and third corner are affine in the pixel, and 0 at the first.
    slope = np.stack([c[:, 1] - a[:, 1], a[:, 1] - b[:, 1]], axis=1) / area[:, None]
    shift = np.stack([a[:, 0] - c[:, 0], b[:, 0] - a[:, 0]], axis=1) / area[:, None]
    dx = (x + 0.5 - a[triangle, 0]).astype(np.float32)
    dy = (y + 0.5 - a[triangle, 1]).astype(np.float32)
    second, third = (slope[triangle, i] * dx + shift[triangle, i] * dy for i in range(2))
    return second.astype(np.float32), third.astype(np.float32)


def vertex_normals(points: Floats, triangles: Ints) -> Floats:
    """Return unit normals (V, 3), each the mean of its triangles' normals by area."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    flat = np.cross(b - a, c - a)
    rows, columns = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
    gather = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(points), len(triangles)))
    return unit(gather @ flat)


def unit(vectors: Floats) -> Floats:
    """Return the vectors (..., 3) at length one."""
    length = np.sqrt(np.einsum("...c,...c->...", vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)


def read_environment(path: Path, count: int = 64) -> Light:
    """Read a Radiance panorama as `count` directional lights of mean power one, y up."""
    panorama = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if panorama is None:
        raise ValueError(f"{path}: no Radiance picture")
    image = cv2.resize(panorama[..., ::-1], (160, 80), interpolation=cv2.INTER_AREA)
    latitude = (np.arange(80) + 0.5) / 80 * np.pi
    longitude = (np.arange(160) + 0.5) / 160 * 2 * np.pi
    sine, cosine = np.sin(latitude)[:, None], np.cos(latitude)[:, None]
    sky = np.stack(np.broadcast_arrays(sine * np.cos(longitude), cosine, sine * np.sin(longitude)), axis=-1)
    power = (image * sine[..., None]).reshape(-1, 3)
    sky = sky.reshape(-1, 3).astype(np.float32)
    step = np.arange(count) + 0.5
    up, turn = 1 - 2 * step / count, np.pi * (1 + 5**0.5) * step
    ring = np.sqrt(1 - up**2)
    nearest = (sky @ np.stack([ring * np.cos(turn), up, ring * np.sin(turn)])).argmax(axis=1)
    summed = np.stack([np.bincount(nearest, power[:, i], count) for i in range(3)], axis=1)
    grey = power.sum(axis=1)
    towards = np.stack([np.bincount(nearest, grey * sky[:, i], count) for i in range(3)], axis=1)
    return Light(unit(towards.astype(np.float32)), (summed / summed.mean() / count * 4).astype(np.float32))


def visibility(points: Floats, towards: Floats, facing: Floats, cell: float = 0.06) -> Floats:
    """Return how freely each point sees each direction (V, N), 0 to 1, by splatting the points along it."""
    seen = np.empty((len(points), len(towards)), np.float32)
    # A surface at a slant spans more depth within one cell: it must not shade itself.
    slope = np.sqrt(1 - np.clip(facing, -1, 1) ** 2) / np.maximum(np.abs(facing), 0.15)
    for i, direction in enumerate(towards):
        side = np.cross(direction, [1.0, 0, 0] if abs(direction[0]) < 0.7 else [0, 1.0, 0])
        side = side / np.linalg.norm(side)
        flat = points @ np.stack([side, np.cross(direction, side)], axis=1).astype(np.float32)
        grid = np.floor((flat - flat.min(axis=0)) / cell).astype(np.int64)
        place = grid[:, 0] * (int(grid[:, 1].max()) + 1) + grid[:, 1]
        height = points @ direction
        top = np.full(int(place.max()) + 1, -np.inf, np.float32)
        np.maximum.at(top, place, height)
        seen[:, i] = 1 - np.clip((top[place] - height - 0.06 - cell * slope[:, i]) / 0.08, 0, 1)
    return seen


def irradiance(points: Floats, normals: Floats, light: Light, wrap: Floats) -> tuple[Floats, Floats]:
    """Return the light (V, 3) that reaches each point, with `wrap` (3,) of soft terminator, and its openness (V,)."""
    facing = normals @ light.towards.T
    seen = visibility(points, light.towards, facing)
    received = np.empty((len(points), 3), np.float32)
    for channel in range(3):
        soft = np.maximum(facing + wrap[channel], 0) / (1 + wrap[channel])
        received[:, channel] = (seen * soft) @ light.power[:, channel]
    openness = (seen * (facing > 0)).sum(axis=1) / np.maximum((facing > 0).sum(axis=1), 1)
    return received, openness.astype(np.float32)


def smooth_over(values: Floats, triangles: Ints, passes: int) -> Floats:
    """Average values (V, C) over the triangles that meet in each vertex, `passes` times."""
    rows, columns = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
    gather = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(values), len(triangles)))
    share = np.maximum(np.asarray(gather.sum(axis=1)), 1)
    for _ in range(passes):
        values = gather @ (values[triangles].mean(axis=1)) / share
    return np.asarray(values, np.float32)


def sample(texture: Floats | NDArray[np.uint8], uv: Floats, repeat: bool) -> Floats:
    """Look up a texture (H, W, C) or (H, W) at uv (N, 2) in 0..1 with rows running down."""
    size = np.array([texture.shape[1], texture.shape[0]], np.float32)
    fold = np.zeros((-(-len(uv) // 512) * 512, 2), np.float32)
    fold[: len(uv)] = (uv % 1 if repeat else uv) * size - 0.5
    border = cv2.BORDER_WRAP if repeat else cv2.BORDER_REPLICATE
    # OpenCV takes maps of at most 32767 rows, so the list is folded into rows of 512.
    x, y = (np.ascontiguousarray(fold[:, i].reshape(-1, 512)) for i in range(2))
    found = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(found.reshape(len(fold), *texture.shape[2:])[: len(uv)], np.float32)


def tone(linear: Floats) -> Floats:
    """Map linear light to display values 0..1 with a soft shoulder."""
    shoulder = np.where(linear < 0.6, linear, 0.6 + 0.4 * (1 - np.exp(-(linear - 0.6) / 0.4)))
    return np.asarray(np.clip(shoulder, 0, 1) ** np.float32(1 / 2.2), np.float32)
