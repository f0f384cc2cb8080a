"""Find the nearest triangle at each pixel's centre with NumPy alone: the reference for what OpenGL finds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints

STEP = 256  # places on screen are rounded to this part of a pixel, as graphics processors do
AT_ONCE = 1_000_000  # pixels that triangles may cover


def nearest(screen: Floats, nearness: Floats, size: tuple[int, int]) -> tuple[NDArray[np.int32], Floats]:
    """Return (H, W) which triangle is nearest at each pixel's centre, -1 for none, and how near it is there.

    `screen` (T, 3, 2) are the triangles' corners in pixels and `nearness` (T, 3) what is linear on the screen and
    grows towards the viewer: the inverse depth, say.
    """
    height, width = size
    found, near = np.full(height * width, -1, np.int32), np.full(height * width, -np.inf)
    # Corners far outside make no difference, and would not be exact.
    corners = np.round(np.clip(screen, -1e6, 1e6) * STEP)
    low = np.clip(np.ceil(corners.min(axis=1) / STEP - 0.5), 0, [width, height]).astype(np.int64)
    high = np.clip(np.floor(corners.max(axis=1) / STEP - 0.5) + 1, 0, [width, height]).astype(np.int64)
    box = np.maximum(high - low, 0)
    edges = _edges(corners, nearness.astype(np.float64))
    covered = np.cumsum(box[:, 0] * box[:, 1])
    start = 0
    while start < len(corners):
        before = covered[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(covered, before + AT_ONCE, side="right")))
        _put((found, near), edges[:, start:stop], low[start:stop], box[start:stop], (start, width))
        start = stop
    return found.reshape(size), near.reshape(size)


def _edges(corners: Floats, nearness: Floats) -> Floats:
    """Return (12, T) slopes along x and y and values at the first pixel's centre, of three edges and of the nearness.

    Inside a triangle all three edges are positive or zero.
    """
    rows = []
    for k in range(3):
        a, b = corners[:, (k + 1) % 3], corners[:, (k + 2) % 3]
        x, y = b[:, 0] - a[:, 0], b[:, 1] - a[:, 1]
        rows.append([-y * STEP, x * STEP, x * (STEP / 2 - a[:, 1]) - y * (STEP / 2 - a[:, 0])])
    area = sum(row[2] for row in rows)
    turn = np.where(area < 0, -1.0, 1.0)
    share = [nearness[:, k] * turn / np.maximum(np.abs(area), 1e-9) for k in range(3)]
    rows = [[turn * value for value in row] for row in rows]
    near = [sum(rows[k][i] * turn * share[k] for k in range(3)) for i in range(3)]
    # A triangle without an inside has no pixels.
    rows[0][2] = np.where(area == 0, -np.inf, rows[0][2])
    return np.array([*rows[0], *rows[1], *rows[2], *near])


def _put(picture: tuple[Ints, Floats], edges: Floats, low: Ints, box: Ints, origin: tuple[int, int]) -> None:
    """Write triangles into the picture where they are nearest so far; `origin` is the first one, and its width."""
    found, near = picture
    first, width = origin
    count = box[:, 0] * box[:, 1]
    triangle = np.repeat(np.arange(len(count)), count)
    offset = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    row, column = np.divmod(offset, box[triangle, 0])
    x, y = column + low[triangle, 0], row + low[triangle, 1]
    inside = np.ones(len(triangle), bool)
    for k in range(0, 9, 3):
        inside &= edges[k].take(triangle) * x + edges[k + 1].take(triangle) * y + edges[k + 2].take(triangle) >= 0
    triangle, x, y = triangle[inside], x[inside], y[inside]
    pixel = y * width + x
    here = edges[9].take(triangle) * x + edges[10].take(triangle) * y + edges[11].take(triangle)
    before = near[pixel]
    np.maximum.at(near, pixel, here)
    # Of equally near ones the first wins, so it is written last.
    front = np.flatnonzero((here == near[pixel]) & (here > before))[::-1]
    found[pixel[front]] = triangle[front] + first
