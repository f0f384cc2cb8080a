"""The files of MakeHuman's body, whole and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.synth.figures.asset_files import MOST_BYTES
from handseg_cli.synth.figures.makehuman import load, shaped
from handseg_cli.synth.figures.makehuman_files import bones_of, read_mesh, read_skeleton, read_target, read_weights
from tests.tiny import figure

HINT = r"; delete it and run `handseg download assets`, or give --assets$"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return figure.build(tmp_path) / "makehuman"


def test_only_the_quads_of_the_body_are_read_and_all_points(folder: Path) -> None:
    mesh = read_mesh(folder / "base.obj")
    assert (mesh.points.shape, mesh.quads.shape, mesh.uv.shape) == ((9, 3), (6, 4), (6, 4, 2))
    assert np.ptp(mesh.points[:8], axis=0).tolist() == [200, 200, 200]
    assert mesh.uv[3].tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]


def test_bones_come_parents_first_and_end_in_means_of_points(folder: Path) -> None:
    skeleton = read_skeleton(folder / "default.mhskel", 9)
    assert (skeleton.names, skeleton.parents) == (("root", "neck"), (-1, 0))
    root, neck = bones_of(skeleton, read_mesh(folder / "base.obj").points)
    assert (root.head.tolist(), root.tail.tolist()) == ([0, -100, 0], [0, 0, 0])
    assert (neck.head.tolist(), neck.tail.tolist(), neck.parent) == ([0, 0, 0], [0, 300, 0], 0)


def test_weights_are_made_to_sum_to_one(folder: Path) -> None:
    held = read_weights(folder / "default_weights.mhw", ("root", "neck", "tail"), 9).toarray()
    np.testing.assert_allclose(held[4], [2 / 3, 1 / 3, 0])
    assert held[:, 2].max() == 0
    np.testing.assert_allclose(held[:8].sum(axis=1), 1)
    assert held[8].sum() == 0


def test_a_target_moves_what_it_names(folder: Path) -> None:
    by = read_target(folder / "targets" / "macrodetails" / "taller.target", 9)
    assert by[[0, 2, 8]].tolist() == [[0, 0, 0], [0, 50, 0], [0, 100, 0]]


def test_a_figure_takes_shape(tmp_path: Path) -> None:
    block = load(figure.build(tmp_path))
    plain, tall = shaped(block, {}), shaped(block, {"macrodetails/taller": 0.5})
    # Nothing of it is an arm, so it stays coarse, its corners where subdivision puts them.
    assert plain.triangles.shape == (12, 3)
    np.testing.assert_allclose(np.abs(plain.points), 500 / 9, rtol=1e-5)
    assert np.ptp(tall.points[:, 1]) == pytest.approx(np.ptp(plain.points[:, 1]) * 1.125)
    assert tall.bones[1].tail.tolist() == [0, 350, 0]
    assert not plain.marks.side.any()
    np.testing.assert_allclose(plain.weights.sum(axis=1), 1, rtol=1e-5)
    assert (plain.uv.min(), plain.uv.max()) == (0, 1)


def test_a_missing_file_is_named_with_what_to_do(folder: Path) -> None:
    (folder / "default.mhskel").unlink()
    with pytest.raises(DatasetError, match=r"default\.mhskel: cannot be read \(.*\); run `handseg download assets`"):
        load(folder.parent)
    block = load(figure.build(folder.parent / "other"))
    with pytest.raises(DatasetError, match=r"macrodetails/older\.target: cannot be read"):
        shaped(block, {"macrodetails/older": 1})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing of a mesh",
        figure.OBJ.replace("f 1/1 2/2 4/3 3/4", "f 1/1 2/2 4/3"),
        figure.OBJ.replace("f 1/1 2/2 4/3 3/4", "f 1 2 4 3"),
        figure.OBJ.replace("f 1/1 2/2 4/3 3/4", "f 1/1 2/2 4/3 30/4"),
        figure.OBJ.replace("f 1/1 2/2 4/3 3/4", "f 1/1 2/2 4/3 0/4"),
        figure.OBJ.replace("f 1/1 2/2 4/3 3/4", "f 1/1 2/2 4/3 3/9"),
        figure.OBJ.replace("f 1/1 2/2 4/3 3/4", "f a/1 2/2 4/3 3/4"),
        figure.OBJ.replace("v 1 1 1", "v 1 1 nan"),
        figure.OBJ.replace("v 1 1 1", "v 1 1"),
        figure.OBJ.replace("vt", "#"),
        figure.OBJ[: len(figure.OBJ) // 2],
        figure.OBJ[: figure.OBJ.index("g joint-top")],
    ],
)
def test_a_damaged_mesh_is_refused(folder: Path, text: str) -> None:
    (folder / "base.obj").write_text(text)
    with pytest.raises(DatasetError, match=r"base\.obj: (is|has) .*" + HINT):
        read_mesh(folder / "base.obj")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("bones",), []),
        (("bones", "neck", "parent"), "neck"),
        (("bones", "root", "parent"), "neck"),
        (("bones", "neck", "head"), "nowhere"),
        (("joints", "top"), [9]),
        (("joints", "top"), [-1]),
        (("joints", "top"), []),
        (("joints", "top"), "high"),
        (("joints",), {}),
    ],
)
def test_a_damaged_skeleton_is_refused(folder: Path, where: tuple[str, ...], value: Any) -> None:
    file = json.loads(json.dumps(figure.SKELETON))
    inner = file
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    (folder / "default.mhskel").write_text(json.dumps(file))
    with pytest.raises(DatasetError, match=r"default\.mhskel: is no skeleton of this mesh" + HINT):
        read_skeleton(folder / "default.mhskel", 9)


@pytest.mark.parametrize("weights", [[[9, 1]], [[-1, 1]], [[0, -1]], [[0]], "all", [[0, None]], [["a", 1]]])
def test_damaged_weights_are_refused(folder: Path, weights: Any) -> None:
    (folder / "default_weights.mhw").write_text(json.dumps({"weights": {"root": weights}}))
    with pytest.raises(DatasetError, match=r"default_weights\.mhw: holds .*" + HINT):
        read_weights(folder / "default_weights.mhw", ("root",), 9)


def test_skin_that_no_bone_holds_is_refused(folder: Path) -> None:
    (folder / "default_weights.mhw").write_text(json.dumps({"weights": {"root": [[0, 1.0]]}}))
    with pytest.raises(DatasetError, match=r"default_weights\.mhw: has no bone for some of the skin" + HINT):
        load(folder.parent)


@pytest.mark.parametrize("text", ["9 0 0 1", "0 0 0", "0 0 0 high", "0 0 0 inf"])
def test_a_damaged_target_is_refused(folder: Path, text: str) -> None:
    (folder / "a.target").write_text(text)
    with pytest.raises(DatasetError, match=r"a\.target: .*" + HINT):
        read_target(folder / "a.target", 9)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "default.mhskel").write_bytes(content)
    with pytest.raises(DatasetError, match=r"default\.mhskel: (is no|holds no) .*" + HINT):
        read_skeleton(folder / "default.mhskel", 9)


def test_a_file_that_is_far_too_large_is_not_read(folder: Path) -> None:
    with (folder / "base.obj").open("ab") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(DatasetError, match=r"base\.obj: is far too large" + HINT):
        read_mesh(folder / "base.obj")
