"""Hands, bodies and things as rounded cones and boxes, and how deep two of them lie in each other, in millimetres.

A cone's axis runs from a start to a stop with a radius at each: capsules and, where both ends are one, balls too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self, TypeVar

import numpy as np

from handseg_cli.synth.body import Body, Floats, Ints, Side
from handseg_cli.synth.lately import lately
from handseg_cli.synth.poses.anatomy import Hand, bones_at, joints_along

# Flesh gives: an overlap of less is a touch.
TOUCH = 2.0
# So many points of a finger's skin tell how thick it is.
RING = 48
# Cones of a hand, in order: three of each finger, thumb first, then those of the palm behind each finger's base.
FINGER_CONES, PALM_CONES = 15, 4
# Where beside a finger's joints its flesh is measured: after which joint, how far on by that bone's length. Beside base
# and tip rather than at them: there the skin runs into the palm, or comes to its end.
SLICES, SHARES = np.array([0, 0, 1, 2]), np.array([0.4, 1.0, 1.0, 0.78])
# A box is looked at from so many places of a cone's axis.
LOOKS = np.linspace(0, 1, 5)


@dataclass(frozen=True)
class Frame:
    """Where something is, told in another's frame: its origin and its axes as rows."""

    place: Floats  # (3,)
    axes: Floats  # (3, 3)

    def reversed(self) -> Frame:
        """Return where the other frame is, told in this one."""
        return Frame(-self.axes @ self.place, self.axes.T)


@dataclass(frozen=True)
class Cones:
    """N rounded cones; starts and stops are (..., N, 3) where there are many poses of them."""

    starts: Floats  # (N, 3)
    stops: Floats  # (N, 3)
    radii: Floats  # (N, 2)

    def __len__(self) -> int:
        return len(self.radii)

    def __getitem__(self, which: Ints) -> Cones:
        return Cones(self.starts.take(which, -2), self.stops.take(which, -2), self.radii.take(which, 0))

    def moved(self, frame: Frame) -> Self:
        """Return what is told in a frame as it is where the frame itself is told."""
        return replace(self, starts=self.starts @ frame.axes + frame.place, stops=self.stops @ frame.axes + frame.place)

    def shifted(self, way: Floats) -> Cones:
        """Return the cones moved by a way (..., 3)."""
        return Cones(self.starts + way[..., None, :], self.stops + way[..., None, :], self.radii)


@dataclass(frozen=True)
class Boxes:
    """M boxes by their centres, half sizes, and axes as rows."""

    centres: Floats  # (M, 3)
    axes: Floats  # (M, 3, 3)
    halves: Floats  # (M, 3)

    def __len__(self) -> int:
        return len(self.halves)

    def __getitem__(self, which: Ints) -> Boxes:
        return Boxes(self.centres[which], self.axes[which], self.halves[which])

    def moved(self, frame: Frame) -> Self:
        """Return what is told in a frame as it is where the frame itself is told."""
        return replace(self, centres=self.centres @ frame.axes + frame.place, axes=self.axes @ frame.axes)


class Told(Protocol):
    """Something that is told in a frame."""

    def moved(self, frame: Frame) -> Self: ...


Solid = TypeVar("Solid", bound=Told)


def moved(solid: Solid, frame: Frame) -> Solid:
    """Return what is told in a frame as it is where the frame itself is told."""
    return solid.moved(frame)


def into(solid: Solid, frame: Frame) -> Solid:
    """Return what is told where a frame is told as it is told in that frame: the opposite of `moved`."""
    return solid.moved(frame.reversed())


def joined(*parts: Cones) -> Cones:
    """Return the cones of all parts."""
    return Cones(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("starts", "stops", "radii")))


def depths(first: Cones, second: Cones | Boxes) -> tuple[Floats, Floats]:
    """Return how deep each of N cones lies in its partner (..., N), negative when apart, and where (..., N, 3)."""
    return _in_cones(first, second) if isinstance(second, Cones) else _in_boxes(first, second)


def all_depths(first: Cones, second: Cones | Boxes) -> Floats:
    """Return how deep each of N cones lies in each of M solids (..., N, M)."""
    one, two = np.divmod(np.arange(len(first) * len(second)), len(second))
    found = depths(first[one], second[two])[0]
    return np.asarray(found.reshape(*found.shape[:-1], len(first), len(second)))


def deepest(first: Cones, second: Cones | Boxes) -> tuple[float, Floats]:
    """Return how deep cones lie in solids at most, negative when apart, and where (3,)."""
    one, two = np.divmod(np.arange(len(first) * len(second)), len(second))
    depth, where = depths(first[one], second[two])
    worst = int(depth.argmax())
    return float(depth[worst]), where[worst]


