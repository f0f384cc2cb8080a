"""Hands that hold: where in a hand a thing of each grasp sits, and fingers that close until they touch it.

A thing's frame for holding has its origin where it is held and three axes: along it (up a bottle, to a pen's point, up
a phone), through it where it is held (from thumb or palm to fingers), and away from the palm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.poses.anatomy import Hand, HandPose, bones_at, packed, unpacked
from handseg_cli.synth.poses.contact import FINGER_CONES, Boxes, Cones, Flesh, Frame, all_depths, cones_at, moved
from handseg_cli.synth.poses.limits import clamped
from handseg_cli.synth.poses.resolve import Around, resolve
from handseg_cli.synth.turning import across, cross, unit

# Each grasp, and what holds against the thumb's tip, as a pose's `touching`.
GRASPS: dict[str, tuple[int, ...]] = {
    "cylinder": (), "sphere": (), "hook": (), "key": (5,),
    "pinch": (1,), "tripod": (1, 2), "disc": (1, 3), "plate": (1, 3),
}  # fmt: skip
# What closes around a thing, rather than only meeting it at the tips.
CLOSING = ("cylinder", "sphere", "hook", "plate", "disc")
STEPS = 24
# Flesh is pressed this far, mm, where a hand holds.
PRESSED = 0.7
# A finger's way from open to curled, degrees added to its joints; the thumb's abduction, middle and end joint.
PATHS = np.array([[[16, -25, -25], [-22, 35, 40]], *[[[-60, -60, -40], [50, 60, 40]]] * 4], float)
# Where these angles are in a packed pose, thumb first.
PLACES = np.array([[17, 19, 20], [0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])


@dataclass(frozen=True)
class Held:
    """A pose that holds a thing, the thing's frame for holding told in the hand's, and the deepest overlap left, mm."""

    pose: HandPose
    frame: Frame
    worst: float


def hold(hand: Hand, flesh: Flesh, pose: HandPose, family: str, thing: Cones | Boxes) -> Held:
    """Return a pose near `pose`, one of `family` of GRASPS, that holds a thing told in its frame for holding."""
    pose, thick = replace(pose, touching=GRASPS[family]), thickness(thing)
    if pose.touching:
        pose = resolve(hand, flesh, pose, Around(between=thick)).pose
    frame = held_at(hand, flesh, pose, family, thick)
    if family in ("cylinder", "sphere"):
        frame = _cleared(hand, flesh, pose, thing, frame)
    if family in CLOSING:
        pose = close(hand, flesh, replace(pose, touching=()), Around((moved(thing, frame),)))
    settled = resolve(hand, flesh, pose, Around((moved(thing, frame),), free=True, between=thick))
    # The hand gave way; the thing is told in its frame.
    frame = Frame(frame.place - settled.shift, frame.axes)
    return Held(replace(settled.pose, touching=()), frame, settled.worst)


def _cleared(hand: Hand, flesh: Flesh, pose: HandPose, thing: Cones | Boxes, frame: Frame) -> Frame:
    """Return the frame moved so far out of the palm, and off the opened thumb, that the thing is in neither."""
    opened = packed(pose)
    opened[PLACES[0]] += PATHS[0, 0]
    cones = cones_at(hand, flesh, clamped(opened))
    thumb, palm = cones[np.arange(3)], cones[np.arange(FINGER_CONES, len(cones))]
    for _ in range(6):
        # A thicker thing lies further out on the fingers, where the thumb still gets around it.
        ahead, out = (max(float(all_depths(part, moved(thing, frame)).max()) - PRESSED, 0) for part in (thumb, palm))
        frame = Frame(frame.place + np.array([ahead, 0, out]), frame.axes)
    return frame


def thickness(thing: Cones | Boxes) -> float:
    """Return how far a thing reaches along the second axis of its frame for holding, mm."""
    if isinstance(thing, Boxes):
        half = (np.abs(thing.axes[:, :, 1]) * thing.halves).sum(axis=1)
        return float((thing.centres[:, 1] + half).max() - (thing.centres[:, 1] - half).min())
    ends = np.stack([thing.starts[:, 1], thing.stops[:, 1]], axis=1)
    return float((ends + thing.radii).max() - (ends - thing.radii).min())


def held_at(hand: Hand, flesh: Flesh, pose: HandPose, family: str, thick: float) -> Frame:
    """Return where in the hand's frame a thing `thick` mm through is that a pose of `family` holds."""
    cones = cones_at(hand, flesh, packed(pose))
    thumb, tips = cones.stops[2], cones.stops[[5, 8, 11]]
    knuckles = hand.bases[1] - hand.bases[4]
    if family in ("cylinder", "sphere"):
        palm = flesh.palm.stops[1] * [0.92, 1, 1] + [0, 0, flesh.palm.radii[1, 1] + thick / 2]
        return _frame(palm, np.array([0.3, 1, 0]), np.array([0, 0, 1.0]))
    if family == "hook":
        under = cones.starts[[4, 7, 10]].mean(axis=0)
        inside = tips.mean(axis=0) - under
        return _frame(under + unit(inside) * (thick / 2 + flesh.fingers[2, 1]), knuckles, inside)
    if family in ("key", "plate"):
        return _against(cones, packed(pose), family, thick)
    opposite = {"pinch": tips[0], "tripod": tips[:2].mean(axis=0)}.get(family, tips.mean(axis=0))
    middle, web = (opposite + thumb) / 2, hand.bases[1] * [0.86, 1, 1] + [0, flesh.fingers[1, 0], 0]
    if family == "tripod":
        return _frame(middle, middle - web, tips[0] - thumb)
    return _frame(middle, knuckles, opposite - thumb, middle - web)


