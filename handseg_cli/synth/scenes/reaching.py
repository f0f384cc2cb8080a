"""One arm that reaches into a picture: its hand posed or holding something, and put somewhere before the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Body, Floats, Posed, Side, joints, posed
from handseg_cli.synth.objects.chest import random_thing
from handseg_cli.synth.objects.thing import Grip, Thing, into_hand
from handseg_cli.synth.poses.anatomy import HandPose, hand_of, packed, turns
from handseg_cli.synth.poses.arms import arm_of, bent
from handseg_cli.synth.poses.contact import Cones, Frame, cones_at, flesh_of
from handseg_cli.synth.poses.grip import GRASPS, hold
from handseg_cli.synth.poses.pairs import Limb
from handseg_cli.synth.poses.repertoire import random_pose
from handseg_cli.synth.poses.resolve import resolve
from handseg_cli.synth.scenes.stage import (
    brought,
    carried,
    frame_of,
    hand_axes,
    in_face,
    in_front,
    open_end,
    shows,
)
from handseg_cli.synth.surface import Camera

TRIES = 8  # of places for a hand: where the first few show where its arm ends, most others would
DEEP = 6.0  # mm that what is held may lie in a hand


@dataclass(frozen=True)
class Load:
    """A thing, the grip that it is held by, and where that is in the hand's frame."""

    thing: Thing
    grip: Grip
    frame: Frame


@dataclass(frozen=True)
class Arm:
    """A bent arm that is nowhere yet, the pose of its hand, and what that holds."""

    limb: Limb
    pose: HandPose
    figure: Posed
    load: Load | None = None


@dataclass(frozen=True)
class Reaching:
    """An arm before a camera, its hand as solids, and what it holds, all in the world."""

    side: Side
    figure: Posed
    cones: Cones
    thing: Thing | None


@dataclass(frozen=True)
class Ways:
    """Where a hand comes to be in a picture: mean and deviation of angles in degrees, and how often its palm is seen.

    Fingers point from up outwards by the azimuth and away from the camera by the tilt; the roll turns the palm.
    """

    azimuth: tuple[float, float]
    tilt: tuple[float, float]
    roll: tuple[float, float]
    palm: float


def limb_of(body: Body, side: Side) -> Limb:
    """Measure a body's hand."""
    hand = hand_of(body, side)
    return Limb(hand, flesh_of(body, hand))


def free_arm(body: Body, side: Side, family: str | None, rng: np.random.Generator) -> Arm:
    """Return an arm whose hand holds nothing, in a pose of a family or of any."""
    limb = limb_of(body, side)
    pose = resolve(limb.hand, limb.flesh, random_pose(rng, family)).pose
    return Arm(limb, pose, posed(body, turns(body, side, pose) | elbow(body, side, rng)))


def holding_arm(body: Body, side: Side, rng: np.random.Generator) -> Arm | None:
    """Return an arm whose hand holds something, or None where they do not fit each other."""
    limb, thing = limb_of(body, side), random_thing(rng)
    grips = [grip for grip in thing.grips if grip.family in GRASPS]
    if not grips:
        return None
    grip = grips[rng.integers(len(grips))]
    held = hold(limb.hand, limb.flesh, random_pose(rng, grip.family), grip.family, grip.held)
    if held.worst > DEEP:
        return None
    figure = posed(body, turns(body, side, held.pose) | elbow(body, side, rng))
    return Arm(limb, held.pose, figure, Load(thing, grip, held.frame))


def elbow(body: Body, side: Side, rng: np.random.Generator) -> dict[str, Floats]:
    """Draw how an arm is bent and twisted, as turns of its bones."""
    return bent(arm_of(body, side), float(rng.uniform(5, 90)), float(rng.uniform(-60, 60)))


def put(arm: Arm, ways: Ways, camera: Camera, reach: Floats, rng: np.random.Generator) -> Reaching | None:
    """Put an arm's hand somewhere about `reach` (3,), in the camera's frame; None where its end is always seen."""
    hand = arm.limb.hand
    for _ in range(TRIES):
        there = _slid(_somewhere(arm, ways, camera, reach, rng), camera)
        seen = shows(camera, joints(there, hand.side), -0.01).mean() > 0.5
        if seen and not in_face(camera, there) and not shows(camera, open_end(there)).any():
            frame = frame_of(there, hand.side, hand.axes)
            cones = cones_at(hand, arm.limb.flesh, packed(arm.pose)).moved(frame)
            return Reaching(hand.side, there, cones, _held(arm.load, frame) if arm.load else None)
    return None


def _somewhere(arm: Arm, ways: Ways, camera: Camera, reach: Floats, rng: np.random.Generator) -> Posed:
    hand, figure = arm.limb.hand, arm.figure
    out = 1 if hand.side == "R" else -1
    azimuth, tilt, roll = (np.radians(rng.normal(*each)) for each in (ways.azimuth, ways.tilt, ways.roll))
    roll = roll + (np.pi if rng.uniform() < ways.palm else 0)
    wanted = hand_axes(hand.side, azimuth * out, tilt, roll * out) @ camera.turn.astype(float)
    now = frame_of(figure, hand.side, hand.axes)
    middle = joints(figure, hand.side)[[0, 9]].mean(axis=0).astype(float)
    far = reach[2] * rng.uniform(0.85, 1.2)
    wide = 0.5 * max(camera.size) / float(camera.matrix[0, 0]) * far
    aside = rng.normal(reach[0], 0.3) * wide
    centre = camera.eye + np.array([aside, rng.uniform(-0.45, 0.5) * wide, far]) @ camera.turn.astype(float)
    turn = wanted.T @ now.axes
    return brought(figure, now, Frame(centre - turn @ (middle - now.place), wanted))


def _slid(figure: Posed, camera: Camera) -> Posed:
    """Return an arm slid along the picture to the nearest border behind which its end is out of view."""
    end = open_end(figure)
    if not shows(camera, end).any():
        return figure
    pixels, depth = in_front(camera, end)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    size, edge = np.array(camera.size[::-1]), 0.07 * max(camera.size)
    ways = np.array(
        [[size[0] + edge - low[0], 0], [0, size[1] + edge - low[1]], [-edge - high[0], 0], [0, -edge - high[1]]]
    )
    nearest = ways[np.abs(ways).sum(axis=1).argmin()] * float(depth.max()) / float(camera.matrix[0, 0])
    return carried(figure, np.eye(3), np.array([*nearest, 0.0]) @ camera.turn.astype(float))


def _held(load: Load, hand: Frame) -> Thing:
    world = Frame(load.frame.place @ hand.axes + hand.place, load.frame.axes @ hand.axes)
    return into_hand(load.thing, load.grip, world)
