"""Simple solids: their outsides look out, and their sizes are what was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.looks.shapes import Shape, ball, box, grid, joined, lathe, moved, tube

RING = np.stack([50 * np.cos(np.arange(20) * 0.314), 50 * np.sin(np.arange(20) * 0.314), np.zeros(20)], axis=1)
SOLIDS = {
    "ball": (ball((10, 20, 30), 20, 40), 4 / 3 * np.pi * 6000),
    "box": (box((10, 20, 30)), 6000),
    "rounded box": (box((40, 60, 80), 2.0), 192_000),
    "can": (lathe([(0, 30.0), (10, 30), (10, 0), (0, 0.0)], 60), np.pi * 3000),
    "pipe": (tube(np.array([[0.0, 0, 0], [0, 50, 0], [0, 100, 0]]), 4.0, 40), np.pi * 16 * 105.3),
    "hoop": (tube(RING, 4.0, 20, closed=True), np.pi * 16 * 2 * np.pi * 50),
}


def volume(shape: Shape) -> float:
    a, b, c = (shape.points[shape.triangles[:, i]].astype(float) for i in range(3))
    return float(np.einsum("ta,ta->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize("name", SOLIDS)
def test_a_solid_holds_its_volume_with_the_outside_out(name: str) -> None:
    shape, expected = SOLIDS[name]
    assert volume(shape) == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("name", SOLIDS)
def test_no_triangle_is_a_line(name: str) -> None:
    shape, _ = SOLIDS[name]
    a, b, c = (shape.points[shape.triangles[:, i]] for i in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 0


def test_a_rounded_box_is_as_large_as_asked() -> None:
    assert np.ptp(box((40, 60, 80), 5.0).points, axis=0) == pytest.approx((40, 60, 80))


def test_a_closed_sheet_has_its_seam_in_uv_alone() -> None:
    shape = lathe([(10, 5.0), (10, 0)], 12)
    assert len(shape.points) == 24
    assert shape.uv[..., 0].max() == 1
    assert np.ptp(shape.uv[..., 0], axis=1).max() == pytest.approx(1 / 12)


def test_doubled_points_keep_an_edge_sharp() -> None:
    shape = lathe([(0, 5.0), (10, 5), (10, 5), (10, 0)], 12)
    top, side = (shape.triangles // 12 == row for row in (1, 2))
    assert not (top.any(axis=1) & side.any(axis=1)).any()


def test_rows_of_a_sheet_run_down_and_columns_to_the_right() -> None:
    shape = grid(np.array([[[0, 1, 0], [1, 1, 0]], [[0, 0, 0], [1, 0, 0]]], np.float32))
    corners, uv = shape.points[shape.triangles].reshape(-1, 3), shape.uv.reshape(-1, 2)
    assert uv[:, 0].tolist() == corners[:, 0].tolist()
    assert uv[:, 1].tolist() == (1 - corners[:, 1]).tolist()


def test_joined_shapes_stay_where_they_are() -> None:
    both = joined([box((1, 1, 1)), moved(box((1, 1, 1)), (5, 0, 0))])
    assert volume(both) == pytest.approx(2)
    assert both.points[:, 0].max() == 5.5
