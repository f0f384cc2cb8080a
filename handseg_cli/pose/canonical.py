"""The frame in which all hands are alike (Zimmermann & Brox 2017): turned, scaled, right hands mirrored to left ones.

Joints are in RHD's order: 0 is the wrist, 11 and 12 are the ends of the middle finger's lowest bone, 20 is the base of
the little finger. Coordinates are rows, so that a matrix turns them from the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT, NEXT, MIDDLE, LITTLE = 0, 11, 12, 20

Floats = NDArray[np.float64]
Points = NDArray[np.floating[Any]]
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Canonical:
    """A hand in the canonical frame: joint 0 at the origin, 12 at (0, -y, 0), 20 in the plane of x and y, x > 0.

    `joints` (21, 3) are in bones from 11 to 12; `rotation` (3, 3) leads back to the camera's frame and is what the
    viewpoint net learns; `scale` is the length of that bone and `root` (3,) where joint 0 was, both as they were given.
    """

    joints: Floats
    rotation: Floats
    scale: float
    root: Floats


def to_canonical(joints: Points, right: bool) -> Canonical:
    """Bring the joints (21, 3) of one hand to the canonical frame; their joints 11 and 12 may not coincide."""
    root, scale = joints[ROOT].astype(np.float64), bone_length(joints)
    moved = (joints - root) / scale
    rotation = _rotation(moved)
    turned = moved @ rotation
    return Canonical(_mirrored(turned) if right else turned, rotation.T, scale, root)


def from_canonical(canonical: Canonical, right: bool) -> Floats:
    """Bring a hand back to where it was: (21, 3) in the unit of its scale.

    With scale 1 and root 0 this is what the nets' answers mean: joints in bones from 11 to 12, joint 0 at the origin.
    """
    turned = _mirrored(canonical.joints) if right else canonical.joints
    return np.asarray(turned @ canonical.rotation * canonical.scale + canonical.root, np.float64)


def normalised(joints: Points) -> Floats:
    """Return joints (21, 3) as seen from joint 0, in bones from 11 to 12."""
    return np.asarray((joints - joints[ROOT]) / bone_length(joints), np.float64)


def bone_length(joints: Points) -> float:
    """Return how long the bone from 11 to 12 of joints (21, 3) is, the measure of a hand."""
    return math.dist(joints[NEXT].tolist(), joints[MIDDLE].tolist())


def palm_rooted(points: Points) -> Points:
    """Return joints (21, 2) or (21, 3) with the middle of the palm, half way from 0 to 12, in the wrist's place."""
    rooted = points.copy()
    rooted[ROOT] = (points[ROOT] + points[MIDDLE]) / 2
    return rooted


def palm_visible(visible: Bits) -> Bits:
    """Return which joints (21,) are visible if the middle of the palm is in the wrist's place: it is if an end is."""
    rooted = visible.copy()
    rooted[ROOT] |= visible[MIDDLE]
    return rooted


def _rotation(joints: Floats) -> Floats:
    """Return the (3, 3) that turns joints, joint 0 at the origin: about z, then x, then y."""
    x, y, _ = joints[MIDDLE]
    sine, cosine = _sine_cosine(math.atan2(x, y))
    about_z = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    _, y, z = joints[MIDDLE] @ about_z
    sine, cosine = _sine_cosine(math.pi - math.atan2(z, y))
    turned = about_z @ np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
    x, _, z = joints[LITTLE] @ turned
    sine, cosine = _sine_cosine(math.atan2(z, x))
    return np.asarray(turned @ np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]]), np.float64)


def _sine_cosine(angle: float) -> tuple[float, float]:
    return math.sin(angle), math.cos(angle)


def _mirrored(joints: Floats) -> Floats:
    return np.asarray(joints * np.array([1.0, 1.0, -1.0]), np.float64)
