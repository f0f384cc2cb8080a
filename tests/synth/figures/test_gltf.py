"""Skinned meshes in glTF files, whole and hostile."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.synth.figures.gltf import read_gltf
from tests.tiny import skinned

FILE = json.dumps(skinned.gltf())


@pytest.fixture
def file() -> Any:
    return json.loads(FILE)


def change(file: Any, where: str, value: Any) -> None:
    *way, last = [int(key) if key.isdigit() else key for key in where.split(".")]
    for key in way:
        file = file[key]
    if value is None:
        del file[last]
    else:
        file[last] = value


def test_what_is_written_is_read(tmp_path: Path, file: Any) -> None:
    mesh = read_gltf(skinned.write(tmp_path / "a.gltf", file))
    assert mesh.names[:3] == ("Wrist_L", "Thumb_Metacarpal_L", "Thumb_Proximal_L")
    assert mesh.points.shape == mesh.weights[:, :3].shape
    assert mesh.holders.max() < len(mesh.names) == len(mesh.binds)
    np.testing.assert_allclose(mesh.binds[:, 3], np.tile([0, 0, 0, 1], (len(mesh.names), 1)))


def test_buffers_may_lie_beside_the_file(tmp_path: Path, file: Any) -> None:
    inside = read_gltf(skinned.write(tmp_path / "a.gltf", file))
    data = base64.b64decode(file["buffers"][0]["uri"].partition(",")[2])
    (tmp_path / "a.bin").write_bytes(data)
    change(file, "buffers.0.uri", "a.bin")
    beside = read_gltf(skinned.write(tmp_path / "b.gltf", file))
    np.testing.assert_array_equal(inside.points, beside.points)


def test_rows_may_lie_apart(tmp_path: Path, file: Any) -> None:
    data = base64.b64decode(file["buffers"][0]["uri"].partition(",")[2])
    count = file["accessors"][0]["count"]
    wide = np.zeros((count, 20), np.uint8)
    wide[:, :12] = np.frombuffer(data, np.uint8, count * 12).reshape(-1, 12)
    uri = "data:;base64," + base64.b64encode(data + wide.tobytes()).decode()
    plain = read_gltf(skinned.write(tmp_path / "a.gltf", file))
    change(file, "buffers.0.uri", uri)
    change(file, "bufferViews.0", {"buffer": 0, "byteOffset": len(data), "byteStride": 20})
    np.testing.assert_array_equal(read_gltf(skinned.write(tmp_path / "b.gltf", file)).points, plain.points)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("meshes", []),
        ("skins", None),
        ("nodes.0.name", None),
        ("meshes.0.primitives.0.attributes.JOINTS_0", None),
        ("meshes.0.primitives.0.indices", 99),
        ("meshes.0.primitives.0.indices", -1),
        ("meshes.0.primitives.0.indices", "4"),
        ("meshes.0.primitives.0.indices", 0),
        ("meshes.0.primitives.0.attributes.TEXCOORD_0", 0),
        ("meshes.0.primitives.0.attributes.WEIGHTS_0", 2),
        ("skins.0.joints", [10**9]),
        ("skins.0.joints", [0, 1]),
        ("accessors.0.count", 10**12),
        ("accessors.0.count", 2_000_000),
        ("accessors.0.count", 5),
        ("accessors.0.count", 0),
        ("accessors.0.count", -3),
        ("accessors.0.count", 1e3),
        ("accessors.0.componentType", 5130),
        ("accessors.0.type", "MAT3"),
        ("accessors.0.byteOffset", 10**9),
        ("accessors.0.sparse", {}),
        ("accessors.0.bufferView", None),
        ("accessors.4.count", 7),
        ("bufferViews.0.byteOffset", 10**30),
        ("bufferViews.0.byteOffset", -12),
        ("bufferViews.0.byteStride", 4),
        ("bufferViews.0.byteStride", 10**9),
        ("bufferViews.0.buffer", 1),
        ("bufferViews.0.buffer", True),
        ("buffers", []),
        ("buffers.0.uri", None),
        ("buffers.0.uri", "data:;base64,@@@"),
        ("buffers.0.uri", "data:;base64,AAAA"),
        ("buffers.0.uri", "../a.bin"),
        ("buffers.0.uri", "/etc/hostname"),
        ("buffers.0.uri", "missing.bin"),
        ("buffers.0.uri", "a\x00b"),
        ("buffers.0", 7),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, file: Any, where: str, value: Any) -> None:
    change(file, where, value)
    path = skinned.write(tmp_path / "a.gltf", file)
    with pytest.raises(DatasetError, match=r"a\.gltf: .*; delete it and run `handseg download assets`, or give"):
        read_gltf(path)


@pytest.mark.parametrize(("array", "value"), [(0, np.nan), (3, 0.0), (5, 0.0), (5, np.inf)])
def test_numbers_that_are_none_are_refused(tmp_path: Path, file: Any, array: int, value: float) -> None:
    data = bytearray(base64.b64decode(file["buffers"][0]["uri"].partition(",")[2]))
    start, width = file["bufferViews"][array]["byteOffset"], 64 if array == 5 else 16
    data[start : start + width] = np.full(width // 4, value, "<f4").tobytes()
    change(file, "buffers.0.uri", "data:;base64," + base64.b64encode(data).decode())
    with pytest.raises(DatasetError, match=r"a\.gltf: "):
        read_gltf(skinned.write(tmp_path / "a.gltf", file))
