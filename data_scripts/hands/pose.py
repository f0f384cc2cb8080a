"""A repertoire of hand poses and body shapes, drawn at random within what joints allow.

Angles are degrees here: flexion curls towards the palm, spread moves away from the middle finger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hands.body import Body, Floats, joints_of


@dataclass(frozen=True)
class HandPose:
    """Flexion (4, 3) of the joints of index to little finger, spread (4,), and thumb (opposition, out, mcp, ip)."""

    flexion: Floats
    spread: Floats
    thumb: tuple[float, float, float, float]
    wrist: tuple[float, float] = (0.0, 0.0)


# name: flexion of (mcp, pip) per finger index..little, spread factor, thumb (opposition, outwards, mcp, ip)
POSES: dict[str, tuple[list[tuple[float, float]], float, tuple[float, float, float, float]]] = {
    "relaxed": ([(2, 5), (5, 10), (8, 12), (10, 12)], 0.2, (5, 0, 5, 5)),
    "flat": ([(-16, -14), (-16, -14), (-16, -14), (-16, -14)], 0.4, (-15, 10, -5, -5)),
    "spread": ([(-15, -12), (-15, -12), (-15, -12), (-15, -12)], 1.3, (-15, 25, -10, -5)),
    "together": ([(-10, -12), (-10, -12), (-10, -12), (-10, -12)], -0.4, (-5, -8, 0, 0)),
    "fist": ([(60, 75), (62, 78), (64, 76), (66, 72)], -0.1, (32, -5, 30, 40)),
    "point": ([(-8, -8), (60, 78), (62, 76), (64, 72)], 0.0, (35, -5, 30, 40)),
    "two": ([(-10, -10), (-10, -10), (62, 78), (64, 74)], 0.7, (38, -8, 30, 40)),
    "three": ([(-10, -10), (-10, -10), (-10, -10), (60, 72)], 0.8, (38, -8, 30, 30)),
    "thumb_up": ([(60, 75), (62, 78), (64, 76), (66, 72)], -0.1, (-20, 20, -10, -10)),
    "ok": ([(35, 40), (5, 8), (0, 3), (-8, -3)], 0.6, (30, 8, 15, 20)),
    "pinch": ([(35, 32), (38, 36), (42, 42), (45, 45)], 0.0, (30, 8, 12, 15)),
    "grasp": ([(22, 28), (25, 30), (28, 32), (30, 32)], 0.15, (35, 18, 10, 20)),
    "wide_grasp": ([(0, 12), (2, 14), (4, 14), (6, 12)], 0.8, (30, 28, 5, 15)),
    "hook": ([(-5, 60), (-5, 64), (-5, 62), (-5, 56)], 0.0, (5, -5, 10, 15)),
    "typing": ([(0, 20), (-2, 24), (0, 22), (4, 18)], 0.5, (10, 8, 8, 10)),
    "pen": ([(28, 30), (32, 36), (40, 45), (45, 48)], 0.0, (32, 5, 15, 25)),
}
SPREADS = np.array([10.0, 1.0, -8.0, -18.0], np.float32)


def random_hand(rng: np.random.Generator, name: str | None = None) -> HandPose:
    """Draw a pose of the repertoire, partly mixed with a second one, with each joint a little off."""
    names = list(POSES)
    amount = float(rng.choice([0.0, 0.25, 0.5])) if name is None else 0.0
    first = POSES[name or names[rng.integers(len(names))]]
    second = POSES[names[rng.integers(len(names))]]
    bases, thumbs = (np.array([p[i] for p in (first, second)], np.float32) for i in (0, 2))
    mcp_pip = (1 - amount) * bases[0] + amount * bases[1] + rng.normal(0, 5, (4, 2)) + rng.normal(0, 5, (1, 2))
    # The end joint follows the middle one through the shared tendon, by about two thirds.
    flexion = np.column_stack([mcp_pip, 0.66 * mcp_pip[:, 1] + rng.normal(0, 3, 4)])
    spread = SPREADS * ((1 - amount) * first[1] + amount * second[1]) + rng.normal(0, 2, 4)
    thumb = (1 - amount) * thumbs[0] + amount * thumbs[1] + rng.normal(0, 5, 4)
    wrist = (float(np.clip(rng.normal(0, 20), -55, 55)), float(np.clip(rng.normal(0, 9), -20, 25)))
    low, high = [-22, -18, -12], [72, 92, 62]
    return HandPose(np.clip(flexion, low, high).astype(np.float32), spread.astype(np.float32), _four(thumb), wrist)


def _four(values: Floats) -> tuple[float, float, float, float]:
    a, b, c, d = (float(v) for v in values)
    return a, b, c, d


def hand_turns(body: Body, vertices: Floats, side: str, hand: HandPose) -> dict[str, Floats]:
    """Return the rotation vectors (radians, unposed axes) that put the hand of `side` into the pose."""
    joints = joints_of(body, vertices)

    def at(bone: str, end: str = "head") -> Floats:
        return joints[f"{bone}.{side}____{end}"]

    palm, along = palm_axes(joints, side)
    across = np.cross(along, palm)
    turns: dict[str, Floats] = {}
    for finger in range(4):
        for joint in range(3):
            bone = f"finger{finger + 2}-{joint + 1}"
            direction = at(bone, "tail") - at(bone)
            # Turning about direction x palm carries the direction towards the palm.
            axis = np.cross(direction, palm)
            turn = axis / np.linalg.norm(axis) * hand.flexion[finger, joint]
            if joint == 0:
                sign = 1.0 if float(np.dot(np.cross(palm, along), at("finger2-1") - at("finger5-1"))) > 0 else -1.0
                turn = turn + palm * sign * hand.spread[finger]
            turns[f"{bone}.{side}"] = np.radians(turn)
    turns.update(_thumb_turns(at, palm, along, hand.thumb, side))
    radial = at("finger2-1") - at("finger5-1")
    aside = palm * (1.0 if float(np.dot(np.cross(palm, along), radial)) > 0 else -1.0)
    turns[f"wrist.{side}"] = np.radians(across * hand.wrist[0] + aside * hand.wrist[1])
    return turns


def palm_axes(joints: dict[str, Floats], side: str) -> tuple[Floats, Floats]:
    """Return the unit normal out of the palm and the unit direction from wrist to middle finger, unposed."""
    wrist = joints[f"wrist.{side}____head"]
    along = joints[f"finger3-1.{side}____head"] - wrist
    normal = np.cross(joints[f"finger2-1.{side}____head"] - wrist, joints[f"finger5-1.{side}____head"] - wrist)
    curl = joints[f"finger3-3.{side}____tail"] - joints[f"finger3-3.{side}____head"]
    first = joints[f"finger3-1.{side}____tail"] - joints[f"finger3-1.{side}____head"]
    normal = normal * np.sign(np.dot(curl / np.linalg.norm(curl) - first / np.linalg.norm(first), normal))
    along = along / np.linalg.norm(along)
    normal = normal - along * np.dot(normal, along)
    return normal / np.linalg.norm(normal), along


def _thumb_turns(
    at: Callable[..., Floats], palm: Floats, along: Floats, thumb: tuple[float, ...], side: str
) -> dict[str, Floats]:
    opposition, outwards, mcp, ip = thumb
    ulnar = at("finger5-1") - at("finger2-1")
    ulnar = ulnar / np.linalg.norm(ulnar)
    inwards = 0.8 * ulnar + 0.5 * palm
    turns: dict[str, Floats] = {}
    direction = at("finger1-1", "tail") - at("finger1-1")
    out = np.cross(direction, -ulnar)
    # Opposition swings the thumb about the hand's long axis, from beside the palm to before it.
    swing = along * (1.0 if float(np.dot(np.cross(along, -ulnar), palm)) > 0 else -1.0)
    turns[f"finger1-1.{side}"] = np.radians(swing * opposition + out / np.linalg.norm(out) * outwards)
    for bone, angle in (("finger1-2", mcp), ("finger1-3", ip)):
        direction = at(bone, "tail") - at(bone)
        axis = np.cross(direction, inwards)
        turns[f"{bone}.{side}"] = np.radians(axis / np.linalg.norm(axis) * angle)
    return turns


def arm_turns(body: Body, vertices: Floats, side: str, elbow: float, twist: float) -> dict[str, Floats]:
    """Return the rotation vectors that bend the elbow by `elbow` degrees more and turn the forearm by `twist`."""
    joints = joints_of(body, vertices)
    shoulder, bend = joints[f"upperarm02.{side}____head"], joints[f"lowerarm01.{side}____head"]
    wrist = joints[f"wrist.{side}____head"]
    upper, fore = bend - shoulder, wrist - bend
    hinge = np.cross(upper, fore)
    hinge = hinge / np.linalg.norm(hinge)
    fore = fore / np.linalg.norm(fore)
    half = np.radians(fore * twist / 2)
    return {f"lowerarm01.{side}": np.radians(hinge * elbow) + half, f"lowerarm02.{side}": half}


def random_shape(rng: np.random.Generator, side: str) -> dict[str, float]:
    """Draw target amounts for sex, age, origin, muscle and the proportions of arm and hand."""
    male = float(np.clip(rng.normal(0.5, 0.4), 0, 1))
    origin = rng.dirichlet([0.6, 0.6, 0.6])
    old = float(rng.choice([0.0, rng.uniform(0, 0.8)]))
    shape: dict[str, float] = {}
    for share, name in zip(origin, ("african", "asian", "caucasian"), strict=True):
        for sex, part in (("male", male), ("female", 1 - male)):
            for age, amount in (("young", 1 - old), ("old", old)):
                shape[f"macrodetails/{name}-{sex}-{age}"] = float(share) * part * amount
    muscle, weight = rng.choice(["min", "average", "max"]), rng.choice(["min", "average", "max"])
    if (muscle, weight) != ("average", "average"):
        for sex, part in (("male", male), ("female", 1 - male)):
            name = f"macrodetails/universal-{sex}-young-{muscle}muscle-{weight}weight"
            shape[name] = part * float(rng.uniform(0.1, 0.8))
    letter = side.lower()
    for name in ("hand-scale", "hand-fingers-length", "hand-fingers-diameter", "lowerarm-fat", "lowerarm-scale-vert"):
        amount = float(np.clip(rng.normal(0, 0.35), -0.8, 0.8))
        shape[f"armslegs/{letter}-{name}-{'incr' if amount > 0 else 'decr'}"] = abs(amount)
    return {name: amount for name, amount in shape.items() if amount > 0.02}
