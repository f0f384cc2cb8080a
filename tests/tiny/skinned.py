"""A hand of our own making as a glTF file like those of Godot XR Tools."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Body
from handseg_cli.synth.figures.godot import JOINTS, TURN
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand

KINDS = {"<f4": 5126, "|u1": 5121, "<u2": 5123, "<u4": 5125}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def names_and_heads(body: Body) -> tuple[list[str], list[NDArray[Any]]]:
    """Return the joints of a left hand by Godot's names, and where they are."""
    place = {bone.name: bone for bone in body.bones}
    names, heads = ["Wrist_L"], [place["wrist.L"].head]
    for number, (finger, joints) in enumerate(JOINTS.items(), 1):
        ours = [f"finger{number}-{joint}.L" for joint in (1, 2, 3)]
        ours = ours if number == 1 else [f"metacarpal{number - 1}.L", *ours]
        names += [f"{finger}_{joint}_L" for joint in joints]
        heads += [*(place[name].head for name in ours), place[ours[-1]].tail]
    return names, heads


def gltf(body: Body | None = None) -> dict[str, Any]:
    """Return a left hand without its forearm's bones as what such a file holds."""
    body = body or procedural_hand(HandShape(), "L")
    names, heads = names_and_heads(body)
    # Each point follows the one bone that holds it most; what there is no joint for follows the wrist.
    ours = {bone.name: names.index(_joint(bone.name)) for bone in body.bones}
    held = np.array([ours[bone.name] for bone in body.bones])[body.holders[:, 0]]
    joints, weights = np.zeros((len(held), 4), "|u1"), np.zeros((len(held), 4), "<f4")
    joints[:, 0], weights[:, 0] = held, 1
    inverse = np.tile(np.eye(4, dtype="<f4"), (len(heads), 1, 1))
    inverse[:, 3, :3] = -np.array(heads) / TURN
    uv = (body.points[:, :2] * 1e-3).astype("<f4")
    corners = body.triangles.astype("<u2").reshape(-1, 1)
    arrays = [(body.points / TURN).astype("<f4"), uv, joints, weights, corners, inverse.reshape(-1, 16)]
    return _file(names, arrays)


def _joint(bone: str) -> str:
    kind, _, number = bone.removesuffix(".L").partition("-")
    if kind.startswith("metacarpal"):
        return f"{[*JOINTS][int(kind[-1])]}_Metacarpal_L"
    if not kind.startswith("finger"):
        return "Wrist_L"
    finger, joints = [*JOINTS.items()][int(kind[-1]) - 1]
    return f"{finger}_{joints[int(number) - (kind == 'finger1')]}_L"


def _file(names: list[str], arrays: list[NDArray[Any]]) -> dict[str, Any]:
    starts = np.cumsum([0, *(each.nbytes for each in arrays)])
    data = base64.b64encode(b"".join(each.tobytes() for each in arrays)).decode()
    attributes = {"POSITION": 0, "TEXCOORD_0": 1, "JOINTS_0": 2, "WEIGHTS_0": 3}
    return {
        "asset": {"version": "2.0"},
        "nodes": [{"name": name} for name in names],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 4}]}],
        "skins": [{"joints": [*range(len(names))], "inverseBindMatrices": 5}],
        "accessors": [_accessor(number, each) for number, each in enumerate(arrays)],
        "bufferViews": [{"buffer": 0, "byteOffset": int(start)} for start in starts[:-1]],
        "buffers": [{"byteLength": int(starts[-1]), "uri": f"data:application/octet-stream;base64,{data}"}],
    }


def _accessor(number: int, array: NDArray[Any]) -> dict[str, Any]:
    kind, shape = KINDS[array.dtype.str], TYPES[array.shape[1]]
    return {"bufferView": number, "componentType": kind, "count": len(array), "type": shape}


def write(path: Path, file: dict[str, Any]) -> Path:
    """Write a glTF file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(file))
    return path
