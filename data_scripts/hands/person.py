"""Dress and pose an upper body with face, so that skin that is no hand, and hands before faces, are known too.

Body axes: x to the body's left, y up, z forward, in decimetres; the eyes are at about (0.3, 7.3, 1.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from hands import picture, pose
from hands.arms import ARM, CLOTH, FAR, HAIR, HAND, OTHER_SKIN, Surface, halves, open_rim
from hands.body import Body, Floats, Ints, arm_coordinate, floats, joints_of, morph, rotation
from hands.body import pose as bend
from hands.cloth import Skin, fabric
from numpy.typing import NDArray

GESTURES = ("face", "chest", "desk", "wave", "meet", "hang")


@dataclass(frozen=True)
class Person:
    """A posed upper body: points, their unposed places, and how far they lie along the arms (-9 on the torso)."""

    body: Body
    points: Floats
    unposed: Floats
    along: Floats
    wrists: dict[str, Floats]
    eyes: tuple[Floats, Floats]
    head: Floats
    neck: float


def pose_person(body: Body, gestures: dict[str, str], rng: np.random.Generator) -> Person:
    """Draw a shape, and hand poses; each side's hand does its gesture of GESTURES."""
    shape = pose.random_shape(rng, "L")
    shape |= {name.replace("/l-", "/r-"): amount for name, amount in shape.items()}
    vertices = morph(body, shape)
    joints = joints_of(body, vertices)
    turns: dict[str, Floats] = {}
    meeting = rng.normal([0, 3.8, 3.4], [0.6, 0.8, 0.5])
    for side in "LR":
        turns |= pose.hand_turns(body, vertices, side, pose.random_hand(rng))
        target, palm = _place(gestures[side], side, meeting, joints, rng)
        turns |= reach(joints, side, target, palm, rng)
    turns["head"] = np.radians(rng.normal(0, [10, 18, 7])).astype(np.float32)
    points, matrices = bend(body, vertices, turns)
    along = np.maximum(*(arm_coordinate(body, vertices, side) for side in "LR"))
    wrists = {s: (matrices[f"wrist.{s}"] @ np.append(joints[f"wrist.{s}____head"], 1))[:3] for s in "LR"}
    unposed = (body.smooth @ vertices).astype(np.float32)
    head = matrices["head"]
    eyes = tuple((head @ np.append(joints[f"eye.{side}____head"], 1))[:3] for side in "LR")
    return Person(
        body, points, unposed, np.maximum(along, -FAR), wrists, eyes, head[:3, :3], float(joints["neck01____head"][1])
    )


