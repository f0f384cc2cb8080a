"""Subdivision: known numbers, linear maps, and no gaps between fine and coarse."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.figures.loops import subdivided
from handseg_cli.synth.figures.smooth import QUARTERS, cut, nine_of, subdivision

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
FACES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
OCTAHEDRON = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)
SIDES = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])


def sheet(size: int) -> tuple[Floats, Ints]:
    """Return a flat square of quads."""
    points = np.array([[x, y, 0] for y in range(size + 1) for x in range(size + 1)], float)
    corner = np.arange((size + 1) ** 2).reshape(size + 1, size + 1)
    return points, np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], -1).reshape(-1, 4)


def rim(triangles: Ints) -> int:
    """Return how many edges only one triangle has."""
    ends = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    return sum(uses == 1 for uses in Counter(map(tuple, ends.tolist())).values())


def test_one_step_of_a_cube_has_known_points() -> None:
    matrix, nine = subdivision(FACES, len(CUBE))
    points = matrix @ CUBE
    assert points.shape == (8 + 12 + 6, 3)
    np.testing.assert_allclose(np.abs(points[:8]), 5 / 9, atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(points[8:20]), axis=1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(points[20:]), axis=1), np.tile([0, 0, 1], (6, 1)), atol=1e-6)
    np.testing.assert_allclose(points[nine[:, 8]], CUBE[FACES].mean(axis=1), atol=1e-6)


def test_the_corner_of_a_cube_tends_to_a_half() -> None:
    points, quads = CUBE, FACES
    for _ in range(5):
        matrix, nine = subdivision(quads, len(points))
        points, quads = matrix @ points, nine[:, QUARTERS].reshape(-1, 4)
    np.testing.assert_allclose(np.abs(points[:8]), 0.5, atol=2e-3)


def test_a_flat_sheet_stays_flat_and_keeps_its_rim() -> None:
    points, quads = sheet(4)
    matrix, _ = subdivision(quads, len(points))
    fine = matrix @ points
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(fine[:, 2], 0)
    inside = (points > 0).all(axis=1, where=[True, True, False]) & (points < 4).all(axis=1)
    np.testing.assert_allclose(fine[: len(points)][inside], points[inside], atol=1e-6)
    np.testing.assert_allclose(fine[1], points[1], atol=1e-6)


@pytest.mark.parametrize("fine", [[], [5], [5, 6, 9], [0, 3, 12, 15], range(16)])
def test_fine_and_coarse_quads_meet_without_gaps(fine: list[int]) -> None:
    points, quads = sheet(4)
    matrix, nine = subdivision(quads, len(points))
    chosen = np.isin(np.arange(len(quads)), fine)
    owner, corner = cut(nine, chosen)
    triangles = nine[owner[:, None], corner]
    split_on_rim = len(np.unique([e for q in fine for e in nine[q, 4:8] if _on_rim(nine, e)]))
    assert rim(triangles) == 16 + split_on_rim
    one, two, three = (matrix @ points)[triangles].swapaxes(0, 1)
    areas = np.cross(two - one, three - one)[:, 2] / 2
    assert areas.min() > 0.05
    # The corners of the sheet are rounded off.
    assert 15 < areas.sum() <= 16
    assert (np.bincount(owner, minlength=16)[chosen] == 8).all()


def _on_rim(nine: Ints, edge: int) -> bool:
    return int((nine[:, 4:8] == edge).sum()) == 1


def test_the_nine_of_a_square_lie_where_they_should() -> None:
    square = np.array([[[0, 0], [2, 0], [2, 2], [0, 2]]], float)
    assert nine_of(square)[0, 4:].tolist() == [[1, 0], [2, 1], [1, 2], [0, 1], [1, 1]]


def test_an_octahedron_becomes_rounder() -> None:
    matrix, triangles, uv = subdivided(SIDES, np.zeros((8, 3, 2)), 6)
    points = matrix @ OCTAHEDRON
    assert (points.shape, triangles.shape, uv.shape) == ((18, 3), (32, 3), (32, 3, 2))
    assert rim(triangles) == 0
    # Its corners have four neighbours: 1 - 4 * 3/32; its edges have an end at one and two corners across.
    np.testing.assert_allclose(np.linalg.norm(points[:6], axis=1), 1 - 12 / 32)
    np.testing.assert_allclose(np.linalg.norm(points[6:], axis=1), 3 / 8 * np.sqrt(2))
    one, two, three = points[triangles].swapaxes(0, 1)
    assert (np.cross(two - one, three - one) * (one + two + three)).sum(axis=1).min() > 0


def test_a_sheet_of_triangles_keeps_its_rim_and_its_uv() -> None:
    points, quads = sheet(3)
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    matrix, fine, uv = subdivided(triangles, points[triangles][..., :2], len(points))
    smooth = matrix @ points
    np.testing.assert_allclose(np.asarray(matrix.sum(axis=1)), 1)
    assert rim(fine) == 2 * rim(triangles)
    inner = ((smooth[fine][..., :2] > 0.9) & (smooth[fine][..., :2] < 2.1)).all(axis=(1, 2))
    np.testing.assert_allclose(smooth[fine][inner][..., :2], uv[inner], atol=1e-6)
