"""Two hands that meet: how each lies in a frame between them, and how they give way to each other.

The frame's axes are the figure's: x to its left, y up, z forward. Hands that meet are told for a right and a left
hand; some are drawn the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.poses.anatomy import Hand, HandPose, mix, packed
from handseg_cli.synth.poses.arms import facing
from handseg_cli.synth.poses.contact import TOUCH, Cones, Flesh, Frame, all_depths, cones_at, into, joined, moved
from handseg_cli.synth.poses.grip import close
from handseg_cli.synth.poses.repertoire import random_pose
from handseg_cli.synth.poses.resolve import Around, resolve
from handseg_cli.synth.turning import unit

ROUNDS = 3
FOREARM = 230.0
# Hands that are to touch are moved by so much at most, mm.
FAR = 40.0


@dataclass(frozen=True)
class Limb:
    """A hand to be placed: what is known of its bones and its flesh."""

    hand: Hand
    flesh: Flesh


@dataclass(frozen=True)
class Placed:
    """A hand's pose, and where it is."""

    pose: HandPose
    at: Frame


@dataclass(frozen=True)
class Pair:
    """Two hands in one frame, and how deep, in mm, they still lie in each other or in themselves."""

    first: Placed
    second: Placed
    worst: float


def spots(limb: Limb, pose: HandPose) -> dict[str, Floats]:
    """Return places (3,) on a posed hand's skin in its frame by name."""
    cones = cones_at(limb.hand, limb.flesh, packed(pose))
    middle = 0.4 * cones.starts[16] + 0.6 * cones.stops[16]
    thick = np.array([0, 0, cones.radii[16].mean()])
    pulps = cones.stops[[2, 5, 8, 11]]
    knuckles = cones.starts[[4, 7, 10]].mean(axis=0)
    return {
        "palm": middle + thick,
        "back": middle - thick,
        "thumb": pulps[0],
        "index": pulps[1],
        "tips": pulps[1:].mean(axis=0),
        "pinch": pulps[:2].mean(axis=0),
        "pulps": knuckles + np.array([0, 0, cones.radii[7, 0]]),
        "knuckles": knuckles + unit(knuckles - middle) * cones.radii[7, 0],
        "wrist": np.array([-12.0, 0, 0]),
    }


def put(limb: Limb, pose: HandPose, axes: Floats, spot: str, place: Floats) -> Placed:
    """Return a hand with its axes turned as told and one of its spots at a place."""
    return Placed(pose, Frame(np.asarray(place, np.float64) - spots(limb, pose)[spot] @ axes, axes))


def cones_of(limb: Limb, placed: Placed) -> Cones:
    """Return a placed hand's cones, with a straight forearm's, where it is placed."""
    hand = cones_at(limb.hand, limb.flesh, packed(placed.pose))
    thick = limb.flesh.palm.radii[1, 0]
    arm = Cones(np.array([[-15.0, 0, 0]]), np.array([[-FOREARM, 0, 0]]), np.array([[1.1, 1.8]]) * thick)
    return moved(joined(hand, arm), placed.at)


def met(name: str, first: Limb, second: Limb, rng: np.random.Generator) -> Pair:
    """Return two hands that meet as PAIRS say, round the origin of the frame between them; `first` leads."""
    draw = _Draw(rng, 1.0 if first.hand.side == "R" else -1.0)
    hands = list(PAIRS[name](draw, first, second))
    limbs = (first, second)
    for number, fingers in CLOSING.get(name, ()):
        limb, placed = limbs[number], hands[number]
        around = Around((into(cones_of(limbs[1 - number], hands[1 - number]), placed.at),))
        hands[number] = replace(placed, pose=close(limb.hand, limb.flesh, placed.pose, around, fingers))
    if name in NEARING:
        way = hands[1].at.place - hands[0].at.place if name == "tapped" else draw.at(1, 0, 0)
        other = cones_of(second, hands[1])
        hands[0] = nearer(first, hands[0], other, unit(way) * NEARING[name])
    pair = settled(limbs, (hands[0], hands[1]), free=name != "fingertips")
    if name != "fingertips":
        return pair
    # Fingers that gave way to the deepest one have parted again; tips are a little slimmer than their cones.
    leading = nearer(first, pair.first, cones_of(second, pair.second), draw.at(0.9 * TOUCH, 0, 0))
    return replace(pair, first=leading, worst=max(pair.worst, 0.9 * TOUCH))


