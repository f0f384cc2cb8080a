"""A figure that can be bent: mesh, bones, and where each of its points lies on hand and arm.

Lengths are millimetres; y is up, x to the figure's left, z forward. Matrices act on column vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Side = Literal["L", "R"]

LEFT, RIGHT = 1, 2  # as in Sample.sides
FINGERS = ("thumb", "index", "middle", "ring", "little")


@dataclass(frozen=True)
class Bone:
    """A bone at rest; a body's bones come parents first. `parent` is an index, -1 for a root."""

    name: str  # MakeHuman's: upperarm01.L, lowerarm01.L, lowerarm02.L, wrist.L, finger1-1.L .. finger5-3.L, head ...
    parent: int
    head: Floats  # (3,)
    tail: Floats  # (3,)


@dataclass(frozen=True)
class Marks:
    """Where the V points of a mesh lie on hands and arms."""

    side: NDArray[np.uint8]  # (V,) LEFT, RIGHT, or 0 off the arms
    along: Floats  # (V,) mm beyond the wrist's plane along the unposed arm, negative on the arm, -1e4 off the arms
    finger: NDArray[np.uint8]  # (V,) 1 thumb .. 5 little, and some way on into the palm; 0 elsewhere
    reach: Floats  # (V,) along its finger: 0 at the plane through its base joint, 1, 2 at the next ones', 3 at the tip;
    # negative is palm, the web between two fingers too


@dataclass(frozen=True)
class Body:
    """A figure at rest: V points, T triangles, B bones."""

    points: Floats  # (V, 3)
    triangles: Ints  # (T, 3), outside counter-clockwise
    uv: Floats  # (T, 3, 2) into its skin, rows running down
    bones: tuple[Bone, ...]
    holders: Ints  # (V, K) the bones that move each point
    weights: Floats  # (V, K) by how much, rows summing to one
    marks: Marks


@dataclass(frozen=True)
class Posed:
    """A bent figure: its body, its points now, and what each bone did: rest (x, y, z, 1) -> now."""

    body: Body
    points: Floats  # (V, 3)
    matrices: Floats  # (B, 4, 4)


# Whose head each of a hand's joints is; a fingertip is the tail of the bone before it, which is named again.
JOINT_BONES = ("wrist", *(f"finger{finger}-{joint}" for finger in range(1, 6) for joint in (1, 2, 3, 3)))


def posed(body: Body, turns: Mapping[str, Floats]) -> Posed:
    """Return the body with each named bone turned by its rotation vector (3,), radians about axes at rest."""
    matrices = bone_matrices(body.bones, turns)
    return Posed(body, skinned(body, matrices), matrices)


def bone_matrices(bones: tuple[Bone, ...], turns: Mapping[str, Floats]) -> Floats:
    """Return what each bone does, (B, 4, 4): its own turn about its head, then all that its parents do."""
    matrices = np.zeros((len(bones), 4, 4))
    own = dict(zip(turns, rotations(np.array([*turns.values()], np.float64).reshape(-1, 3)), strict=True))
    for number, bone in enumerate(bones):
        above = matrices[bone.parent] if bone.parent >= 0 else np.eye(4)
        matrices[number] = above
        turn = own.get(bone.name)
        if turn is not None:
            matrices[number, :3, :3] = above[:3, :3] @ turn
            matrices[number, :3, 3] += (above[:3, :3] - matrices[number, :3, :3]) @ bone.head
    return matrices


def rotations(vectors: Floats) -> Floats:
    """Return the matrices (N, 3, 3) of rotation vectors (N, 3) in radians."""
    angle = np.linalg.norm(vectors, axis=-1)[:, None, None]
    x, y, z = (vectors / np.maximum(angle[:, 0], 1e-12)).T
    nought = np.zeros_like(x)
    cross = np.stack([nought, -z, y, z, nought, -x, -y, x, nought], axis=-1).reshape(-1, 3, 3)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross))


def skinned(body: Body, matrices: Floats) -> Floats:
    """Return the points (V, 3) where the bones' matrices (B, 4, 4) carry them, each by its holders' weights."""
    # Columns of all matrices beside each other: blending and applying them are then a few passes over flat arrays.
    flat = matrices[:, :3].transpose(0, 2, 1).reshape(-1, 12).astype(np.float32)
    blended = flat.take(body.holders[:, 0], axis=0) * body.weights[:, :1]
    for number in range(1, body.holders.shape[1]):
        blended += flat.take(body.holders[:, number], axis=0) * body.weights[:, number, None]
    moved = blended[:, 9:].copy()
    for axis in range(3):
        moved += blended[:, 3 * axis : 3 * axis + 3] * body.points[:, axis, None]
    return moved


