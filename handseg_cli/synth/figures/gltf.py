"""Reading a skinned mesh from a glTF file: only what such files of hands hold, and every number checked."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.figures.asset_files import MOST_BYTES, damaged, read_json

KINDS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
MOST_POINTS = 1_000_000


@dataclass(frozen=True)
class Skinned:
    """V points with T triangles held by B named joints, as the file has them: metres, y up."""

    points: Floats  # (V, 3)
    uv: Floats  # (V, 2), rows running down
    triangles: Ints  # (T, 3)
    holders: Ints  # (V, 4)
    weights: Floats  # (V, 4)
    names: tuple[str, ...]
    binds: Floats  # (B, 4, 4) joint -> mesh when nothing is bent


def read_gltf(path: Path) -> Skinned:
    """Read the first mesh and skin of a glTF file whose buffers lie in it or beside it."""
    file = read_json(path)
    try:
        primitive = file["meshes"][0]["primitives"][0]
        parts = primitive["attributes"]
        skin = file["skins"][0]
        names = tuple(str(file["nodes"][node]["name"]) for node in skin["joints"])
        buffers = [_buffer(path, buffer) for buffer in file["buffers"]]
        points, uv, holders, weights = (
            _values(file, buffers, parts[name], width)
            for name, width in (("POSITION", 3), ("TEXCOORD_0", 2), ("JOINTS_0", 4), ("WEIGHTS_0", 4))
        )
        corners = _values(file, buffers, primitive["indices"], 1).reshape(-1, 3).astype(np.int64)
        inverse = _values(file, buffers, skin["inverseBindMatrices"], 16).astype(np.float64)
        # glTF keeps matrices by columns.
        binds = np.linalg.inv(inverse.reshape(-1, 4, 4).transpose(0, 2, 1))
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, np.linalg.LinAlgError) as error:
        raise damaged(path, f"is no skinned mesh ({type(error).__name__}: {error!s:.80})") from None
    mesh = Skinned(points, uv, corners, holders.astype(np.int64), weights, names, binds)
    _check(path, mesh)
    return mesh


def _check(path: Path, mesh: Skinned) -> None:
    count = len(mesh.points)
    if not len(mesh.triangles) or {len(mesh.uv), len(mesh.holders), len(mesh.weights)} != {count}:
        raise damaged(path, "has a mesh with parts of several lengths")
    if mesh.triangles.max() >= count or mesh.holders.max() >= len(mesh.names) or len(mesh.binds) != len(mesh.names):
        raise damaged(path, "has a mesh that names points or joints that are not there")
    finite = all(np.isfinite(each).all() for each in (mesh.points, mesh.uv, mesh.weights, mesh.binds))
    if not finite or mesh.weights.min() < 0 or mesh.weights.sum(axis=1).min() <= 0:
        raise damaged(path, "has a mesh with numbers that are none")


def _buffer(path: Path, buffer: dict[str, Any]) -> bytes:
    """Return the bytes of a buffer: in the file as base64, or in a file beside it."""
    uri = str(buffer["uri"])
    if uri.startswith("data:"):
        try:
            return base64.b64decode(uri.partition(",")[2], validate=True)
        except binascii.Error:
            raise damaged(path, "has a buffer that is no base64") from None
    beside = path.with_name(Path(uri).name)
    if Path(uri).name != uri or not beside.is_file() or beside.stat().st_size > MOST_BYTES:
        raise damaged(path, f"needs {uri!r} beside it")
    return beside.read_bytes()


def _values(file: dict[str, Any], buffers: list[bytes], number: int, width: int) -> NDArray[Any]:
    """Return the rows (N, width) of an accessor; ValueError where it reaches out of its buffer."""
    accessor = file["accessors"][_natural(number)]
    if WIDTHS[accessor["type"]] != width or "sparse" in accessor:
        raise ValueError(f"accessor {number} holds something else")
    view = file["bufferViews"][_natural(accessor["bufferView"])]
    kind = np.dtype(KINDS[accessor["componentType"]])
    count, stride = _natural(accessor["count"]), _natural(view.get("byteStride", kind.itemsize * width))
    start = _natural(view.get("byteOffset", 0)) + _natural(accessor.get("byteOffset", 0))
    found = np.frombuffer(buffers[_natural(view["buffer"])], np.uint8)
    size = kind.itemsize * width
    if not 0 < count <= MOST_POINTS or stride < size or start + stride * (count - 1) + size > len(found):
        raise ValueError(f"accessor {number} reaches out of its buffer")
    rows = np.lib.stride_tricks.as_strided(found[start:], (count, size), (stride, 1))
    return np.ascontiguousarray(rows).view(kind)


def _natural(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no index")
    return value
