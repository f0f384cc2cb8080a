"""Dress an arm in skin, sleeve, watch or glove, look at it through a random camera, and shade it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hands import picture, pose
from hands.body import (
    ARM_BONES,
    Body,
    Floats,
    Ints,
    arm_coordinate,
    bone_weight,
    floats,
    joints_of,
    morph,
    restrict,
    upper_body,
)
from hands.body import pose as bend
from hands.cloth import Skin, fabric
from numpy.typing import NDArray

HAND, ARM, CLOTH, JEWEL, OTHER_SKIN, HAIR = 1, 2, 3, 4, 5, 6
FAR = 9.0
SKIN_WRAP = np.array([0.28, 0.12, 0.07], np.float32)


@dataclass(frozen=True)
class Surface:
    """Points (V, 3) with triangles; per corner uv (T, 3, 2) and `keep` (T, 3); `labels` before and beyond
    the wrist, and, where not 0, `elsewhere` than on the arms."""

    points: Floats
    triangles: Ints
    uv: Floats
    keep: Floats
    texture: Floats | NDArray[np.uint8]
    labels: tuple[int, int]
    along: Floats
    rim: NDArray[np.bool_]
    gloss: float = 0.04
    bump: float = 1.0
    double: bool = False
    skin: Skin | None = None
    elsewhere: int = 0


@dataclass(frozen=True)
class Studio:
    """What is read once: the arm meshes per side, the upper body, the skins and the environments."""

    arms: dict[str, Body]
    torso: Body
    skins: list[Path]
    lights: list[picture.Light]


@dataclass(frozen=True)
class Posed:
    """A posed arm: points, arm coordinate (0 at the wrist), around-angle, and the hand's frame in the world."""

    body: Body
    points: Floats
    along: Floats
    angle: Floats
    rim: NDArray[np.bool_]
    wrist: Floats
    palm: Floats
    forward: Floats
    fore: Floats


def open_studio(assets: Path, body: Body) -> Studio:
    """Prepare both arms, all skins and all environments under `assets`."""
    arms = {side: restrict(body, bone_weight(body, ARM_BONES, side) > 0.5) for side in "LR"}
    lights = [picture.read_environment(path) for path in sorted((assets / "hdri").glob("*.hdr"))]
    return Studio(arms, upper_body(body), sorted((assets / "skins").glob("*.jpg")), lights)


def pose_arm(body: Body, side: str, rng: np.random.Generator, name: str | None = None) -> Posed:
    """Draw a body shape and a pose for the arm of `side`."""
    vertices = morph(body, pose.random_shape(rng, side))
    turns = pose.hand_turns(body, vertices, side, pose.random_hand(rng, name))
    turns |= pose.arm_turns(body, vertices, side, float(rng.uniform(-35, 70)), float(rng.uniform(-60, 60)))
    points, matrices = bend(body, vertices, turns)
    joints = joints_of(body, vertices)
    along = arm_coordinate(body, vertices, side)
    unposed = (body.smooth @ vertices).astype(np.float32) - joints[f"wrist.{side}____head"]
    palm, forward = pose.palm_axes(joints, side)
    axis = picture.unit(joints[f"wrist.{side}____head"] - joints[f"lowerarm01.{side}____head"])
    sideways = picture.unit(np.cross(axis, palm))
    angle = np.arctan2(unposed @ sideways, unposed @ np.cross(sideways, axis))
    hand, elbow = matrices[f"wrist.{side}"], matrices[f"lowerarm02.{side}"]
    wrist = (hand @ np.append(joints[f"wrist.{side}____head"], 1))[:3]
    frame = (hand[:3, :3] @ palm, hand[:3, :3] @ forward, elbow[:3, :3] @ axis)
    return Posed(
        body,
        points,
        along,
        angle.astype(np.float32),
        open_rim(body.quads, len(points)),
        wrist.astype(np.float32),
        *frame,
    )