def joints(figure: Posed, side: Side) -> Floats:
    """Return the 21 joints (21, 3) of one hand: wrist, then each finger's base, next, next and tip, thumb first."""
    index = {bone.name: number for number, bone in enumerate(figure.body.bones)}
    carriers = figure.matrices[[index[f"{name}.{side}"] for name in JOINT_BONES]]
    at_rest = rest_joints(figure.body, side)
    return np.asarray(np.einsum("jab,jb->ja", carriers[:, :3, :3], at_rest) + carriers[:, :3, 3])


def rest_joints(body: Body, side: Side) -> Floats:
    """Return the 21 joints (21, 3) of one hand at rest, in the order of `joints`."""
    return chain_joints(body.bones, side)


def chain_joints(bones: tuple[Bone, ...], side: Side) -> Floats:
    """Return the 21 joints (21, 3) of the hand of a side among bones at rest."""
    named = {bone.name: bone for bone in bones}
    chosen = [named[f"{name}.{side}"] for name in JOINT_BONES]
    # A fingertip's bone is that of the joint before it.
    tips = [name == before for before, name in pairwise(JOINT_BONES)]
    return np.array([bone.tail if tip else bone.head for bone, tip in zip(chosen, (False, *tips), strict=True)])


def restrict(body: Body, kept: NDArray[np.bool_]) -> Body:
    """Return the body with only those triangles whose corners are all `kept` (V,); its bones stay."""
    inside = kept[body.triangles].all(axis=1)
    used = np.zeros(len(body.points), bool)
    used[body.triangles[inside]] = True
    place = np.cumsum(used) - 1
    marks = Marks(body.marks.side[used], body.marks.along[used], body.marks.finger[used], body.marks.reach[used])
    return replace(
        body,
        points=body.points[used],
        triangles=place[body.triangles[inside]].astype(body.triangles.dtype),
        uv=body.uv[inside],
        holders=body.holders[used],
        weights=body.weights[used],
        marks=marks,
    )


def vertex_normals(points: Floats, triangles: Ints) -> Floats:
    """Return the unit normals (V, 3) of points, each the mean of its triangles' weighted by their areas."""
    a, b, c = columns(triangles)
    first, second = [], []
    for column in points.T:
        start = column.take(a)
        first.append(column.take(b) - start)
        second.append(column.take(c) - start)
    summed = np.empty((3, len(points)), np.float32)
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        area = first[one] * second[two] - first[two] * second[one]
        summed[axis] = np.bincount(a, area, len(points))
        summed[axis] += np.bincount(b, area, len(points)) + np.bincount(c, area, len(points))
    x, y, z = summed
    return np.ascontiguousarray((summed / np.maximum(np.sqrt(x * x + y * y + z * z), 1e-12)).T)


def columns(triangles: Ints) -> Ints:
    """Return the corners (3, T) of triangles (T, 3) as NumPy looks values up by: else it brings them so every time."""
    return np.ascontiguousarray(triangles.T, np.intp)


def mirrored(body: Body) -> Body:
    """Return the body's mirror image: left becomes right and right left."""
    flip = np.array([-1.0, 1.0, 1.0])
    bones = tuple(Bone(_other_side(bone.name), bone.parent, bone.head * flip, bone.tail * flip) for bone in body.bones)
    side = np.array([0, RIGHT, LEFT], np.uint8)[body.marks.side]
    return replace(
        body,
        points=(body.points * flip).astype(body.points.dtype),
        triangles=body.triangles[:, ::-1].copy(),
        uv=body.uv[:, ::-1].copy(),
        bones=bones,
        marks=replace(body.marks, side=side),
    )


def _other_side(name: str) -> str:
    return name[:-1] + {"L": "R", "R": "L"}[name[-1]] if name.endswith((".L", ".R")) else name


def strongest(weights: Floats, most: int) -> tuple[Ints, Floats]:
    """Return which `most` bones hold each point most (V, K), and by how much (V, K), out of weights (V, B)."""
    holders = np.argsort(-weights, axis=1, kind="stable")[:, :most]
    kept = np.take_along_axis(weights, holders, axis=1)
    return holders.astype(np.int32), (kept / kept.sum(axis=1, keepdims=True)).astype(np.float32)
