"""Arms: what is measured of them, how they are bent, and where they bring hands.

Directions and places are those of the figure at rest: x to its left, y up, z forward, millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from handseg_cli.synth.body import Body, Floats, Side, rotations
from handseg_cli.synth.poses.anatomy import Hand, hand_of
from handseg_cli.synth.poses.contact import Frame
from handseg_cli.synth.turning import across, cross, unit, vectors_of

# What part of the twist is done at the elbow: skin follows it fully at the wrist and less and less up the forearm.
ELBOW_SHARE = 0.4


@dataclass(frozen=True)
class Arm:
    """What a body's rest joints tell of one arm."""

    hand: Hand
    shoulder: Floats  # (3,)
    elbow: Floats  # (3,)
    frame: Floats  # (3, 3) rows at rest: along the upper arm, the elbow's hinge towards the body, and their third
    bend: float  # degrees at rest
    twist: float  # degrees at rest


@dataclass(frozen=True)
class Goal:
    """Where a hand should be: `point`, told in the hand's frame, at `place`, palm and fingers pointing two ways."""

    place: Floats  # (3,)
    palm: Floats  # (3,)
    fingers: Floats  # (3,)
    point: Floats = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True)
class Reach:
    """Turns of an arm's bones and the wrist's angles that bring a hand to a goal, or as near as they can."""

    turns: dict[str, Floats]  # radians about rest axes
    wrist: Floats  # (2,) degrees as in a HandPose
    missed: float  # mm from the place
    off: float  # degrees from where palm and fingers should point
    at: Frame  # the hand's, in the figure's
    inside: float  # mm that the arm itself is in the trunk


def arm_of(body: Body, side: Side) -> Arm:
    """Measure the arm of `side` from the rest joints."""
    hand = hand_of(body, side)
    heads = {bone.name: bone.head.astype(np.float64) for bone in body.bones if bone.name.startswith(("upper", "lower"))}
    shoulder, elbow = heads[f"upperarm01.{side}"], heads[f"lowerarm01.{side}"]
    upper, fore = unit(elbow - shoulder), unit(hand.wrist - elbow)
    bend = np.degrees(np.arctan2(np.linalg.norm(cross(upper, fore)), upper @ fore))
    # An arm that is straight at rest tells its hinge by nothing but its hand.
    inward = cross(upper, fore) * mirror(side) if bend > 4 else hand.axes[2]
    frame = hinged(upper, inward)
    level = across(-upper, fore)
    twist = np.degrees(np.arctan2(-hand.forearm[2] @ level, hand.forearm[2] @ across(frame[1], fore)))
    return Arm(hand, shoulder, elbow, frame, float(bend), float(twist))


def mirror(side: Side) -> int:
    """Return 1 for the left and -1 for the right side."""
    return 1 if side == "L" else -1


def hinged(upper: Floats, inward: Floats) -> Floats:
    """Return upper arms' frames (..., 3, 3) by rows, of one handedness on both sides, from ways (..., 3)."""
    hinge = across(inward, upper)
    return np.stack([upper, hinge, cross(upper, hinge)], axis=-2)


def thumbwards(side: Side, palm: Floats, along: Floats) -> Floats:
    """Return the way to the thumb's side (..., 3) of hands whose palms and fingers point so (..., 3)."""
    return cross(palm, along) * mirror(side)


def facing(side: Side, palm: Floats, fingers: Floats) -> Floats:
    """Return the axes (3, 3) by rows of a hand whose fingers point one way and its palm, as far as can be, another."""
    along = unit(np.asarray(fingers, np.float64))
    out = across(np.asarray(palm, np.float64), along)
    return np.stack([along, thumbwards(side, out, along), out])


def bent(arm: Arm, bend: float, twist: float, upper: Floats | None = None) -> dict[str, Floats]:
    """Return the rotation vectors by bone of an arm with its elbow bent and its forearm twisted by so many degrees,
    and its upper arm turned by a rotation matrix, if any."""
    side, sign = arm.hand.side, mirror(arm.hand.side)
    hinge = sign * np.radians(bend - arm.bend) * arm.frame[1]
    twisting = sign * np.radians(twist - arm.twist) * unit(arm.hand.wrist - arm.elbow)
    first, second = rotations(np.array([hinge, ELBOW_SHARE * twisting]))
    vectors = vectors_of(np.stack([np.eye(3) if upper is None else upper, first @ second]))
    return {
        f"upperarm01.{side}": vectors[0],
        f"lowerarm01.{side}": vectors[1],
        f"lowerarm02.{side}": (1 - ELBOW_SHARE) * twisting,
    }
