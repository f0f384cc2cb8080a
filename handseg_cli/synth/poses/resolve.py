"""Take a hand out of itself, the other hand and things: joints open or curl within limits, and the wrist gives way.

Least squares on the depths of overlapping cones: a bounded number of steps, the best of which is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.poses.anatomy import ANGLES, Hand, HandPose, packed, unpacked
from handseg_cli.synth.poses.contact import (
    FINGER_CONES,
    PALM_CONES,
    TOUCH,
    Boxes,
    Cones,
    Flesh,
    cones_at,
    depths,
    self_pairs,
)
from handseg_cli.synth.poses.limits import clamped

STEPS = 12
# Overlaps are driven below this, well below a TOUCH, before the search ends.
AIM = 1.0
# How strongly a pose is drawn to where it began, against a square millimetre of overlap.
HOMING = 0.05
# The fingers' outer cones, index to little.
TIPS = np.array([5, 8, 11, 14])
# How far each angle, degrees, and place, mm, is moved to see what comes of it.
NUDGE = 0.2
# How readily things move: degrees of each angle (not the wrist's), then millimetres of the wrist's place.
EASE = np.array([*[5.0, 5.0, 2.0] * 4, *[3.0] * 4, 5, 5, 3, 5, 5, 0, 0, 3, 3, 3])
# Which of them move where the wrist may not give way and where it may, and the places they are moved to.
MOVES = tuple(np.flatnonzero(ease) for ease in (EASE[:ANGLES], EASE))
NUDGED = tuple(np.concatenate([np.zeros((1, len(EASE))), NUDGE * np.eye(len(EASE))[moves]]) for moves in MOVES)
# What gets a thumb out of the fingers' way.
THUMB_LIFTED = np.concatenate([np.zeros(16), [0, 14, 0, -20, -20], np.zeros(2)])
# The pairs of one hand's cones begin with those of the thumb with a finger.
SELF_PAIRS = self_pairs()
THUMB_PAIRS = int(((SELF_PAIRS[0] < 3) & (SELF_PAIRS[1] < FINGER_CONES)).sum())


@dataclass(frozen=True)
class Around:
    """What is around a hand, in its frame; `free` tells whether its wrist may give way, and `between` how many mm
    there are between fingertips that would touch."""

    things: tuple[Cones | Boxes, ...] = ()
    free: bool = False
    between: float = 0.0


@dataclass(frozen=True)
class Resolved:
    """A pose and how far the wrist moved (3,) in the hand's frame; `worst` is the deepest overlap left, all in mm."""

    pose: HandPose
    shift: Floats
    worst: float

    @property
    def done(self) -> bool:
        """Tell whether nothing is deeper in something else than flesh gives."""
        return self.worst < TOUCH