def _against(cones: Cones, angles: Floats, family: str, thick: float) -> Frame:
    """Return where something flat lies against the index finger's side or against the fingers' pulps."""
    directions, pulps, axes = bones_at(angles)
    if family == "key":
        side, bones, place, radius = axes[1], directions[0, 2], cones.starts[5], cones.radii[5, 0]
    else:
        bones = directions[1:4, 2].mean(axis=0)
        side = pulps[1:4, 2].mean(axis=0)
        place, radius = cones.stops[[5, 8, 11]].mean(axis=0), cones.radii[[5, 8, 11], 1].mean()
    return _frame(place + unit(side) * (radius + thick / 2), bones, -side, bones)


def _frame(place: Floats, along: Floats, through: Floats, away: Floats | None = None) -> Frame:
    """Return a frame whose second axis is `through`; its third is `away` if it can, or else its first `along`."""
    second = unit(through)
    if away is None:
        first = across(along, second)
        third = cross(first, second)
    else:
        third = across(away, second)
        first = cross(second, third)
    return Frame(place, np.stack([first, second, third]))


def close(hand: Hand, flesh: Flesh, pose: HandPose, around: Around, fingers: Iterable[int] = range(5)) -> HandPose:
    """Return the pose with each finger, 0 thumb to 4 little, opened and then curled until it touches what is around;
    a bone that touches holds those before it, and those beyond it curl on."""
    angles = packed(pose)
    held = np.array([0 if finger in fingers else 3 for finger in range(5)])
    for _ in range(3):
        ways = _ways(angles, np.arange(3) >= held[:, None])
        deep = _finger_depths(hand, flesh, ways, around) - PRESSED
        for finger in range(5):
            hits = np.flatnonzero((deep[:, finger, held[finger] :] > 0).any(axis=1))
            if not len(hits):
                held[finger] = 3
                continue
            bone = int(held[finger] + deep[hits[0], finger, held[finger] :].argmax())
            angles[PLACES[finger]] = _touching(ways[:, PLACES[finger]], deep[:, finger, bone], int(hits[0]))
            held[finger] = bone + 1
    return unpacked(clamped(angles), pose.touching)


def _touching(ways: Floats, deep: Floats, hit: int) -> Floats:
    """Return the angles (3,) between the step that hits, of angles (STEPS, 3), and that before, where depth is 0."""
    if hit == 0:
        return np.asarray(ways[0])
    share = deep[hit] / (deep[hit] - deep[hit - 1])
    return np.asarray(ways[hit] + share * (ways[hit - 1] - ways[hit]))


def _ways(angles: Floats, moves: NDArray[np.bool_]) -> Floats:
    """Return angles (STEPS, 23) from open to curled of those joints (5, 3) that move."""
    share = np.linspace(0, 1, STEPS)[:, None, None]
    ways = np.repeat(angles[None], STEPS, axis=0)
    opened = PATHS[:, 0] + share * (PATHS[:, 1] - PATHS[:, 0])
    ways[:, PLACES] += np.where(moves, opened, 0)
    return clamped(ways)


def _finger_depths(hand: Hand, flesh: Flesh, ways: Floats, around: Around) -> Floats:
    """Return how deep each finger's bones (STEPS, 5, 3) are in what is around."""
    fingers = cones_at(hand, flesh, ways)[np.arange(FINGER_CONES)]
    deep = np.concatenate([all_depths(fingers, thing) for thing in around.things], axis=-1)
    return np.asarray(deep.max(axis=-1).reshape(STEPS, 5, 3))
