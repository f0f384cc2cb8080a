"""The nearest triangle at each pixel, against looking at every triangle for every pixel."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.drawing import raster
from handseg_cli.synth.drawing.raster import nearest

SIZE = (20, 30)


def looked_for(screen: Floats, nearness: Floats) -> Ints:
    """Return what `nearest` should, one pixel after the other."""
    found = np.full(SIZE, -1)
    for row, column in np.ndindex(SIZE):
        best = -np.inf
        for number, (a, b, c) in enumerate(screen.astype(float)):
            matrix = np.stack([np.append(p, 1) for p in (a, b, c)], axis=1)
            if abs(np.linalg.det(matrix)) < 1e-9:
                continue
            share = np.linalg.solve(matrix, [column + 0.5, row + 0.5, 1])
            if share.min() >= 0 and share @ nearness[number] > best:
                best, found[row, column] = share @ nearness[number], number
    return found


def test_random_triangles_are_drawn_as_slowly_found() -> None:
    rng = np.random.default_rng(0)
    middle = rng.uniform([-3, -3], [33, 23], (60, 1, 2))
    # Whole 256ths of a pixel, as corners are rounded to them; both ways round.
    screen = np.round((middle + rng.normal(0, 5, (60, 3, 2))) * 256) / 256
    nearness = rng.uniform(0.1, 1, (60, 3))
    found, near = nearest(screen, nearness, SIZE)
    assert np.count_nonzero(found != looked_for(screen, nearness)) <= 1
    assert np.array_equal(found < 0, np.isinf(near))


def test_neighbours_leave_no_gap() -> None:
    rng = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(np.linspace(-1, 31, 14), np.linspace(-1, 21, 10)), axis=-1)
    grid[1:-1, 1:-1] += rng.normal(0, 0.6, grid[1:-1, 1:-1].shape)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    screen = np.concatenate([np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)]).reshape(-1, 3, 2)
    assert nearest(screen, np.ones((len(screen), 3)), SIZE)[0].min() >= 0


def test_what_has_no_inside_or_is_elsewhere_is_not_drawn() -> None:
    line = [[[0, 0], [30, 20], [15, 10]], [[5, 5], [5, 5], [5, 5]]]
    elsewhere = [[[40, 0], [50, 0], [40, 10]], [[-9, -9], [-1, -9], [-9, -1]]]
    assert nearest(np.array(line + elsewhere, float), np.ones((4, 3)), SIZE)[0].max() == -1


def test_of_equally_near_triangles_the_first_is_drawn() -> None:
    twice = np.array([[[0, 0], [30, 0], [0, 20]]] * 2, float)
    assert set(nearest(twice, np.ones((2, 3)), SIZE)[0].ravel().tolist()) == {-1, 0}


def test_drawing_a_few_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    screen, nearness = rng.uniform(-10, 40, (300, 3, 2)), rng.uniform(0.1, 1, (300, 3))
    whole = nearest(screen, nearness, SIZE)[0]
    monkeypatch.setattr(raster, "AT_ONCE", 500)
    assert np.array_equal(nearest(screen, nearness, SIZE)[0], whole)