def open_rim(quads: Ints, count: int) -> NDArray[np.bool_]:
    """Tell for each of `count` points whether it lies on an edge that only one quad has."""
    edges = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    ends, uses = np.unique(edges[:, 0] * count + edges[:, 1], return_counts=True)
    rim = np.zeros(count, bool)
    rim[np.concatenate([ends[uses == 1] // count, ends[uses == 1] % count])] = True
    return rim


def halves(quads: Ints) -> Ints:
    """Cut quads (Q, 4) into triangles (2Q, 3), the halves of a quad one after the other."""
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def skin_surface(arm: Posed, skin: Skin, start: float, stop: float) -> Surface:
    """Return the bare skin between two arm coordinates."""
    triangles = halves(arm.body.quads)
    uv = arm.body.uv[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3, 2) * floats([1, -1]) + floats([0, 1])
    keep = np.minimum(arm.along[triangles] - start, stop - arm.along[triangles])
    return Surface(arm.points, triangles, uv, keep, skin.atlas, (ARM, HAND), arm.along, arm.rim, skin=skin)


def cloth_surface(arm: Posed, span: tuple[float, float], offset: Floats, texture: Floats, scale: float) -> Surface:
    """Return a tube around the arm over `span`, each point lifted by `offset` (V,); the texture repeats by `scale`."""
    near = (arm.along > span[0] - 0.3) & (arm.along < span[1] + 0.3)
    triangles = halves(arm.body.quads)
    triangles = triangles[near[triangles].all(axis=1)]
    normals = picture.vertex_normals(arm.points, halves(arm.body.quads))
    points = arm.points + normals * offset[:, None]
    turn = arm.angle[triangles] / (2 * np.pi)
    # A triangle that straddles the seam would otherwise run backwards through the whole texture.
    turn = turn + ((turn.max(axis=1, keepdims=True) - turn) > 0.5)
    repeats = max(1, round(3 / scale))
    uv = np.stack([turn * repeats, arm.along[triangles] / scale], axis=-1).astype(np.float32)
    along = arm.along[triangles]
    keep = np.minimum(along - span[0], span[1] - along)
    return Surface(points, triangles, uv, keep, texture, (CLOTH, CLOTH), arm.along, arm.rim, gloss=0.01, double=True)


def sleeve_offset(arm: Posed, end: float, rng: np.random.Generator) -> Floats:
    """Return how far a sleeve that ends at `end` stands off the skin: thickness, wrinkles and hem."""
    loose = float(rng.choice([0.03, 0.06, 0.12], p=[0.35, 0.4, 0.25]))
    wrinkles = np.zeros_like(arm.along)
    for _ in range(5):
        along, around, phase = rng.uniform(2, 12), rng.integers(-2, 3), rng.uniform(0, 6.3)
        wrinkles += np.sin(arm.along.clip(-9, 9) * along + arm.angle * around + phase).astype(np.float32) / 5
    hem = 0.015 * (end - arm.along < 0.12) * float(rng.uniform(0, 1) < 0.6)
    return (loose + 0.8 * loose * wrinkles + 0.02 + hem).astype(np.float32)


def watch(arm: Posed, rng: np.random.Generator) -> list[Surface]:
    """Return a band around the wrist and, for a watch, its face on the back."""
    middle, wide = float(rng.uniform(-0.55, -0.28)), float(rng.choice([0.04, 0.1, 0.11]))
    colour = floats(
        rng.choice([[0.02] * 3, [0.25, 0.11, 0.05], [0.45] * 3, [0.7, 0.5, 0.2], [*rng.uniform(0, 0.6, 3)]])
    )
    texture = np.broadcast_to(colour, (8, 8, 3)).copy()
    texture[::2] *= np.float32(rng.uniform(0.6, 1))
    offset = np.full_like(arm.along, 0.025)
    band = cloth_surface(arm, (middle - wide, middle + wide), offset, texture, 0.12)
    parts = [replace(band, labels=(JEWEL, JEWEL), gloss=0.3, bump=0.0)]
    if wide > 0.05:
        parts.append(_watch_face(arm, middle, rng))
    return parts


def _watch_face(arm: Posed, middle: float, rng: np.random.Generator) -> Surface:
    ring = np.abs(arm.along - middle) < 0.12
    centre = arm.points[ring].mean(axis=0)
    back = ring & (np.abs(np.abs(arm.angle) - np.pi) < 0.5)
    top = arm.points[back].mean(axis=0) if back.any() else centre - arm.palm * 0.25
    up = picture.unit(top - centre)
    up = picture.unit(up - arm.fore * np.dot(up, arm.fore))
    aside = np.cross(arm.fore, up)
    corners = 24 if rng.uniform() < 0.6 else 4
    turn = (np.arange(corners) + 0.5) / corners * 2 * np.pi
    radius = float(rng.uniform(0.15, 0.21)) * (1.25 if corners == 4 else 1)
    rim = radius * (np.cos(turn)[:, None] * arm.fore + np.sin(turn)[:, None] * aside)
    points = np.concatenate(
        [top + rim - 0.05 * up, top + rim + 0.07 * up, top + 0.8 * rim + 0.08 * up, [top + 0.08 * up]]
    )
    i, j = np.arange(corners), np.roll(np.arange(corners), -1)
    quads = np.concatenate([np.stack([i, j, corners + j, corners + i], 1) + corners * k for k in (0, 1)])
    fan = np.stack([2 * corners + i, 2 * corners + j, np.full(corners, 3 * corners)], 1)
    triangles = np.concatenate([halves(quads), fan])
    texture = floats(rng.choice([0.02, 0.1, 0.6])) * np.ones((4, 4, 3), np.float32)
    texture[:2] = floats(rng.choice([0.01, 0.02, 0.8]))
    uv = np.full((len(triangles), 3, 2), 0.75, np.float32)
    uv[-corners:] = 0.2
    ones = np.ones((len(triangles), 3), np.float32)
    along = np.full(len(points), middle, np.float32)
    return Surface(
        points.astype(np.float32),
        triangles,
        uv,
        ones,
        texture,
        (JEWEL, JEWEL),
        along,
        np.zeros(len(points), bool),
        0.3,
        0.0,
        True,
    )


def dress(arm: Posed, skin: Skin, rng: np.random.Generator, style: str = "") -> list[Surface]:
    """Return skin, and at random or by style a sleeve, watch or glove, as surfaces."""
    drawn = str(rng.choice(["sleeve", "short", "bare", "glove"], p=[0.5, 0.12, 0.32, 0.06]))
    style = style or drawn
    start, stop, parts = -FAR, FAR, []
    if style in ("sleeve", "short"):
        long = 0.12 - min(float(rng.exponential(0.6)), 2.4)
        end = long if style == "sleeve" else float(rng.uniform(-4.5, -2.6))
        offset = sleeve_offset(arm, end, rng)
        parts.append(cloth_surface(arm, (-FAR, end), offset, fabric(rng), float(rng.uniform(0.25, 1.2))))
        start = end - 0.4
    if style == "glove":
        glove, stop = _glove(arm, rng)
        parts.append(glove)
    if style in ("bare", "short") and rng.uniform() < 0.3:
        parts += watch(arm, rng)
    return [skin_surface(arm, skin, start, stop), *parts]


def _glove(arm: Posed, rng: np.random.Generator) -> tuple[Surface, float]:
    colour = rng.choice([[0.03, 0.12, 0.5], [0.8, 0.8, 0.78], [0.02] * 3, [0.8, 0.5, 0.05], [0.1, 0.4, 0.35]])
    tile = (np.array(colour) * np.exp(rng.normal(0, 0.03, (32, 32, 1)))).astype(np.float32)
    end = float(rng.uniform(-1.0, -0.2))
    offset = np.full_like(arm.along, 0.015) + 0.02 * (arm.along < 0) + 0.02 * (np.abs(arm.along - end) < 0.05)
    glove = cloth_surface(arm, (end, FAR), offset.astype(np.float32), tile, 0.3)
    return replace(glove, labels=(CLOTH, HAND), gloss=0.08, bump=0.6), end + 0.3
