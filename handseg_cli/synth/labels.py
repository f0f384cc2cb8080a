"""What a drawing tells of hands: parts, masks and sides in several numberings, and where joints are and can be seen.

Parts are numbered as in RHD, and on from there. A hand that was cut out of a photo is part 36: hand in the mask, with
no side and no joints, for nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Mask
from handseg_cli.synth.body import FINGERS, LEFT, RIGHT, Floats
from handseg_cli.synth.surface import Camera, Drawing, Kind

PERSON, PASTED = 1, 36
FIRST = {LEFT: 2, RIGHT: 18}  # of the 16 parts of each hand: thumb's tip, middle and base, ... little's, palm
ARMS = {LEFT: 34, RIGHT: 35}
PALM = 15  # from FIRST on
OF_A_HAND = (*(f"{finger} {place}" for finger in FINGERS for place in ("tip", "middle", "base")), "palm")
NAMES = (
    *("background", "person"),
    *(f"{side} {part}" for side in ("left", "right") for part in OF_A_HAND),
    *("left arm", "right arm", "pasted hand"),
)

SIDES = np.array([0, 0, *[LEFT] * 16, *[RIGHT] * 16, 0, 0, 0], np.uint8)  # of the parts that are hand
HANDS = np.array([0, 0, *[255] * 32, 0, 0, 255], np.uint8)
ARM = np.array([0] * 34 + [255, 255, 0], np.uint8)
TO_RHD = np.array([*range(34), PERSON, PERSON, PERSON], np.uint8)
# DIGIT's numbers of the right hand's parts in the order of OF_A_HAND; those of the left are 16 more.
_DIGIT = (13, 10, 8, 12, 2, 11, 5, 15, 4, 6, 16, 1, 7, 14, 3, 9)
TO_DIGIT = np.array([0, 0, *(16 + part for part in _DIGIT), *_DIGIT, 0, 0, 0], np.uint8)

# Joints of one hand: ours run from the wrist along each finger to its tip, RHD's from each tip to the palm.
RHD_JOINTS = (0, *(4 * finger + place for finger in range(5) for place in (4, 3, 2, 1)))
# InterHand's 42 out of RHD's 42: right hand first, and the wrists last.
INTERHAND_JOINTS = (*range(22, 42), 21, *range(1, 21), 0)
JOINTS = 42

OFF_ARMS = -1e3  # mm along the arm: less is no arm at all, but a body
IN_FRONT = 1.0  # mm before the camera: nearer is not projected
BEHIND = 10.0  # mm that what is seen may lie behind a joint: it is at the outline then
# mm of flesh that may lie before each of RHD's joints of a hand: the wrist, then tip to base of each finger.
FLESH = np.array([45, *[16, 20, 26, 38], *[16, 20, 24, 32] * 4], np.float32)


def parts_of(drawing: Drawing, kinds: Sequence[Kind]) -> Mask:
    """Number the parts (H, W) of a drawing, whose surfaces are of these kinds."""
    kind = np.array([*kinds, 0], np.uint8)[drawing.surface]
    person = (kind > 0) & (kind < Kind.THING)
    parts = person.astype(np.uint8)
    side, along = drawing.side, drawing.along
    limb = person & (kind != Kind.CLOTH) & (side > 0) & (along > OFF_ARMS)
    arm, hand = limb & (along <= 0), limb & (along > 0)
    parts[arm] = np.array([0, ARMS[LEFT], ARMS[RIGHT]], np.uint8)[side[arm]]
    finger, reach = drawing.finger[hand].astype(np.int16), np.nan_to_num(drawing.reach[hand], nan=-1.0)
    on_finger = np.minimum(3 * finger - 1 - np.clip(reach, 0, 2).astype(np.int16), PALM - 1)
    place = np.where((finger > 0) & (reach >= 0), on_finger, PALM)
    parts[hand] = place + np.array([0, FIRST[LEFT], FIRST[RIGHT]], np.int16)[side[hand]]
    return parts


def hands_named(parts: Mask) -> str:
    """Return "left", "right", "both" or "" by the hands whose side is known."""
    sides = SIDES.take(parts)
    left, right = bool((sides == LEFT).any()), bool((sides == RIGHT).any())
    return "both" if left and right else "left" if left else "right" if right else ""


def seen_joints(joints: Mapping[int, Floats], camera: Camera) -> NDArray[np.float32]:
    """Bring world joints (21, 3) of LEFT and RIGHT, ours in order, to the camera's frame (42, 3), RHD's in order.

    Those of a hand that is not given are NaN.
    """
    found = np.full((JOINTS, 3), np.nan, np.float32)
    for side, places in joints.items():
        start = 0 if side == LEFT else 21
        found[start : start + 21] = ((places - camera.eye) @ camera.turn.T)[list(RHD_JOINTS)]
    return found


def projected(joints: NDArray[np.float32], matrix: Floats) -> NDArray[np.float32]:
    """Return the pixels (J, 2) of joints (J, 3) in the camera's frame, NaN where they are not before the camera."""
    before = joints[:, 2] > IN_FRONT
    points = np.full((len(joints), 2), np.nan, np.float32)
    points[before] = (joints[before] @ matrix[:2].T) / joints[before, 2:]
    return points


def inside(points: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which points (J, 2) lie in a picture of this size."""
    x, y = points.T
    return np.asarray((x >= 0) & (y >= 0) & (x < size[1]) & (y < size[0]))


def unhidden(
    joints: NDArray[np.float32], points: NDArray[np.float32], parts: Mask, depth: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Tell which of 42 joints (42, 3), at pixels (42, 2), lie under nothing but the flesh of their own or next part."""
    found = inside(points, parts.shape[:2]) & np.isfinite(joints[:, 2])
    at = np.flatnonzero(found)
    columns, rows = np.floor(points[at]).astype(np.intp).T
    before = joints[at, 2] - depth[rows, columns]
    found[at] = OWN_PARTS[at, parts[rows, columns]] & (before > -BEHIND) & (before < np.tile(FLESH, 2)[at])
    return found


def _own_parts() -> NDArray[np.bool_]:
    """Tell (42, parts) under which parts each of RHD's joints lies."""
    own = np.zeros((JOINTS, len(NAMES)), bool)
    for hand, side in enumerate((LEFT, RIGHT)):
        wrist, palm = 21 * hand, FIRST[side] + PALM
        own[wrist, [palm, ARMS[side], FIRST[side] + 2]] = True
        for finger in range(5):
            tip, joint = FIRST[side] + 3 * finger, wrist + 1 + 4 * finger
            for number, parts in enumerate(([tip], [tip, tip + 1], [tip + 1, tip + 2], [tip + 2, palm])):
                own[joint + number, parts] = True
        own[wrist + 4, ARMS[side]] = True  # the thumb's first joint lies beside the wrist
    return own


OWN_PARTS = _own_parts()
