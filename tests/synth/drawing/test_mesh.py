"""Meshes as a camera is shown them: cut, split, and without what turns away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.synth.body import Marks
from handseg_cli.synth.drawing.mesh import COARSE_PX, NEAR, Mesh, in_view, mesh_of, projected
from tests.synth.still import ABOVE, AHEAD, ball, looking, sheet


def area(mesh: Mesh) -> float:
    a, b, c = (mesh.points[mesh.triangles[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("level", [-49.0, -20.5, 0.0, 33.3])
def test_a_cut_ends_exactly_where_nothing_is_kept(level: float) -> None:
    thing = ball((0, 0, 0), 50)
    mesh = mesh_of(replace(thing, keep=thing.points[:, 1] - level))
    assert mesh.points[mesh.triangles][..., 1].min() == pytest.approx(level, abs=1e-3)


def test_two_halves_are_the_whole() -> None:
    thing = ball((0, 0, 0), 50)
    keep = thing.points @ np.array([0.3, 1, 0.2], np.float32) - 7
    halves = area(mesh_of(replace(thing, keep=keep))) + area(mesh_of(replace(thing, keep=-keep)))
    assert halves == pytest.approx(area(mesh_of(thing)), rel=1e-5)


def test_a_cut_takes_marks_and_texture_along() -> None:
    thing = ball((0, 0, 0), 50)
    side = np.where(thing.points[:, 0] > 0, 1, 2).astype(np.uint8)
    thing = replace(thing, marks=Marks(side, thing.points[:, 1].copy(), side, thing.points[:, 2].copy()))
    mesh = mesh_of(replace(thing, keep=thing.points[:, 0] + 0.4 * thing.points[:, 1] - 3))
    assert np.allclose(mesh.marks.along, mesh.points[:, 1], atol=1e-3)
    assert np.allclose(mesh.marks.reach, mesh.points[:, 2], atol=1e-3)
    assert np.allclose(mesh.uv, mesh.points[mesh.triangles][..., :2] / 100, atol=1e-5)
    assert set(mesh.marks.side) == {1, 2}


def test_nothing_is_left_of_what_is_all_hole() -> None:
    thing = ball((0, 0, 0), 50)
    assert len(mesh_of(replace(thing, keep=np.full(len(thing.points), -1.0))).triangles) == 0


def test_what_is_nearer_than_the_nearest_plane_is_cut_off() -> None:
    camera = looking(np.array([0.0, 8, 0]), np.array([0.0, 0, 6]))
    shown = in_view(mesh_of(sheet(2000)), camera)
    depth = projected(shown.points, camera)[:, 2]
    assert len(shown.triangles)
    assert depth.min() == pytest.approx(NEAR, abs=0.01)


def test_a_desk_in_view_is_split_finely_and_stays_as_large() -> None:
    desk = mesh_of(sheet(100))
    shown = in_view(desk, ABOVE)
    flat = projected(shown.points, ABOVE)
    pixels = (flat[:, :2] / flat[:, 2:])[shown.triangles]
    assert np.ptp(pixels, axis=1).max() <= COARSE_PX
    assert area(shown) == pytest.approx(area(desk), rel=1e-4)
    assert np.allclose(shown.uv, shown.points[shown.triangles][..., [0, 2]] / 100, atol=1e-5)


def test_only_the_part_in_view_is_split() -> None:
    assert len(in_view(mesh_of(sheet(50_000)), ABOVE).triangles) < 400


def test_backs_are_left_out_unless_both_sides_are_seen() -> None:
    mesh = mesh_of(ball((0, 0, 0), 50))
    assert area(in_view(mesh, AHEAD, double=False)) < 0.5 * area(mesh)
    assert area(in_view(mesh, AHEAD, double=True)) == pytest.approx(area(mesh))


def test_what_is_behind_the_camera_is_left_out() -> None:
    assert len(in_view(mesh_of(ball((0, 0, 900), 50)), AHEAD).triangles) == 0