def _in_cones(first: Cones, second: Cones) -> tuple[Floats, Floats]:
    one, two, between = first.stops - first.starts, second.stops - second.starts, first.starts - second.starts
    a, b, c, d, e = (_dot(*pair) for pair in ((one, one), (one, two), (two, two), (one, between), (two, between)))
    a, c = np.maximum(a, 1e-9), np.maximum(c, 1e-9)
    # The shares of both axes at which these come nearest to each other.
    s = _share((b * e - c * d) / np.maximum(a * c - b * b, 1e-6))
    t = _share((b * s + e) / c)
    s = _share((b * t - d) / a)
    here, there = first.starts + s[..., None] * one, second.starts + t[..., None] * two
    apart = here - there
    gap = np.sqrt(_dot(apart, apart))
    radius = first.radii[..., 0] + s * (first.radii[..., 1] - first.radii[..., 0])
    radius = radius + second.radii[..., 0] + t * (second.radii[..., 1] - second.radii[..., 0])
    return radius - gap, (here + there) / 2


def _dot(first: Floats, second: Floats) -> Floats:
    # Thrice as fast as a sum along an axis of three.
    product = first * second
    return np.asarray(product[..., 0] + product[..., 1] + product[..., 2])


def _share(values: Floats) -> Floats:
    # What `clip` does, without its calls.
    return np.asarray(np.minimum(np.maximum(values, 0), 1))


def _in_boxes(cones: Cones, boxes: Boxes) -> tuple[Floats, Floats]:
    places = cones.starts[..., None, :] + LOOKS[:, None] * (cones.stops - cones.starts)[..., None, :]
    radii = cones.radii[:, :1] + LOOKS * (cones.radii[:, 1:] - cones.radii[:, :1])
    local = (places - boxes.centres[:, None]) @ np.swapaxes(boxes.axes, -1, -2)
    beyond = np.abs(local) - boxes.halves[:, None]
    outside = np.sqrt((np.maximum(beyond, 0) ** 2).sum(-1))
    depth = radii - outside - np.minimum(beyond.max(axis=-1), 0)
    look = depth.argmax(axis=-1)[..., None]
    where = np.take_along_axis(places, look[..., None], axis=-2)[..., 0, :]
    return np.take_along_axis(depth, look, axis=-1)[..., 0], where


@dataclass(frozen=True)
class Flesh:
    """How thick a hand is: the radii at each finger's joints, and the cones of its palm, in the hand's frame."""

    fingers: Floats  # (5, 4)
    below: Floats  # (5, 4) how far towards the pulp the middle of the flesh lies from the joints
    ends: Floats  # (5,) how far beyond the last joint a finger reaches
    palm: Cones  # of PALM_CONES

    @cached_property
    def radii(self) -> Floats:
        """Return the radii (19, 2) of all cones of the hand, at both ends."""
        fingers = np.stack([self.fingers[:, :-1], self.fingers[:, 1:]], axis=-1).reshape(-1, 2)
        return np.concatenate([fingers, self.palm.radii])


def flesh_of(body: Body, hand: Hand) -> Flesh:
    """Measure the fingers' and the palm's thickness from a body's points at rest."""
    names = " ".join(bone.name for bone in body.bones)
    limbs = _limbs(names, body.holders, body.weights, hand.side)
    points = [(body.points[limb] - hand.wrist) @ hand.axes.T for limb in limbs]
    measures = np.array([_finger(points[finger + 1], hand, finger) for finger in range(5)])
    last = _rest_joints(hand)[:, 2]
    ends = np.array([((points[f + 1] - last[f]) @ hand.rest[f, 2, :, 0]).max() for f in range(5)])
    return Flesh(measures[..., 0], measures[..., 1], ends, _palm(points[0], hand.bases[1:]))


@lately(16)
def _limbs(names: str, holders: Ints, weights: Floats, side: Side) -> tuple[Ints, ...]:
    """Return which points bones with these names hold the most: those of a side's palm, then of each finger."""
    limbs = np.array([_limb(name, side) for name in names.split()])
    limb = limbs[holders[np.arange(len(holders)), weights.argmax(axis=1)]]
    return tuple(np.flatnonzero(limb == number) for number in range(6))


def _limb(bone: str, side: Side) -> int:
    """Return 1 to 5 for a finger's bone, 0 for the palm's, -1 elsewhere."""
    if not bone.endswith(f".{side}"):
        return -1
    return int(bone[6]) if bone.startswith("finger") else -(not bone.startswith(("wrist", "metacarpal")))


