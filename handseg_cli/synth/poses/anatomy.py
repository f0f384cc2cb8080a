"""Poses of a hand as angles that mean the same on every body, and the turns of a body's bones that make them.

The zero is the straight flat hand; a body's rest pose, curled a little, is measured from its joints and taken off.
A hand's frame has its axes along it (wrist to middle knuckle), towards the thumb's side, and out of the palm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handseg_cli.synth.body import Body, Floats, Side, rest_joints
from handseg_cli.synth.lately import lately
from handseg_cli.synth.turning import across, cross, unit, vectors_of

# How far out of the plane in which the thumb swings its pulp looks, degrees from across the palm towards before it.
PULP = 38.0
# How many angles a pose has, laid out as HandPose lists them.
ANGLES = 23


@dataclass(frozen=True)
class HandPose:
    """A hand's angles in degrees. The thumb's: opposition about the hand's axis (0 beside the palm, 90 before it),
    abduction away from that axis, turn about itself towards the fingers, flexion of its middle and end joint."""

    flexion: Floats  # (4, 3) index to little finger, of knuckle, middle and end joint; negative bends back
    spread: Floats  # (4,) of the fingers towards the thumb's side
    thumb: Floats  # (5,)
    wrist: Floats  # (2,) flexion towards the palm, deviation to the little finger's side
    touching: tuple[int, ...] = ()  # whom the thumb's tip meets: tips, 1 index to 4 little, 5 the index finger's side


@dataclass(frozen=True)
class Hand:
    """What a body's rest joints tell of one hand, in millimetres, and all but the first three in the hand's frame."""

    side: Side
    wrist: Floats  # (3,) in the body's frame
    axes: Floats  # (3, 3) rows: along, towards the thumb's side, out of the palm, in the body's frame
    forearm: Floats  # (3, 3) rows: the same axes of the hand if held straight, in the body's frame
    bases: Floats  # (5, 3) first joint of each finger
    lengths: Floats  # (5, 3)
    rest: Floats  # (5, 3, 3, 3) of each finger's bones: columns direction, pulp, sideways


def packed(pose: HandPose) -> Floats:
    """Return the angles (23,) of a pose in a row."""
    return np.concatenate([pose.flexion.ravel(), pose.spread, pose.thumb, pose.wrist])


def unpacked(angles: Floats, touching: tuple[int, ...] = ()) -> HandPose:
    """Return the pose of these angles (23,)."""
    return HandPose(angles[:12].reshape(4, 3), angles[12:16], angles[16:21], angles[21:23], touching)


def mix(first: HandPose, second: HandPose, share: float) -> HandPose:
    """Return the pose that lies by `share` (0 to 1) on the way from the first to the second."""
    angles = (1 - share) * packed(first) + share * packed(second)
    nearer = first if share < 0.5 else second
    # Half-way to another pose fingertips have parted.
    return unpacked(angles, nearer.touching if min(share, 1 - share) < 0.1 else ())


@lately(8)
def hand_of(body: Body, side: Side) -> Hand:
    """Measure the hand of `side` from the rest joints."""
    joints = rest_joints(body, side).astype(np.float64)
    wrist, fingers = joints[0], joints[1:].reshape(5, 4, 3)
    elbow = next(bone.head for bone in body.bones if bone.name == f"lowerarm01.{side}")
    along = unit(fingers[2, 0] - wrist)
    palm = cross(fingers[1, 0] - wrist, fingers[4, 0] - wrist) * (1 if side == "R" else -1)
    axes = _axes(along, palm, fingers[1, 0] - fingers[4, 0])
    forearm = _axes(unit(wrist - elbow), axes[2], axes[1])
    local = (fingers - wrist) @ axes.T
    steps = np.diff(local, axis=1)
    lengths = np.sqrt((steps**2).sum(axis=-1))
    return Hand(side, wrist, axes, forearm, local[:, 0], lengths, _rest_frames(unit(steps)))


def _axes(along: Floats, palm: Floats, thumbwards: Floats) -> Floats:
    palm = across(palm, along)
    # Not a cross product of the two: left and right hands are mirrors, their frames of either handedness.
    return np.stack([along, across(across(thumbwards, along), palm), palm])


def _rest_frames(directions: Floats) -> Floats:
    """Return how each bone lies at rest (5, 3, 3, 3): fingers look as far out of the palm as they can."""
    first = directions[:, 0]
    level = np.hypot(first[1:, 0], first[1:, 1])
    fingers = np.stack([-first[1:, 1] / level, first[1:, 0] / level, np.zeros(4)], axis=-1)
    opposition, abduction = np.arctan2(first[0, 2], first[0, 1]), np.arccos(first[0, 0])
    thumb = _thumb_plane(opposition, abduction, np.zeros(()))[1]
    sideways = np.concatenate([thumb[None], fingers])[:, None]
    return _frames(directions, across(np.repeat(sideways, 3, axis=1), directions))


def _frames(directions: Floats, sideways: Floats) -> Floats:
    # Direction, pulp, sideways: this cross product is handless, for all is told in a hand's own, mirrored, frame.
    return np.stack([directions, cross(directions, sideways), sideways], axis=-1)


def _thumb_plane(opposition: Floats, abduction: Floats, turn: Floats) -> tuple[Floats, Floats]:
    """Return where the thumb's first bone points and about what the others bend, (..., 3) each, from radians (...)."""
    c, s, far, near = np.cos(opposition), np.sin(opposition), np.cos(abduction), np.sin(abduction)
    roll = np.radians(PULP) + turn
    ahead, down = np.cos(roll), np.sin(roll)
    direction, bending = np.empty((2, *np.shape(c), 3))
    direction[..., 0], direction[..., 1], direction[..., 2] = far, near * c, near * s
    back = down * far
    bending[..., 0], bending[..., 1], bending[..., 2] = -down * near, back * c - ahead * s, back * s + ahead * c
    return direction, bending


