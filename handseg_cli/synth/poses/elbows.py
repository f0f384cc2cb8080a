"""The ways in which an arm can reach a place: its elbow goes round a circle, and each joint has its limits.

Of these the least strained brings a hand where it should be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Floats, Side
from handseg_cli.synth.poses.anatomy import wrist_axes
from handseg_cli.synth.poses.arms import Arm, Goal, Reach, bent, facing, hinged, mirror, thumbwards
from handseg_cli.synth.poses.contact import Cones, Frame, all_depths
from handseg_cli.synth.poses.limits import wrist_within
from handseg_cli.synth.turning import across, cross, unit

# Where the elbow may be on its circle: so many places are looked at, then as many between the best one's neighbours.
SWIVELS = np.linspace(-150, 150, 40)
BETWEEN = np.linspace(-8, 8, 33)
# Degrees: the elbow from straight to bent; the forearm's twist either way from thumb up, palm down being positive.
ELBOW = (2.0, 148.0)
TWIST = 82.0
# An upper arm turns about itself by this many degrees from where its shoulder hangs, and goes so far back at most.
ROLL, BACK = 70.0, 0.35
# Degrees that an elbow may be from where it hangs, before hands would rather turn less.
RAISED = 75.0
# How thick upper arm and forearm are at their ends, by the arm's length.
THICK = np.array([[0.075, 0.065], [0.065, 0.05]])


@dataclass(frozen=True)
class Ways:
    """N ways to reach places (..., 3), one for each place of the elbow, every joint within limits; degrees."""

    reached: Floats  # (..., 1, 3) of the wrist, seen from the shoulder
    upper: Floats  # (..., N, 3) of the elbow, seen from the shoulder
    frames: Floats  # (..., N, 3, 3) as Arm.frame
    bend: Floats  # (..., 1)
    twist: Floats  # (..., N)
    wrist: Floats  # (..., N, 2)
    axes: Floats  # (..., N, 3, 3) of the hand


def ways(arm: Arm, place: Floats, wanted: Floats, swivels: Floats) -> Ways:
    """Return how the wrist comes to places (..., 3) with the hand's axes, if may be, as wanted (..., 3, 3), and the
    elbow swivelled by degrees (N,) from hanging to its side."""
    side = arm.hand.side
    long, short = float(np.linalg.norm(arm.elbow - arm.shoulder)), float(np.linalg.norm(arm.hand.wrist - arm.elbow))
    nearest, farthest = (_span(long, short, bend) for bend in ELBOW[::-1])
    way = (place - arm.shoulder)[..., None, :]
    far, line = np.clip(np.sqrt((way**2).sum(-1, keepdims=True)), nearest, farthest), unit(way)
    share = (long**2 - short**2 + far**2) / (2 * far)
    low = across(np.array([0, -1, -0.05]), line)
    turn = np.radians(swivels)[:, None]
    ring = np.cos(turn) * low + np.sin(turn) * mirror(side) * cross(line, low)
    upper = line * share + ring * np.sqrt(long**2 - share**2)
    fore = unit(line * far - upper)
    frames = hinged(unit(upper), mirror(side) * cross(upper, fore))
    bend = np.degrees(np.arccos(np.clip((far**2 - long**2 - short**2) / (2 * long * short), -1, 1)))
    return Ways(line * far, upper, frames, bend[..., 0], *_hand_on(side, fore, frames, wanted[..., None, :, :]))


def _span(long: float, short: float, bend: float) -> float:
    return float(np.sqrt(long**2 + short**2 + 2 * long * short * np.cos(np.radians(bend))))


def _hand_on(side: Side, fore: Floats, frames: Floats, wanted: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the forearm's twist, the wrist's angles and the hand's axes that come nearest to those wanted."""
    upper, hinge = frames[..., 0, :], frames[..., 1, :]
    along, thumb, out = np.moveaxis(wanted, -2, 0)
    # The wrist bends about an axis at right angles to the forearm, so the forearm has to bring it there.
    palm = unit(cross(fore, thumb))
    palm = palm * np.where(_dot(palm, out)[..., None] < 0, -1, 1)
    level = across(-upper, fore)
    twist = np.clip(np.degrees(np.arctan2(-_dot(palm, level), _dot(palm, hinge))), -TWIST, TWIST)
    angle = np.radians(twist)[..., None]
    palm = np.cos(angle) * hinge - np.sin(angle) * level
    beside = thumbwards(side, palm, fore)
    flexion = np.arctan2(_dot(palm, along), _dot(palm, out))
    deviation = np.arctan2(_dot(fore, thumb), _dot(beside, thumb))
    wrist = wrist_within(np.degrees(np.stack([flexion, deviation], axis=-1)))
    return twist, wrist, wrist_axes(wrist) @ np.stack([fore, beside, palm], axis=-2)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray((a * b).sum(axis=-1))


