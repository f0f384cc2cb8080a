"""Between points in space, in the frame of a camera, and pixels of its picture; and where a hand is in space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.floating[Any]]


def project(joints: Points, camera: Points) -> Floats:
    """Return the pixels (..., 2) of joints (..., 3) seen by a camera (3, 3), NaN of those that are not before it."""
    seen = joints @ camera.T.astype(np.float64)
    depth = np.where(seen[..., 2:] > 0, seen[..., 2:], np.nan)
    return np.asarray(seen[..., :2] / depth, np.float64)


def back_project(points: Points, depth: Points, camera: Points) -> Floats:
    """Return the joints (..., 3) that a camera (3, 3) sees at pixels (..., 2), `depth` (...,) along its axis."""
    return np.asarray(rays(points, camera) * depth[..., None], np.float64)


def rays(points: Points, camera: Points) -> Floats:
    """Return what a camera (3, 3) sees at pixels (..., 2), one unit along its axis: (..., 3), the last of each 1."""
    flat = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
    return np.asarray(flat @ np.linalg.inv(camera.astype(np.float64)).T, np.float64)


def locate(joints: Points, points: Points, camera: Points, weights: Points | None = None) -> Floats:
    """Return where (3,) the origin of joints (J, 3) has to be for a camera (3, 3) to see them at pixels (J, 2).

    The unit is that of the joints: a hand of twice the size is twice as far. Where pixels do not agree, the squares of
    how far joints are beside their rays are least, each distance times its `weights` (J,).
    """
    seen = rays(points, camera)
    trust = np.ones(len(points)) if weights is None else weights
    # A joint on its ray has x = ray_x z and y = ray_y z: two linear equations for the origin.
    left = np.zeros((len(points), 2, 3))
    left[:, (0, 1), (0, 1)] = 1
    left[:, :, 2] = -seen[:, :2]
    right = seen[:, :2] * joints[:, 2:] - joints[:, :2]
    solved = np.linalg.lstsq((left * trust[:, None, None]).reshape(-1, 3), (right * trust[:, None]).ravel(), rcond=None)
    return np.asarray(solved[0], np.float64)
