"""The files of MakeHuman's body: its mesh, its skeleton, what each bone holds, and the targets of its shapes.

The files measure in decimetres; what is read is in millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from handseg_cli.synth.body import Bone, Floats, Ints
from handseg_cli.synth.figures.asset_files import damaged, read_json, read_text

DECIMETRE = 100.0  # mm


@dataclass(frozen=True)
class Mesh:
    """N points with the Q quads of the body's skin; other points mark joints."""

    points: Floats  # (N, 3)
    quads: Ints  # (Q, 4)
    uv: Floats  # (Q, 4, 2), rows running up


@dataclass(frozen=True)
class Skeleton:
    """B bones, parents first, whose ends are means of a mesh's points."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    ends: sparse.csr_array  # (2 B, N) all heads, then all tails


def read_mesh(path: Path) -> Mesh:
    """Read the points of a Wavefront file and the quads of its group `body`."""
    rows: dict[str, list[list[str]]] = {"v": [], "vt": [], "f": []}
    group = ""
    for line in read_text(path).splitlines():
        word, *rest = line.split()[:5] or [""]
        if word == "g":
            group = " ".join(rest)
        elif word in rows and (word != "f" or group == "body"):
            rows[word].append(rest)
    if group == "body":
        raise damaged(path, "is cut off")  # helpers and joints follow
    try:
        points, texture = np.array(rows["v"], np.float32), np.array(rows["vt"], np.float32)[:, :2]
        corners = np.array([[corner.split("/") for corner in face] for face in rows["f"]], np.int64) - 1
    except (ValueError, IndexError):
        raise damaged(path, "is no mesh of quads") from None
    if points.shape[1:] != (3,) or corners.shape[1:] != (4, 2) or not np.isfinite(points).all():
        raise damaged(path, "is no mesh of quads")
    if corners.min() < 0 or (corners.max(axis=(0, 1)) >= (len(points), len(texture))).any():
        raise damaged(path, "has faces of points that are not there")
    return Mesh(points * np.float32(DECIMETRE), corners[..., 0], texture[corners[..., 1]])


def read_skeleton(path: Path, count: int) -> Skeleton:
    """Read the bones of a mesh of `count` points."""
    found = read_json(path)
    try:
        bones: dict[str, Any] = found["bones"]
        names = _parents_first({name: bone["parent"] for name, bone in bones.items()})
        parents = tuple(names.index(bones[name]["parent"]) if bones[name]["parent"] else -1 for name in names)
        listed = [found["joints"][bones[name][end]] for end in ("head", "tail") for name in names]
        columns = np.concatenate([np.array(points, np.int64) for points in listed])
        sizes = np.array([len(points) for points in listed])
        if not sizes.all():
            raise ValueError
        rows = np.repeat(np.arange(len(listed)), sizes)
        ends = sparse.csr_array((1 / sizes[rows], (rows, columns)), shape=(len(listed), count))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damaged(path, "is no skeleton of this mesh") from None
    return Skeleton(tuple(names), parents, ends.astype(np.float32))


def _parents_first(parents: dict[str, str | None]) -> list[str]:
    """Return the names so that each comes after its parent; ValueError if that cannot be."""
    names: list[str] = []
    while len(names) < len(parents):
        ready = [name for name, parent in parents.items() if name not in names and (not parent or parent in names)]
        if not ready:
            raise ValueError
        names += ready
    return names


def bones_of(skeleton: Skeleton, points: Floats) -> tuple[Bone, ...]:
    """Return the bones in a mesh of points (N, 3)."""
    ends = skeleton.ends @ points
    heads, tails = ends[: len(skeleton.names)], ends[len(skeleton.names) :]
    return tuple(map(Bone, skeleton.names, skeleton.parents, heads, tails))


def read_weights(path: Path, names: tuple[str, ...], count: int) -> sparse.csr_array:
    """Read by how much each of `count` points is held by each of the bones of these names (N, B)."""
    found = read_json(path)
    try:
        held = [np.array(found["weights"].get(name, []), np.float64).reshape(-1, 2) for name in names]
        rows = np.concatenate([pairs[:, 0] for pairs in held]).astype(np.int64)
        columns = np.repeat(np.arange(len(names)), [len(pairs) for pairs in held])
        weights = np.concatenate([pairs[:, 1] for pairs in held])
        matrix = sparse.csr_array((weights, (rows, columns)), shape=(count, len(names)))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damaged(path, "holds no weights of this mesh") from None
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise damaged(path, "holds weights below nought")
    total = np.asarray(matrix.sum(axis=1))
    return (sparse.diags_array(1 / np.where(total > 0, total, 1)) @ matrix).tocsr()


# Three figures are made of the same targets: some seventy, of a quarter of a megabyte each.
@lru_cache(maxsize=128)
def read_target(path: Path, count: int) -> Floats:
    """Read by how much a target moves each of `count` points (count, 3)."""
    rows = [line.split() for line in read_text(path).splitlines() if line[:1].isdigit()]
    try:
        table = np.array(rows, np.float64).reshape(-1, 4)
    except ValueError:
        raise damaged(path, "is no target") from None
    moved = table[:, 0].astype(np.int64)
    if (moved >= count).any() or not np.isfinite(table).all():
        raise damaged(path, "moves points that are not there")
    by = np.zeros((count, 3), np.float32)
    by[moved] = table[:, 1:] * DECIMETRE
    return by
