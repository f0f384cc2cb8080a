"""What the joints of a hand allow, and how they drag each other: degrees, as in a packed pose.

Ranges are those of healthy adults, rounded; some people reach further, nobody looks broken within them.
"""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.poses.anatomy import HandPose, packed, unpacked

KNUCKLE = np.array([[-25, -25, -25, -30], [88, 90, 92, 95]], float)
MIDDLE = np.array([[-6, -6, -6, -6], [105, 108, 108, 102]], float)
# The end joint shares a tendon with the middle one and follows it by two thirds, give or take what touch forces on it.
FOLLOWS, END_SLACK, END = 2 / 3, (-22.0, 12.0), (-12.0, 80.0)
# Spread at straight knuckles, and what it shrinks to as they bend and their ligaments tighten.
SPREAD = np.array([[-10, -12, -16, -34], [22, 12, 10, 11]], float)
BENT_SPREAD = np.array([2.0, 0.0, -3.0, -7.0])
THUMB = np.array([[-15, 4, -45, -8, -20], [108, 58, 45, 62, 82]], float)
TURN_SLACK = 22.0
# Flexion and deviation either way: above 0, and below.
WRIST = np.array([[76, 36], [72, 24]])
# Abduction and what is bent back, together.
BENT_BACK = 72.0


def clamp(pose: HandPose) -> HandPose:
    """Return the nearest pose, or one close to it, that a hand can take."""
    return unpacked(clamped(packed(pose)), pose.touching)


def clamped(angles: Floats) -> Floats:
    """Return angles (..., 23) within what joints allow."""
    allowed = angles.astype(np.float64)
    allowed[..., 21:23] = wrist_within(angles[..., 21:23])
    flexion = allowed[..., :12].reshape(*angles.shape[:-1], 4, 3)
    _bend(flexion, allowed[..., 21])
    allowed[..., :12] = flexion.reshape(*angles.shape[:-1], 12)
    loose = _within(1 - flexion[..., 0] / 85, 0.12, 1)
    low, high = (BENT_SPREAD + (end - BENT_SPREAD) * loose for end in SPREAD)
    allowed[..., 12:16] = _within(allowed[..., 12:16], low, high)
    _thumb(allowed[..., 16:21])
    return allowed


def _within(values: Floats, low: Floats | float, high: Floats | float) -> Floats:
    # What `clip` does, without its calls: these are the smallest of arrays.
    return np.asarray(np.minimum(np.maximum(values, low), high))


def wrist_within(angles: Floats) -> Floats:
    """Scale flexion and deviation (..., 2) back into the ellipse that they share."""
    reach = np.where(angles > 0, *WRIST)
    size = np.sqrt(((angles / reach) ** 2).sum(axis=-1, keepdims=True))
    return np.asarray(angles / np.maximum(size, 1))


def _bend(flexion: Floats, wrist: Floats) -> None:
    """Bring the flexion (..., 4, 3) of the fingers into its limits, in place."""
    knuckle, middle, end = (flexion[..., joint] for joint in range(3))
    # Tendons that cross the wrist are too short to bend everything at once.
    low = KNUCKLE[0] + 0.5 * np.maximum(-wrist - 40, 0)[..., None]
    high = KNUCKLE[1] - 0.6 * np.maximum(wrist - 25, 0)[..., None]
    knuckle[...] = _within(knuckle, low, high)
    # Ring and little finger, and less so middle and ring, share muscle and tendon: none stays straight all alone.
    knuckle[..., 2] = np.maximum(knuckle[..., 2], np.maximum(knuckle[..., 1], knuckle[..., 3]) - 70)
    knuckle[..., 1] = np.maximum(knuckle[..., 1], knuckle[..., 2] - 85)
    knuckle[..., 3] = np.maximum(knuckle[..., 3], knuckle[..., 2] - 65)
    middle[...] = _within(middle, *MIDDLE)
    middle[..., 2] = np.maximum(middle[..., 2], middle[..., 3] - 95)
    middle[..., 3] = np.maximum(middle[..., 3], middle[..., 2] - 95)
    follow = FOLLOWS * middle
    end[...] = _within(_within(end, follow + END_SLACK[0], follow + END_SLACK[1]), *END)


def _thumb(thumb: Floats) -> None:
    """Bring the thumb's angles (..., 5) into their limits, in place."""
    thumb[...] = _within(thumb, *THUMB)
    opposition = thumb[..., 0]
    # The saddle joint turns the thumb's pulp to the fingers as it comes before the palm, and opens less wide there.
    thumb[..., 1] = np.minimum(thumb[..., 1], THUMB[1, 1] - 0.12 * np.maximum(opposition - 60, 0))
    middle = 0.2 * (opposition - 45)
    thumb[..., 2] = _within(thumb[..., 2], middle - TURN_SLACK, middle + TURN_SLACK)
    # A thumb that is wide open and bent back in both of its other joints looks broken.
    back = np.minimum(thumb[..., 3:], 0)
    least = np.minimum(thumb[..., 1] - BENT_BACK, 0) / np.minimum(back.sum(axis=-1), -1e-9)
    thumb[..., 3:] = np.maximum(thumb[..., 3:], 0) + back * np.minimum(least, 1)[..., None]
