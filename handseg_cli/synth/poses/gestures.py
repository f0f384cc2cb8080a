"""A whole figure's arms and hands: two that meet before it, one at its face, or one at any other goal.

Places and directions are the figure's own: x to its left, y up, z forward, millimetres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from handseg_cli.synth.body import Body, Floats, Posed, Side, bone_matrices, rotations
from handseg_cli.synth.poses.anatomy import HandPose, turns
from handseg_cli.synth.poses.arms import Arm, Goal, Reach, arm_of
from handseg_cli.synth.poses.contact import Frame, flesh_of, into, joined
from handseg_cli.synth.poses.elbows import reach, strains
from handseg_cli.synth.poses.pairs import Limb, Placed, cones_of, met, nearer, settled, spots
from handseg_cli.synth.poses.repertoire import random_pose
from handseg_cli.synth.poses.resolve import Around, resolve
from handseg_cli.synth.poses.trunk import Trunk, carried, face_spot, trunk_of

TRIES, MEETINGS = 4, 32
WELL = 0.5  # cost below which nobody sees what is amiss
SIDES: tuple[Side, Side] = ("L", "R")
STILL = Frame(np.zeros(3), np.eye(3))
# How far, in degrees, a hand may be turned from how it was wanted before it is tried elsewhere.
OFF = 10.0


@dataclass(frozen=True)
class Figure:
    """What is measured once of an upper body with both arms."""

    body: Body
    arms: dict[Side, Arm]
    limbs: dict[Side, Limb]
    trunk: Trunk


@dataclass(frozen=True)
class Gesture:
    """Turns of the bones of a figure's arms and hands, the poses in them, and what went wrong: the deepest overlap
    and the farthest miss in mm, the widest in degrees."""

    turns: dict[str, Floats]
    poses: dict[Side, HandPose]
    worst: float
    missed: float
    off: float

    @property
    def cost(self) -> float:
        """Return how bad all of that is, 0 if it is well."""
        return max(self.worst - 2, 0) + 0.2 * self.missed + 0.2 * max(self.off - OFF, 0)


def figure_of(body: Body) -> Figure:
    """Measure an upper body at rest."""
    arms = {side: arm_of(body, side) for side in SIDES}
    limbs = {side: Limb(arm.hand, flesh_of(body, arm.hand)) for side, arm in arms.items()}
    return Figure(body, arms, limbs, trunk_of(body))


def pair(figure: Figure, name: str, rng: np.random.Generator) -> Gesture:
    """Return a figure whose hands meet before it as a name of `pairs.PAIRS` says, the best of some tries."""
    return best_of(lambda: _try_pair(figure, name, rng))


def best_of(attempt: Callable[[], Gesture]) -> Gesture:
    """Return the first gesture that is well, or else the least bad of TRIES."""
    best = attempt()
    for _ in range(TRIES - 1):
        if best.cost < WELL:
            break
        best = min(best, attempt(), key=lambda gesture: gesture.cost)
    return best


def _try_pair(figure: Figure, name: str, rng: np.random.Generator) -> Gesture:
    lead: Side = "R" if rng.uniform() < 0.5 else "L"
    other: Side = "L" if lead == "R" else "R"
    limbs = figure.limbs[lead], figure.limbs[other]
    hands = met(name, *limbs, rng)
    out = float(rng.normal(25, 12))
    best = _raised(figure, {lead: hands.first, other: hands.second}, rng, out)
    # Hands that could not turn quite as they met give way once more, where they are.
    again = settled(limbs, (Placed(hands.first.pose, best[lead].at), Placed(hands.second.pose, best[other].at)))
    after: dict[Side, Placed] = {lead: again.first, other: again.second}
    reaches = {
        side: reach(figure.arms[side], _goal(hand, STILL), figure.trunk.all, out) for side, hand in after.items()
    }
    return touched(figure, reaches, {side: hand.pose for side, hand in after.items()})


def _raised(figure: Figure, hands: dict[Side, Placed], rng: np.random.Generator, out: float) -> dict[Side, Reach]:
    """Return how both arms reach, with the frame the hands met in put and turned so that the wrists can."""
    frames = [_meeting(figure, rng) for _ in range(MEETINGS)]
    places, axes = (np.array([getattr(frame, name) for frame in frames]) for name in ("place", "axes"))
    cost = np.zeros(MEETINGS)
    for side, hand in hands.items():
        cost += strains(figure.arms[side], places + hand.at.place @ axes, hand.at.axes @ axes, out)
    found = []
    for number in np.argsort(cost, kind="stable")[:3]:
        goals = {side: _goal(hand, frames[number]) for side, hand in hands.items()}
        found.append({side: reach(figure.arms[side], goal, figure.trunk.all, out) for side, goal in goals.items()})
        if _miss(found[-1]) < 0.7:
            break
    return min(found, key=_miss)


def _miss(reaches: dict[Side, Reach]) -> float:
    return max(each.off / OFF + each.missed + max(each.inside - 10, 0) / 10 for each in reaches.values())


def _meeting(figure: Figure, rng: np.random.Generator) -> Frame:
    """Draw where before a figure its hands meet, and how the frame they meet in is turned."""
    shoulders = (figure.arms["L"].shoulder + figure.arms["R"].shoulder) / 2
    reachable = np.linalg.norm(figure.arms["L"].elbow - figure.arms["L"].shoulder)
    place = shoulders + reachable * np.array([rng.normal(0, 0.15), rng.uniform(-1.1, 0.0), rng.uniform(0.8, 1.4)])
    return Frame(place, rotations(np.radians(rng.normal(0, [30, 18, 14]))[None])[0])


def _goal(placed: Placed, frame: Frame) -> Goal:
    axes = placed.at.axes @ frame.axes
    return Goal(frame.place + placed.at.place @ frame.axes, axes[2], axes[0])


def touched(figure: Figure, reaches: dict[Side, Reach], poses: dict[Side, HandPose]) -> Gesture:
    """Return the gesture of arms that reached, after their fingers gave way to each other and to the trunk."""
    at = {side: Placed(replace(poses[side], wrist=each.wrist), each.at) for side, each in reaches.items()}
    worst = 0.0
    for side in at:
        limb, others = figure.limbs[side], [cones_of(figure.limbs[o], at[o]) for o in at if o != side]
        around = Around((into(joined(figure.trunk.all, *others), at[side].at),))
        found = resolve(limb.hand, limb.flesh, at[side].pose, around)
        at[side] = replace(at[side], pose=found.pose)
        worst = max(worst, found.worst, 0.2 * reaches[side].inside)
    turned: dict[str, Floats] = {}
    for side, each in reaches.items():
        turned |= each.turns | turns(figure.body, side, at[side].pose)
    misses = [(each.missed, each.off) for each in reaches.values()]
    return Gesture(
        turned, {side: at[side].pose for side in at}, worst, *(max(each) for each in zip(*misses, strict=True))
    )


def alone(figure: Figure, side: Side, pose: HandPose, goal: Goal, out: float = 20.0) -> Gesture:
    """Return a figure with one hand at a goal, its elbow `out` degrees to the side."""
    return touched(figure, {side: reach(figure.arms[side], goal, figure.trunk.all, out)}, {side: pose})


@dataclass(frozen=True)
class _Face:
    """A gesture at the face: which of `trunk.FACE`, by which of `pairs.spots`, from whose palm and fingers which way
    (to the hand's side, up, forward), with poses of which families, at most how far before it."""

    spot: str
    by: str
    palm: tuple[float, float, float]
    fingers: tuple[float, float, float]
    families: tuple[str, ...]
    gap: float = 0.0


AT_FACE = {
    "cheek": _Face("cheek", "pulps", (-0.7, 0, -0.8), (0.2, 0.9, -0.2), ("flat", "relaxed", "cup")),
    "cheek_fist": _Face("cheek", "knuckles", (-0.7, -0.4, -0.4), (-0.4, 0.8, -0.3), ("fist",)),
    "chin_fist": _Face("chin", "knuckles", (-0.7, 0, -0.7), (-0.2, 1, -0.2), ("fist",)),
    "chin_hold": _Face("chin", "pinch", (-0.4, 0.4, -0.8), (-0.7, 0.7, -0.2), ("pinch", "key", "relaxed")),
    "jaw": _Face("jaw", "palm", (-0.5, 0.5, -0.5), (0.3, 0.8, -0.5), ("flat", "cup", "relaxed")),
    "mouth": _Face("mouth", "pulps", (-0.1, 0, -1), (-0.7, 0.7, -0.1), ("flat", "together", "relaxed", "fist")),
    "nose": _Face("nose", "index", (-0.2, -0.2, -1), (-0.4, 0.8, -0.4), ("point", "pinch")),
    "forehead": _Face("forehead", "pulps", (0, -0.2, -1), (-0.8, 0.6, 0), ("flat", "together", "relaxed")),
    "temple": _Face("temple", "index", (-0.6, 0.1, -0.6), (-0.5, 0.8, -0.5), ("point", "relaxed", "claw")),
    "ear": _Face("ear", "palm", (-1, 0, 0.2), (-0.1, 0.9, -0.4), ("cup", "flat", "relaxed")),
    "eye": _Face("eye", "index", (0, -0.1, -1), (-0.5, 0.8, -0.2), ("point", "relaxed", "pinch")),
    "eyes": _Face("brow", "pulps", (0, -0.1, -1), (-0.7, 0.7, 0), ("flat", "together", "spread")),
    "before": _Face("nose", "palm", (0, 0, -1), (-0.2, 1, 0.1), ("flat", "spread", "relaxed", "fist", "claw"), 220.0),
    "shown": _Face("cheek", "palm", (-0.1, 0, 1), (0, 1, 0.1), ("stop", "peace", "count", "sign", "ok"), 220.0),
}  # fmt: skip


def at_face(figure: Figure, side: Side, name: str, rng: np.random.Generator, head: Floats | None = None) -> Gesture:
    """Return a figure with one hand at its face as a name of AT_FACE says, its head turned by a rotation vector (3,)
    in radians, the best of some tries."""
    nod = {} if head is None else {"head": head}
    # Where the bones are is all that is asked of it: its skin need not follow.
    still = Posed(figure.body, figure.body.points, bone_matrices(figure.body.bones, nod))
    matrix = still.matrices[[bone.name for bone in figure.body.bones].index("head")]
    turned = replace(figure, trunk=replace(figure.trunk, head=carried(figure.trunk.head, matrix)))
    best = best_of(lambda: _try_face(turned, side, AT_FACE[name], still, rng))
    return replace(best, turns=best.turns | nod)


def _try_face(figure: Figure, side: Side, face: _Face, still: Posed, rng: np.random.Generator) -> Gesture:
    mirror = np.array([1.0 if side == "L" else -1.0, 1, 1])
    limb, arm, trunk = figure.limbs[side], figure.arms[side], figure.trunk.all
    pose = replace(random_pose(rng, str(rng.choice(face.families))), touching=())
    spot = face_spot(still, face.spot, side)
    gap = float(rng.uniform(0.15, 1)) * face.gap
    off = 0.3 if gap else 0.12
    palm, fingers = (np.array(way) * mirror + rng.normal(0, off, 3) for way in (face.palm, face.fingers))
    goal = Goal(spot.place + gap * spot.out, palm, fingers, spots(limb, pose)[face.by])
    out = float(rng.normal(25, 12))
    now = reach(arm, goal, trunk, out)
    if not gap:
        placed = nearer(limb, Placed(pose, now.at), figure.trunk.head, -spot.out)
        shift = resolve(limb.hand, limb.flesh, pose, Around((into(trunk, placed.at),), free=True))
        place = placed.at.place + shift.shift @ now.at.axes
        pose, now = shift.pose, reach(arm, Goal(place, goal.palm, goal.fingers), trunk, out)
    return touched(figure, {side: now}, {side: pose})