def _place(
    gesture: str, side: str, meeting: NDArray[np.float64], joints: dict[str, Floats], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return where the wrist goes, and where the palm should face."""
    out = 1.0 if side == "L" else -1.0
    chin = joints["head____head"] + floats([0, -0.5, 1.3])
    places: dict[str, tuple[list[float], list[float], list[float]]] = {
        "face": ([*(chin + floats([0.5 * out, -0.9, 0.8]))], [0.7, 0.7, 0.4], [-0.3 * out, 0.5, -1]),
        "chest": ([1.6 * out, 3.8, 3.6], [1.0, 1.0, 0.8], [-out, 0.2, 0]),
        "desk": ([1.8 * out, 2.0, 3.4], [0.8, 0.4, 0.6], [0, -1, 0]),
        "wave": ([3.3 * out, 6.4, 1.6], [0.7, 0.8, 0.6], [0, 0, 1]),
        "meet": ([*np.add(meeting, [0.55 * out, 0, 0])], [0.1, 0.3, 0.2], [-out, 0, -0.4]),
        "hang": ([2.6 * out, 0.6, 0.8], [0.3, 0.3, 0.5], [-out, 0, -0.3]),
    }
    middle, spread, palm = places[gesture]
    target = rng.normal(middle, spread)
    return target.astype(np.float32), (np.array(palm) + rng.normal(0, 0.4, 3)).astype(np.float32)


def reach(
    joints: dict[str, Floats], side: str, target: Floats, palm: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """Return the turns of one arm that bring its wrist to `target` with the elbow low and the palm towards `palm`."""
    shoulder, elbow = joints[f"upperarm01.{side}____head"], joints[f"lowerarm01.{side}____head"]
    wrist = joints[f"wrist.{side}____head"]
    upper, fore = float(np.linalg.norm(elbow - shoulder)), float(np.linalg.norm(wrist - elbow))
    way = target - shoulder
    far = float(np.clip(np.linalg.norm(way), abs(upper - fore) + 0.3, upper + fore - 0.02))
    line = picture.unit(way)
    out = 1.0 if side == "L" else -1.0
    low = floats([out * rng.uniform(0.2, 1.2), -1, rng.uniform(-0.6, 0.1)])
    low = picture.unit(low - line * np.dot(low, line))
    share = (upper**2 - fore**2 + far**2) / (2 * far)
    bent = shoulder + line * share + low * np.sqrt(max(upper**2 - share**2, 0))
    first = _between(elbow - shoulder, bent - shoulder)
    carried = rotation(first)
    second = _between(wrist - elbow, carried.T @ (shoulder + line * far - bent))
    axis = picture.unit(wrist - elbow)
    now, wanted = pose.palm_axes(joints, side)[0], rotation(second).T @ carried.T @ palm
    now, wanted = now - axis * np.dot(now, axis), wanted - axis * np.dot(wanted, axis)
    twist = float(np.arctan2(np.dot(np.cross(now, wanted), axis), np.dot(now, wanted)))
    # The forearm turns by a good quarter either way from its middle, not further.
    half = axis * np.float32(np.clip(twist, -1.6, 1.6) / 2)
    return {
        f"upperarm01.{side}": first,
        f"lowerarm01.{side}": _vector(rotation(second) @ rotation(half)),
        f"lowerarm02.{side}": half,
    }


def _between(a: Floats, b: Floats) -> Floats:
    """Return the shortest rotation vector that turns direction `a` into `b`."""
    cross = np.cross(picture.unit(a), picture.unit(b))
    sine = float(np.linalg.norm(cross))
    angle = np.arctan2(sine, float(np.dot(picture.unit(a), picture.unit(b))))
    return np.asarray(cross / max(sine, 1e-6) * angle, np.float32)


def _vector(matrix: Floats) -> Floats:
    return np.asarray(cv2.Rodrigues(matrix.astype(np.float64))[0].ravel(), np.float32)


def dress_person(person: Person, skin: Skin, rng: np.random.Generator) -> list[Surface]:
    """Return skin, shirt, hair and eyes as surfaces."""
    triangles = halves(person.body.quads)
    uv = person.body.uv[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3, 2) * floats([1, -1]) + floats([0, 1])
    rim = open_rim(person.body.quads, len(person.points))
    sleeve = float(rng.choice([rng.uniform(-0.6, 0.1), rng.uniform(-2.5, -0.6), rng.uniform(-4.4, -2.8)]))
    neckline = person.neck + float(rng.uniform(-0.9, 0.25)) + 0.35 * np.abs(person.unposed[:, 0])
    cover = np.minimum(sleeve - person.along, neckline - person.unposed[:, 1])
    everything = np.ones((len(triangles), 3), np.float32)
    bare = Surface(
        person.points, triangles, uv, np.where(cover[triangles] > 0.4, -1, everything), skin.atlas, (ARM, HAND),
        person.along, rim, skin=skin, elsewhere=OTHER_SKIN,
    )  # fmt: skip
    normals = picture.vertex_normals(person.points, triangles)
    shirt = _tube(person, normals, cover, _folds(person, rng), rng)
    parts = [bare, shirt, *_eyes(person, rng)]
    return parts + ([_hair(person, normals, triangles, rim, rng)] if rng.uniform() < 0.85 else [])


def _folds(person: Person, rng: np.random.Generator) -> Floats:
    waves = np.zeros(len(person.points), np.float32)
    for _ in range(6):
        waves += np.sin(person.unposed @ rng.normal(0, 2.2, 3) + rng.uniform(0, 6.3)).astype(np.float32) / 6
    loose = float(rng.uniform(0.06, 0.16))
    return (loose * (1 + 0.6 * waves)).astype(np.float32)


def _tube(person: Person, normals: Floats, cover: Floats, offset: Floats, rng: np.random.Generator) -> Surface:
    triangles = halves(person.body.quads)
    triangles = triangles[(cover[triangles] > -0.3).all(axis=1)]
    points = person.points + normals * offset[:, None]
    uv = person.unposed[triangles][..., :2] / np.float32(rng.uniform(0.5, 2.0))
    rim = open_rim(person.body.quads, len(points))
    keep = cover[triangles]
    return Surface(points, triangles, uv, keep, fabric(rng), (CLOTH, CLOTH), person.along, rim, 0.01, 1.0, True)


def _hair(
    person: Person, normals: Floats, triangles: Ints, rim: NDArray[np.bool_], rng: np.random.Generator
) -> Surface:
    place = person.unposed - floats([0, 7.35, 0.35])
    length = float(rng.uniform(0.05, 0.3))
    strands = np.sin(person.unposed @ rng.normal(0, 5, (3, 4))).mean(axis=1)
    # The hairline: above a plane that falls from the forehead to the nape.
    keep = place[:, 1] * 0.75 - place[:, 2] * 0.65 - float(rng.uniform(0.1, 0.25)) + 0.06 * strands
    keep = np.where(person.along > -FAR + 0.1, -1, np.where(place[:, 1] > -1.0, keep, -1)).astype(np.float32)
    points = person.points + normals * (length * (1 + 0.35 * strands) * np.clip(keep * 4, 0.1, 1))[:, None]
    near = (keep[triangles] > -0.3).all(axis=1)
    colour = np.array([[0.01, 0.008, 0.007], [0.05, 0.025, 0.012], [0.3, 0.18, 0.07], [0.35] * 3])[
        rng.choice(4, p=[0.5, 0.3, 0.12, 0.08])
    ]
    tile = (colour * np.exp(rng.normal(0, 0.5, (1, 64, 1))) * np.ones((64, 1, 1))).astype(np.float32)
    uv = (person.unposed[triangles[near]][..., [0, 1]] / 0.6).astype(np.float32)
    return Surface(
        points.astype(np.float32),
        triangles[near],
        uv,
        keep[triangles[near]],
        tile,
        (HAIR, HAIR),
        person.along,
        rim,
        0.03,
        0.6,
        True,
    )


def _eyes(person: Person, rng: np.random.Generator) -> list[Surface]:
    """Return two balls, each textured by its front disc: pupil, iris and white."""
    rows, columns = np.linspace(0, np.pi * 0.6, 9), np.linspace(0, 2 * np.pi, 17)
    ring, turn = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    ball = np.stack([np.sin(ring) * np.cos(turn), np.sin(ring) * np.sin(turn), np.cos(ring)], axis=1)
    corner = (np.arange(8)[:, None] * 17 + np.arange(16)).ravel()
    triangles = halves(np.stack([corner, corner + 17, corner + 18, corner + 1], axis=1))
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    radius = np.hypot(x, y)[..., None]
    iris = rng.choice([[0.08, 0.035, 0.015], [0.1, 0.16, 0.25], [0.08, 0.12, 0.05]])
    disc = np.where(radius < 0.2, 0.005, np.where(radius < 0.48, iris, [0.62, 0.58, 0.55])).astype(np.float32)
    uv = (ball[triangles][..., :2] * 0.49 + 0.5).astype(np.float32)
    ones, flat = np.ones((len(triangles), 3), np.float32), np.zeros(len(ball), np.float32)
    gaze = rotation(np.radians(rng.normal(0, [8, 12, 0])).astype(np.float32))
    points = [(0.142 * ball @ gaze.T @ person.head.T + centre).astype(np.float32) for centre in person.eyes]
    labels, rim = (OTHER_SKIN, OTHER_SKIN), np.zeros(len(ball), bool)
    return [Surface(at, triangles, uv, ones, disc, labels, flat, rim, 0.3, 0.0, True) for at in points]
