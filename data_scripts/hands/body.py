"""Read the CC0 MakeHuman body, morph it, smooth it by one Catmull-Clark step and bend it by its skeleton.

Lengths are decimetres, as in the asset files; matrices act on column vectors.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]


def floats(values: ArrayLike) -> Floats:
    """Return the values as a float32 array."""
    return np.asarray(values, np.float32)


ARM_BONES = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")
LOWER_BONES = ("lowerarm", "wrist", "metacarpal", "finger")


@dataclass(frozen=True)
class Body:
    """The unposed mesh: smooth vertices are `smooth @ vertices`, quads index the smooth ones."""

    vertices: Floats
    smooth: sparse.csr_matrix
    quads: Ints
    uv: Floats
    weights: dict[str, Floats]
    bones: dict[str, tuple[str | None, str, str]]
    joints: tuple[str, ...]
    joint_means: sparse.csr_matrix
    targets: Path
    loaded: dict[str, Floats] = field(default_factory=dict)


def load_body(assets: Path) -> Body:
    """Read mesh, skeleton and weights from the folder `assets` (the one that holds makehuman/)."""
    folder = assets / "makehuman"
    vertices, quads, uv = _read_obj(folder / "base.obj")
    smooth, fine = catmull_clark(quads, len(vertices))
    skeleton = json.loads((folder / "default.mhskel").read_text(encoding="utf-8"))
    listed = json.loads((folder / "default_weights.mhw").read_text(encoding="utf-8"))["weights"]
    weights = {}
    for bone, pairs in listed.items():
        column = np.zeros(len(vertices), np.float32)
        column[[int(i) for i, _ in pairs]] = [w for _, w in pairs]
        weights[bone] = (smooth @ column).astype(np.float32)
    bones = {name: (bone["parent"], bone["head"], bone["tail"]) for name, bone in skeleton["bones"].items()}
    listed = skeleton["joints"].values()
    sizes = [len(indices) for indices in listed]
    rows, columns = np.repeat(np.arange(len(sizes)), sizes), np.concatenate([np.array(x, np.int64) for x in listed])
    means = sparse.diags(1 / np.array(sizes)) @ _incidence(rows, columns, (len(sizes), len(vertices)))
    joints, means = tuple(skeleton["joints"]), means.astype(np.float32)
    return Body(vertices, smooth, fine, _split_uv(uv), weights, bones, joints, means, folder / "targets")


def _read_obj(path: Path) -> tuple[Floats, Ints, Floats]:
    vertices, texture, corners, group = [], [], [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif word == "vt":
            texture.append([float(x) for x in rest.split()[:2]])
        elif word == "g":
            group = rest.strip()
        elif word == "f" and group == "body":
            corners.append([[int(x) - 1 for x in corner.split("/")[:2]] for corner in rest.split()])
    faces = np.array(corners, np.int64)
    return np.array(vertices, np.float32), faces[..., 0], np.array(texture, np.float32)[faces[..., 1]]


def catmull_clark(quads: Ints, count: int) -> tuple[sparse.csr_matrix, Ints]:
    """Return the matrix from `count` vertices to those of one subdivision step, and its (4F, 4) quads."""
    faces = len(quads)
    edges_of = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1)
    ends, edge = np.unique(np.sort(edges_of.reshape(-1, 2), axis=1), axis=0, return_inverse=True)
    edge = edge.reshape(faces, 4)
    face_points = _incidence(np.repeat(np.arange(faces), 4), quads.ravel(), (faces, count)) / 4
    middle = _incidence(np.repeat(np.arange(len(ends)), 2), ends.ravel(), (len(ends), count)) / 2
    edge_face = _incidence(edge.ravel(), np.repeat(np.arange(faces), 4), (len(ends), faces))
    inner = np.asarray(edge_face.sum(axis=1)).ravel() == 2
    edge_points = _rows(inner) @ (middle / 2 + edge_face @ face_points / 4) + _rows(~inner) @ middle
    around = _incidence(quads.ravel(), np.repeat(np.arange(faces), 4), (count, faces))
    spokes = _incidence(ends.ravel(), np.repeat(np.arange(len(ends)), 2), (count, len(ends)))
    n = np.maximum(np.asarray(spokes.sum(axis=1)).ravel(), 1).astype(np.float64)
    valence = np.maximum(np.asarray(around.sum(axis=1)).ravel(), 1)
    one = sparse.identity(count, format="csr")
    interior = sparse.diags(1 / (n * valence)) @ around @ face_points
    interior = interior + sparse.diags(2 / n**2) @ spokes @ middle + sparse.diags((n - 3) / n) @ one
    rim_spokes = spokes @ _rows(~inner)
    rim = np.asarray(rim_spokes.sum(axis=1)).ravel() > 0
    vertex_points = _rows(~rim) @ interior + _rows(rim) @ (one / 2 + rim_spokes @ middle / 4)
    matrix = sparse.vstack([vertex_points, edge_points, face_points]).tocsr()
    centre = count + len(ends) + np.arange(faces)
    mine, previous = count + edge, count + np.roll(edge, 1, axis=1)
    fine = np.stack([quads, mine, np.repeat(centre[:, None], 4, axis=1), previous], axis=-1)
    return matrix.astype(np.float32), fine.reshape(-1, 4)


def _incidence(rows: Ints, columns: Ints, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def _rows(chosen: NDArray[np.bool_]) -> sparse.csr_matrix:
    return sparse.diags(chosen.astype(np.float64))


def _split_uv(uv: Floats) -> Floats:
    middle = (uv + np.roll(uv, -1, axis=1)) / 2
    centre = np.repeat(uv.mean(axis=1, keepdims=True), 4, axis=1)
    return np.stack([uv, middle, centre, np.roll(middle, 1, axis=1)], axis=2).reshape(-1, 4, 2)


def morph(body: Body, amounts: dict[str, float]) -> Floats:
    """Return the coarse vertices with each target file (path below targets/, no suffix) added by its amount."""
    vertices = body.vertices.copy()
    for name, amount in amounts.items():
        if name not in body.loaded:
            body.loaded[name] = _read_target(body.targets / f"{name}.target", len(vertices))
        vertices += np.float32(amount) * body.loaded[name]
    return vertices


def _read_target(path: Path, count: int) -> Floats:
    moved = np.zeros((count, 3), np.float32)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and line[0].isdigit():
            index, *delta = line.split()
            moved[int(index)] = [float(x) for x in delta]
    return moved


def joints_of(body: Body, vertices: Floats) -> dict[str, Floats]:
    """Return the position of every joint of the unposed body, keyed as in the skeleton file."""
    return dict(zip(body.joints, body.joint_means @ vertices, strict=True))


def pose(body: Body, vertices: Floats, turns: dict[str, Floats]) -> tuple[Floats, dict[str, Floats]]:
    """Bend the smooth body by rotation vectors per bone about unposed axes; return its vertices and bone matrices."""
    joints = joints_of(body, vertices)
    matrices: dict[str, Floats] = {}
    for bone in body.bones:
        _bone_matrix(body, bone, joints, turns, matrices)
    points = (body.smooth @ vertices).astype(np.float32)
    moved = np.zeros_like(points)
    total = np.zeros(len(points), np.float32)
    for bone, weight in body.weights.items():
        used = np.flatnonzero(weight)
        matrix = matrices[bone]
        moved[used] += weight[used, None] * (points[used] @ matrix[:3, :3].T + matrix[:3, 3])
        total[used] += weight[used]
    return moved / np.maximum(total, 1e-6)[:, None], matrices


def _bone_matrix(
    body: Body, bone: str, joints: dict[str, Floats], turns: dict[str, Floats], done: dict[str, Floats]
) -> Floats:
    if bone not in done:
        parent, head, _ = body.bones[bone]
        above = np.eye(4, dtype=np.float32)
        if parent is not None:
            above = _bone_matrix(body, parent, joints, turns, done)
        local = np.eye(4, dtype=np.float32)
        if bone in turns:
            local[:3, :3] = rotation(turns[bone])
            local[:3, 3] = joints[head] - local[:3, :3] @ joints[head]
        done[bone] = above @ local
    return done[bone]


def rotation(vector: Floats) -> Floats:
    """Return the (3, 3) matrix of a rotation vector in radians."""
    return np.asarray(cv2.Rodrigues(np.asarray(vector, np.float64))[0], np.float32)


def arm_coordinate(body: Body, vertices: Floats, side: str) -> Floats:
    """Return how far each smooth vertex lies beyond the wrist of `side` along the unposed arm; -inf elsewhere."""
    joints = joints_of(body, vertices)
    wrist, elbow = joints[f"wrist.{side}____head"], joints[f"lowerarm01.{side}____head"]
    shoulder = joints[f"upperarm01.{side}____head"]
    points = (body.smooth @ vertices).astype(np.float32)
    length = float(np.linalg.norm(wrist - elbow))
    fore = (points - wrist) @ ((wrist - elbow) / length)
    upper = (points - elbow) @ ((elbow - shoulder) / np.linalg.norm(elbow - shoulder)) - length
    lower = bone_weight(body, LOWER_BONES, side)
    whole = bone_weight(body, ARM_BONES, side)
    share = np.clip(lower / np.maximum(whole, 1e-6), 0, 1)
    return np.where(whole > 0.5, share * fore + (1 - share) * upper, -np.inf).astype(np.float32)


def bone_weight(body: Body, prefixes: tuple[str, ...], side: str) -> Floats:
    """Return each smooth vertex's summed weight of the bones of one side with these name starts."""
    chosen = [w for name, w in body.weights.items() if name.startswith(prefixes) and name.endswith(f".{side}")]
    return floats(np.sum(chosen, axis=0))


@lru_cache(maxsize=16)
def read_skin(path: Path) -> NDArray[np.uint8]:
    """Return a skin atlas as 8-bit sRGB (H, W, 3)."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), np.uint8)


def restrict(body: Body, chosen: NDArray[np.bool_]) -> Body:
    """Return the body with only those smooth quads whose four vertices are `chosen`."""
    kept = chosen[body.quads].all(axis=1)
    rows, packed = np.unique(body.quads[kept], return_inverse=True)
    weights = {name: w[rows] for name, w in body.weights.items() if w[rows].any()}
    return replace(body, smooth=body.smooth[rows], quads=packed.reshape(-1, 4), uv=body.uv[kept], weights=weights)


def upper_body(body: Body) -> Body:
    """Return the body from the hips up."""
    arms = sum(bone_weight(body, ARM_BONES, side) for side in "LR")
    return restrict(body, ((body.smooth @ body.vertices)[:, 1] > 0.4) | (arms > 0.3))
