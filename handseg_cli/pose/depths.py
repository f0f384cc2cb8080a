"""Depths in pixels: how far joints are behind the base of the middle finger, as the light pose net tells it.

A pixel of depth is as long as a pixel of the picture is at that base. So points and depths are a hand in space of
which nothing but the scale is missing, even where no camera is known.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.camera import rays
from handseg_cli.pose.canonical import MIDDLE

Floats = NDArray[np.float64]
Points = NDArray[np.floating[Any]]


def to_depths(joints: Points, camera: Points) -> Floats:
    """Return the depths (21,) in pixels of joints (21, 3), RHD's in order, in the frame of a camera (3, 3).

    NaN of all where the base of the middle finger is not known, or not before the camera.
    """
    root = joints[MIDDLE, 2] if joints[MIDDLE, 2] > 0 else np.nan
    return np.asarray((joints[:, 2].astype(np.float64) - root) / root * focal_length(camera), np.float64)


def from_depths(points: Points, depths: Points, camera: Points) -> Floats:
    """Return the joints (21, 3) that a camera (3, 3) sees at pixels (21, 2), at depths (21,) in pixels.

    The unit is the depth of the middle finger's base, so that they are to be multiplied by the length of any bone over
    what it is here.
    """
    return np.asarray(rays(points, camera) * (1 + depths / focal_length(camera))[:, None], np.float64)


def focal_length(camera: Points) -> float:
    """Return the focal length of a camera (3, 3), pixels, whichever way its picture was turned or mirrored."""
    (across, aslant), (askew, down) = camera[:2, :2].astype(np.float64).tolist()
    return math.sqrt(abs(across * down - aslant * askew))