def resolve(hand: Hand, flesh: Flesh, pose: HandPose, around: Around | None = None) -> Resolved:
    """Return the pose changed as little as need be for its parts to touch, but not to be in, each other and what is
    around; where that fails the result says how deep they still are, never deeper than they were."""
    start = np.concatenate([clamped(packed(pose)), np.zeros(3)])
    problem = _Problem(hand, flesh, around or Around(), pose.touching, start)
    found = _search(problem, start, 0)
    if found.miss > TOUCH:
        # Most knots are a thumb on the wrong side of a finger: lift it, then let it come back as far as it can.
        lifted = np.concatenate([clamped(start[:ANGLES] + THUMB_LIFTED), np.zeros(3)])
        found = min(found, _search(problem, lifted, STEPS // 2), key=lambda each: each.miss)
    return Resolved(unpacked(found.place[:ANGLES], pose.touching), found.place[ANGLES:], found.depth)


@dataclass(frozen=True)
class _Found:
    place: Floats  # (26,)
    deep: Floats  # (P,)
    depth: float
    miss: float
    off: float  # how far from the start


def _search(problem: _Problem, place: Floats, least_steps: int) -> _Found:
    """Return the best of the steps from `place`, or else the start."""
    best = first = problem.found(problem.start)
    now, cost = first if place is problem.start else problem.found(place), np.inf
    for number in range(STEPS):
        if best.miss < AIM and number >= least_steps:
            break
        place, slack = problem.step(now, thumb_yields=number < STEPS // 3)
        now = problem.found(place)
        better = now.miss < best.miss or (now.miss < AIM and now.off < best.off)
        if better and now.depth <= max(first.depth, 0.9 * TOUCH):
            best = now
        if slack > 0.98 * cost and number >= least_steps:
            break
        cost = min(cost, slack)
    return best


@dataclass(frozen=True)
class _Problem:
    hand: Hand
    flesh: Flesh
    around: Around
    touching: tuple[int, ...]
    start: Floats  # (26,)

    @cached_property
    def pairs(self) -> list[tuple[Ints, Cones | Boxes]]:
        """Return for each thing the numbers of the hand's cones and the solids that they meet, pair by pair."""
        counts = [(thing, np.arange((FINGER_CONES + PALM_CONES) * len(thing))) for thing in self.around.things]
        return [(numbers // len(thing), thing[numbers % len(thing)]) for thing, numbers in counts]

    def cones(self, places: Floats) -> Cones:
        """Return the hand's cones for angles and shifts (..., 26)."""
        return cones_at(self.hand, self.flesh, places[..., :ANGLES]).shifted(places[..., ANGLES:])

    def depths(self, own: Cones, which: Ints | None = None) -> Floats:
        """Return how deep everything lies in everything else (..., P), or only those of the pairs that are named."""
        first, second = SELF_PAIRS
        if which is None:
            beside = [depths(own[mine], theirs)[0] for mine, theirs in self.pairs]
            return np.concatenate([depths(own[first], own[second])[0], *beside], axis=-1)
        sizes = np.cumsum([len(first), *(len(own) * len(thing) for thing in self.around.things)])
        parts = np.split(which, np.searchsorted(which, sizes[:-1]))
        found = [depths(own[first[parts[0]]], own[second[parts[0]]])[0]]
        for thing, part, begin in zip(self.around.things, parts[1:], sizes, strict=False):
            mine, theirs = np.divmod(part - begin, len(thing))
            found.append(depths(own[mine], thing[theirs])[0])
        return np.concatenate(found, axis=-1)

    def gaps(self, own: Cones) -> Floats:
        """Return how far what should touch the thumb's tip (..., F) is from it, negative when in it."""
        if not self.touching:
            return np.zeros((*own.stops.shape[:-2], 0))
        places = np.concatenate([own.stops[..., TIPS, :], own.starts[..., TIPS[:1], :]], axis=-2)
        radii = np.append(own.radii[TIPS, 1], own.radii[TIPS[0], 0])
        which = np.array(self.touching, int) - 1
        far = np.sqrt(((places[..., which, :] - own.stops[..., 2:3, :]) ** 2).sum(-1))
        return np.asarray(far - radii[which] - own.radii[2, 1] - self.around.between)

    def found(self, place: Floats) -> _Found:
        """Measure one place (26,)."""
        own = self.cones(place)
        deep, gap = self.depths(own), float(np.abs(self.gaps(own)).max(initial=0))
        depth = float(deep.max())
        return _Found(place, deep, depth, max(depth, gap), float(np.abs(place - self.start).sum()))

    def step(self, now: _Found, thumb_yields: bool) -> tuple[Floats, float]:
        """Return angles and shift (26,) after one damped least-squares step, within limits, and the squares before."""
        place = now.place
        moves = MOVES[self.around.free]
        ease = EASE[moves]
        own = self.cones(place + NUDGED[self.around.free])
        active = np.flatnonzero(now.deep > AIM / 2)
        residuals = np.concatenate([self.depths(own, active) - AIM / 2, self.gaps(own)], axis=1)
        slope = ((residuals[1:] - residuals[0]) / NUDGE * ease[:, None]).T
        if thumb_yields:
            # The thumb goes around a closing hand; were they peers, it would wedge the fingers open.
            slope[: len(active)][np.ix_(active < THUMB_PAIRS, moves < 16)] = 0
        # Besides being out of everything, a pose should be near what was asked for, and steps short.
        back = HOMING * (place - self.start)[moves] / ease
        damped = slope.T @ slope + (0.3 + HOMING) * np.eye(len(moves))
        change = np.zeros(len(place))
        change[moves] = -ease * np.linalg.solve(damped, slope.T @ residuals[0] + back)
        change *= min(1.0, 20 / max(float(np.abs(change).max()), 1e-9))
        stepped = np.concatenate([clamped(place[:ANGLES] + change[:ANGLES]), place[ANGLES:] + change[ANGLES:]])
        return stepped, float((residuals[0] ** 2).sum())
