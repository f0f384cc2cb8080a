"""What one photo does not tell of hands in space, and is taken to be as with most: their size, and the camera.

A small hand that is near looks like a large one that is far away. Joints are ours in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.camera import locate
from handseg_cli.pose.skeleton import bones

# How long the 20 bones are together: the mean over 999 synthetic hands of adults, with a deviation of a ninth.
BONES_MM = 850.0
# Of the longer side of a photo: a lens that sees 64 degrees. Phones have about 0.72, webcams 0.9.
FOCAL = 0.8

PARENTS, CHILDREN = bones("ours").T

Floats = NDArray[np.float64]
Points = NDArray[np.floating[Any]]
Size = tuple[int, int]


def pinhole(size: Size, focal: float = 0.0) -> Floats:
    """Return the camera (3, 3) of a photo of (height, width), its focal length in pixels; 0 assumes a usual one."""
    height, width = size
    length = focal or FOCAL * max(size)
    return np.array([[length, 0, width / 2], [0, length, height / 2], [0, 0, 1]])


def placed(joints: Points, points: Points, camera: Points) -> Floats:
    """Return joints (21, 3) of any unit and origin as mm where a camera (3, 3) sees them best at pixels (21, 2)."""
    whole = sized(joints)
    return np.asarray(whole + locate(whole, points, camera), np.float64)


def sized(joints: Points) -> Floats:
    """Return joints (21, 3) in mm: their bones get the length that they have, all together, in most hands."""
    length = float(np.linalg.norm(joints[CHILDREN] - joints[PARENTS], axis=1).sum())
    return np.asarray(joints * (BONES_MM / max(length, 1e-9)), np.float64)