def bones_at(angles: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the directions (..., 5, 3, 3) of all fingers' bones, where their pulps look, and about what each finger
    bends (..., 5, 3)."""
    radians = np.radians(angles)
    spread = radians[..., 12:16]
    first, axes = np.zeros((2, *angles.shape[:-1], 5, 3))
    first[..., 0, :], axes[..., 0, :] = _thumb_plane(radians[..., 16], radians[..., 17], radians[..., 18])
    first[..., 1:, 0] = axes[..., 1:, 1] = np.cos(spread)
    first[..., 1:, 1] = np.sin(spread)
    axes[..., 1:, 0] = -first[..., 1:, 1]
    bends = np.zeros((*angles.shape[:-1], 5, 3))
    bends[..., 0, 1:] = radians[..., 19:21]
    bends[..., 1:, :] = radians[..., :12].reshape(*angles.shape[:-1], 4, 3)
    bent = np.cumsum(bends, axis=-1)[..., None]
    ahead, pulp, cosine, sine = first[..., None, :], cross(first, axes)[..., None, :], np.cos(bent), np.sin(bent)
    return cosine * ahead + sine * pulp, cosine * pulp - sine * ahead, axes


def joints_at(hand: Hand, angles: Floats) -> Floats:
    """Return each finger's joints (..., 5, 4, 3), base to tip, in the hand's frame, of angles (..., 23)."""
    return joints_along(hand, bones_at(angles)[0])


def joints_along(hand: Hand, directions: Floats) -> Floats:
    """Return each finger's joints (..., 5, 4, 3) in the hand's frame, of its bones' directions (..., 5, 3, 3)."""
    joints = np.empty((*directions.shape[:-2], 4, 3))
    joints[..., 0, :] = hand.bases
    for bone in range(3):
        joints[..., bone + 1, :] = joints[..., bone, :] + directions[..., bone, :] * hand.lengths[:, bone, None]
    return joints


def turns(body: Body, side: Side, pose: HandPose) -> dict[str, Floats]:
    """Return the rotation vectors (3,), radians about rest axes, by bone, that put the hand of `side` into a pose."""
    hand = hand_of(body, side)
    directions, pulps, axes = bones_at(packed(pose))
    now = np.stack([directions, pulps, np.repeat(axes[:, None], 3, axis=1)], axis=-1)
    # Both frames have one handedness, so what leads from one to the other is a rotation.
    whole = now @ np.swapaxes(hand.rest, -1, -2)
    own = np.concatenate([whole[:, :1], np.swapaxes(whole[:, :-1], -1, -2) @ whole[:, 1:]], axis=1)
    vectors = vectors_of(hand.axes.T @ own @ hand.axes)
    names = {f"finger{f + 1}-{k + 1}.{side}": vectors[f, k] for f in range(5) for k in range(3)}
    return names | {f"wrist.{side}": wrist_turn(hand, pose.wrist)}


def wrist_turn(hand: Hand, angles: Floats) -> Floats:
    """Return the rotation vector (3,) of the wrist's bone for flexion and deviation (2,) in degrees."""
    return vectors_of((wrist_axes(angles) @ hand.forearm).T @ hand.axes)


def wrist_axes(angles: Floats) -> Floats:
    """Return the hand's axes (..., 3, 3) by rows in the forearm's frame for flexion and deviation (..., 2), degrees."""
    f, d = np.moveaxis(np.cos(np.radians(angles)), -1, 0)
    fs, ds = np.moveaxis(np.sin(np.radians(angles)), -1, 0)
    rows = [f * d, -f * ds, fs, ds, d, np.zeros_like(f), -fs * d, fs * ds, f]
    return np.stack(rows, axis=-1).reshape(*angles.shape[:-1], 3, 3)