def nearer(limb: Limb, placed: Placed, other: Cones, way: Floats) -> Placed:
    """Return a placed hand moved along a way (3,), or back, by at most FAR mm, to where it is as deep in other cones
    as the way is long."""
    near, way = float(np.linalg.norm(way)), unit(way)
    cones = cones_of(limb, placed)
    low, high = -FAR, FAR
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if all_depths(cones.shifted(middle * way), other).max() < near else (low, middle)
    return replace(placed, at=Frame(placed.at.place + low * way, placed.at.axes))


def settled(limbs: tuple[Limb, Limb], hands: tuple[Placed, Placed], free: bool = True) -> Pair:
    """Return two placed hands after they gave way to each other, in turns; their wrists too if these are free."""
    now, worst = list(hands), [0.0, 0.0]
    for turn in range(2 * ROUNDS):
        number = turn % 2
        limb, placed = limbs[number], now[number]
        around = Around((into(cones_of(limbs[1 - number], now[1 - number]), placed.at),), free=free)
        found = resolve(limb.hand, limb.flesh, placed.pose, around)
        now[number] = Placed(found.pose, Frame(placed.at.place + found.shift @ placed.at.axes, placed.at.axes))
        worst[number] = found.worst
        if turn > 0 and max(worst) < TOUCH:
            break
    return Pair(now[0], now[1], max(worst))


@dataclass(frozen=True)
class _Draw:
    """Directions and places told for a leading right hand, a little off, and mirrored where a left hand leads."""

    rng: np.random.Generator
    sign: float

    def way(self, *direction: float, off: float = 0.1) -> Floats:
        return (np.array(direction) + self.rng.normal(0, off, 3)) * [self.sign, 1, 1]

    def at(self, *place: float) -> Floats:
        return np.array(place) * [self.sign, 1, 1]

    def pose(self, *families: str) -> HandPose:
        return replace(random_pose(self.rng, str(self.rng.choice(families))), touching=())


Two = tuple[Placed, Placed]


def _palms(draw: _Draw, first: Limb, second: Limb, gap: float, cross: float) -> Two:
    """Palms face each other `gap` mm apart, fingers up and forward, their hands crossing by `cross` degrees."""
    lean = draw.rng.uniform(0.1, 1.2)
    angles = lean + np.radians(cross) * np.array([0.5, -0.5])
    ways = [np.array([0, np.cos(angle), np.sin(angle)]) for angle in angles]
    families = ("together", "flat") if abs(cross) < 40 else ("cup",)
    one = draw.pose(*families)
    other = one if gap == 0 else draw.pose(*families)
    right, left = (
        facing(first.hand.side, draw.at(1, 0, 0), ways[0]),
        facing(second.hand.side, draw.at(-1, 0, 0), ways[1]),
    )
    return (
        put(first, one, right, "palm", draw.at(-gap / 2, 0, 0)),
        put(second, other, left, "palm", draw.at(gap / 2, 0, 0)),
    )


def _prayer(draw: _Draw, first: Limb, second: Limb) -> Two:
    return _palms(draw, first, second, 0.0, float(draw.rng.normal(0, 3)))


def _applause(draw: _Draw, first: Limb, second: Limb) -> Two:
    return _palms(draw, first, second, float(draw.rng.uniform(4, 110)), float(draw.rng.normal(0, 18)))


def _clasped(draw: _Draw, first: Limb, second: Limb) -> Two:
    return _palms(draw, first, second, 12.0, float(draw.rng.uniform(55, 95)))


def _tips(draw: _Draw, first: Limb, second: Limb, past: float, aside: float) -> Two:
    """Fingers of both hands lean to each other like a roof and end `past` mm beyond the middle."""
    pose = mix(draw.pose("spread"), draw.pose("cup"), float(draw.rng.uniform(0.3, 0.6)))
    up, forward = draw.rng.uniform(0.7, 1.2), draw.rng.uniform(0.2, 1.0)
    right = facing(first.hand.side, draw.at(1, 0.5, 0), draw.at(0.5, up, forward))
    left = facing(second.hand.side, draw.at(-1, 0.5, 0), draw.at(-0.5, up, forward))
    gap = past - first.flesh.fingers[2, 3]
    return (
        put(first, pose, right, "tips", draw.at(gap, 0, 0) + aside * right[1]),
        put(second, pose, left, "tips", draw.at(-gap, 0, 0)),
    )