def strain(arm: Arm, how: Ways, wanted: Floats, aside: Floats) -> Floats:
    """Return how unnatural each of N ways is (..., N), its elbow `aside` degrees (N,) from where it would rather be."""
    upper = how.frames[..., 0, :]
    aside = (aside + 180) % 360 - 180
    cost = (turned(how.axes, wanted[..., None, :, :]) / 6) ** 2 + (aside / 60) ** 2
    cost = cost + (np.maximum(np.abs(aside) - RAISED, 0) / 5) ** 2
    cost = cost + 0.5 * (how.twist / TWIST) ** 2 + ((how.wrist / [60, 25]) ** 2).sum(-1)
    cost = cost + (np.maximum(np.abs(_roll(arm.frame, how.frames)) - ROLL, 0) / 10) ** 2
    return np.asarray(cost + (np.maximum(-upper[..., 2] - BACK, 0) / 0.1) ** 2)


def turned(axes: Floats, wanted: Floats) -> Floats:
    """Return the angle in degrees between frames (..., 3, 3)."""
    cosine = ((axes * wanted).sum(axis=(-1, -2)) - 1) / 2
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _roll(rest: Floats, frames: Floats) -> Floats:
    """Return by how many degrees upper arms (..., 3, 3) are turned about themselves."""
    upper, hinge = frames[..., 0, :], frames[..., 1, :]
    axis = cross(rest[0], upper)
    once = cross(axis, rest[1])
    swung = rest[1] + once + cross(axis, once) / np.maximum(1 + upper @ rest[0], 0.05)[..., None]
    return np.degrees(np.arctan2(_dot(cross(swung, hinge), upper), _dot(swung, hinge)))


def inside(arm: Arm, how: Ways, trunk: Cones) -> Floats:
    """Return how deep the arm itself is in the trunk (..., N) each way, mm."""
    elbow = arm.shoulder + how.upper
    wrist = np.broadcast_to(arm.shoulder + how.reached, elbow.shape)
    size = np.linalg.norm(arm.elbow - arm.shoulder) + np.linalg.norm(arm.hand.wrist - arm.elbow)
    # The upper arm's root is in the trunk anyway.
    starts = np.stack([arm.shoulder + 0.5 * how.upper, elbow], axis=-2)
    cones = Cones(starts, np.stack([elbow, wrist], axis=-2), THICK * size)
    return np.asarray(all_depths(cones, trunk).max(axis=(-1, -2)))


def reach(arm: Arm, goal: Goal, trunk: Cones | None = None, out: float = 20.0) -> Reach:
    """Return how an arm reaches a goal with its elbow low, `out` degrees to its side if it may, and off the trunk."""
    axes = wanted = facing(arm.hand.side, goal.palm, goal.fingers)
    # A hand that cannot turn as asked has its point elsewhere: its wrist then goes where, turned as it can, all fits.
    for _ in range(4):
        aim, place, swivels = axes, goal.place - goal.point @ axes, SWIVELS
        for _ in range(2):
            how = ways(arm, place, aim, swivels)
            deep = np.zeros(len(swivels)) if trunk is None else inside(arm, how, trunk)
            chosen = int((strain(arm, how, aim, swivels - out) + (np.maximum(deep, 0) / 8) ** 2).argmin())
            swivels = swivels[chosen] + BETWEEN
        axes = how.axes[chosen]
        if not goal.point.any() or np.abs(axes - aim).max() < 1e-3:
            break
    at = Frame(arm.shoulder + how.reached[0], axes)
    missed = float(np.linalg.norm(at.place + goal.point @ axes - goal.place))
    upper = how.frames[chosen].T @ arm.frame
    moved = bent(arm, float(how.bend[0]), float(how.twist[chosen]), upper)
    return Reach(moved, how.wrist[chosen], missed, float(turned(axes, wanted)), at, float(deep[chosen]))


def strains(arm: Arm, places: Floats, axes: Floats, out: float) -> Floats:
    """Return how unnatural it is (F,) for a hand to be at places (F, 3) with axes (F, 3, 3), however it gets there."""
    how = ways(arm, places, axes, SWIVELS)
    return np.asarray(strain(arm, how, axes, SWIVELS - out).min(axis=-1))