def _rest_joints(hand: Hand) -> Floats:
    steps = np.cumsum(hand.rest[..., 0] * hand.lengths[..., None], axis=1)
    return np.asarray(hand.bases[:, None] + np.concatenate([np.zeros((5, 1, 3)), steps], axis=1))


def _finger(points: Floats, hand: Hand, finger: int) -> Floats:
    """Return how thick the flesh (P, 3) around a finger's joints is, and how far below them its middle, (4, 2)."""
    frames = hand.rest[finger, SLICES]
    middles = _rest_joints(hand)[finger, SLICES] + frames[..., 0] * (SHARES * hand.lengths[finger, SLICES])[:, None]
    ahead, down, aside = frames.transpose(2, 0, 1) @ points.T - np.einsum("sac,sa->cs", frames, middles)[..., None]
    off = np.abs(ahead) + 0.3 * np.maximum(np.maximum(np.abs(down), np.abs(aside)) - 15, 0)
    ring = np.argpartition(off, min(RING, len(points) - 1), axis=1)[:, :RING]
    around = np.stack([np.take_along_axis(values, ring, axis=1) for values in (down, aside)])
    low, high = np.moveaxis(np.partition(around, (2, -3), axis=2)[..., [2, -3]], -1, 0)
    half, middle = (high - low) / 2, (high[0] + low[0]) / 2
    measures = np.column_stack([half.mean(axis=0), middle])
    measures[0] = np.minimum([half[:, 0].min(), middle[0]], measures[1] + [3, 2])
    return measures


def _palm(points: Floats, knuckles: Floats) -> Cones:
    """Return a cone from near the wrist to each knuckle (4, 3), as thick as the palm (P, 3) there."""
    # Near the wrist the thumb's ball covers one side: what lies before the middle finger speaks for all.
    heel = np.repeat([[*_slab(points, 0.3 * knuckles[1])]], 4, axis=0)
    heads = np.array([_slab(points, 0.88 * knuckle) for knuckle in knuckles])
    starts = np.column_stack([0.3 * knuckles[:, :2], heel[:, 0]])
    return Cones(starts, np.column_stack([0.88 * knuckles[:, :2], heads[:, 0]]), np.stack([heel[:, 1], heads[:, 1]], 1))


def _slab(points: Floats, place: Floats) -> tuple[float, float]:
    """Return the middle and half the thickness of the palm (P, 3) at a place."""
    near = np.argsort(((points - place)[:, :2] ** 2).sum(axis=1))[:RING]
    low, high = np.quantile(points[near, 2], [0.06, 0.94])
    # Its pads give more than fingers do.
    return (low + high) / 2, 0.45 * (high - low)


def cones_at(hand: Hand, flesh: Flesh, angles: Floats) -> Cones:
    """Return the cones (..., 19, 3) of a hand's fingers and palm in its frame at angles (..., 23)."""
    directions, pulps, _ = bones_at(angles)
    joints = joints_along(hand, directions)
    both = np.empty((2, *angles.shape[:-1], FINGER_CONES + PALM_CONES, 3))
    both[0, ..., FINGER_CONES:, :], both[1, ..., FINGER_CONES:, :] = flesh.palm.starts, flesh.palm.stops
    starts, stops = both[..., :FINGER_CONES, :].reshape(2, *directions.shape)
    np.add(joints[..., :-1, :], flesh.below[:, :-1, None] * pulps, out=starts)
    np.add(joints[..., 1:, :], flesh.below[:, 1:, None] * pulps, out=stops)
    # Skin between two fingers' roots is shared, and a fingertip is as round as it is thick.
    starts[..., 1:, 0, :] += 0.35 * (stops[..., 1:, 0, :] - starts[..., 1:, 0, :])
    stops[..., 2, :] += directions[..., 2, :] * (flesh.ends - hand.lengths[:, 2] - flesh.fingers[:, 3])[:, None]
    return Cones(both[0], both[1], flesh.radii)


def self_pairs() -> tuple[Ints, Ints]:
    """Return the numbers of those cones of one hand that may run into each other, pair by pair."""
    pairs = [(3 * f + k, 3 * g + m) for f in range(5) for g in range(f + 1, 5) for k in range(3) for m in range(3)]
    # The thumb's root is part of the palm, beside the fingers' roots.
    pairs = [(i, j) for i, j in pairs if i != 0 or j % 3 > 0]
    palm = range(FINGER_CONES, FINGER_CONES + PALM_CONES)
    pairs += [(3 * f + k, p) for f in range(5) for k in (1, 2) for p in palm]
    pairs.remove((1, FINGER_CONES))
    first, second = np.array(pairs).T
    return first, second