def _fingertips(draw: _Draw, first: Limb, second: Limb) -> Two:
    return _tips(draw, first, second, 0.0, 0.0)


def _interlocked(draw: _Draw, first: Limb, second: Limb) -> Two:
    pitch = float(np.linalg.norm(first.hand.bases[1] - first.hand.bases[2]))
    return _tips(draw, first, second, float(draw.rng.uniform(20, 32)), 0.5 * pitch)


def _over_fist(draw: _Draw, first: Limb, second: Limb) -> Two:
    fist = facing(first.hand.side, draw.way(1, 0, -0.2), draw.way(0.35, 0.4, 1))
    right = put(first, draw.pose("fist"), fist, "knuckles", np.zeros(3))
    over = facing(second.hand.side, draw.way(-0.5, -0.1, -1), draw.way(-1, 0.5, 0.3))
    return right, put(second, draw.pose("cup"), over, "palm", 14 * unit(fist[0]))


def _on_back(draw: _Draw, first: Limb, second: Limb) -> Two:
    """The second hand lies on the first one's back."""
    under = facing(first.hand.side, draw.way(0, -1, -0.3), draw.way(1, 0.1, 0.5))
    right = put(first, draw.pose("relaxed", "flat", "fist"), under, "back", np.zeros(3))
    over = facing(second.hand.side, under[2], draw.way(-1, 0, 0.5, off=0.3))
    return right, put(second, draw.pose("cup", "relaxed", "flat"), over, "palm", -2 * under[2])


def _on_arm(draw: _Draw, first: Limb, second: Limb) -> Two:
    """The second hand holds the first one's wrist or forearm from above."""
    under = facing(first.hand.side, draw.way(0, -1, -0.2), draw.way(1, 0, 0.4))
    right = put(first, draw.pose("relaxed", "flat", "fist", "point"), under, "wrist", np.zeros(3))
    behind = float(draw.rng.uniform(15, 110))
    place = right.at.place - behind * under[0] - 1.7 * first.flesh.palm.radii[1, 0] * under[2]
    over = facing(second.hand.side, under[2], draw.way(-0.3, 0, 1, off=0.3))
    return right, put(second, draw.pose("cup"), over, "palm", place)


def _tapped(draw: _Draw, first: Limb, second: Limb) -> Two:
    """The first hand's finger touches the second one's palm."""
    open_hand = facing(second.hand.side, draw.way(-0.5, 1, -0.2), draw.way(-0.7, 0.2, 1))
    left = put(second, draw.pose("flat", "spread"), open_hand, "palm", np.zeros(3))
    tip = facing(first.hand.side, draw.way(0, -1, -0.2), draw.way(0.6, -0.7, 0.4))
    return put(first, draw.pose("point"), tip, "index", 8 * open_hand[2]), left


def _counted(draw: _Draw, first: Limb, second: Limb) -> Two:
    """The first hand takes the second one's index finger between its tips."""
    shown = facing(second.hand.side, draw.way(-1, 0, -0.4), draw.way(-0.4, 0.8, 0.6))
    left = put(second, draw.pose("flat", "spread"), shown, "index", np.zeros(3))
    return put(
        first,
        draw.pose("pinch"),
        facing(first.hand.side, draw.way(0.7, -0.3, -0.6), draw.way(0.9, 0.4, 0.5)),
        "pinch",
        np.zeros(3),
    ), left


PAIRS: dict[str, Callable[[_Draw, Limb, Limb], Two]] = {
    "prayer": _prayer,
    "applause": _applause,
    "clasped": _clasped,
    "fingertips": _fingertips,
    "interlocked": _interlocked,
    "over_fist": _over_fist,
    "on_back": _on_back,
    "on_arm": _on_arm,
    "tapped": _tapped,
    "counted": _counted,
}
# Pairs whose leading hand comes so near, mm deep; what is too deep then bends.
NEARING = {"prayer": 0.9, "fingertips": 6.0, "tapped": 0.6}
# Who closes which digits around the other, in order: 0 the leading hand, 1 the other.
CLOSING: dict[str, tuple[tuple[int, range], ...]] = {
    "clasped": ((0, range(5)), (1, range(5))),
    "over_fist": ((1, range(5)),),
    "on_back": ((1, range(5)),),
    "on_arm": ((1, range(5)),),
    "counted": ((0, range(2)),),
}
