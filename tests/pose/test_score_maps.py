"""Score maps and their peaks, one pixel at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.pose.score_maps import judged, peaks, targets

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]
SIDE = 12


def one_by_one(points: Floats, visible: NDArray[np.bool_], sigma: float) -> Floats:
    """Fill score maps of SIDE pixels in three loops."""
    maps = np.zeros((len(points), SIDE, SIDE))
    for joint, (x, y) in enumerate(points.tolist()):
        if visible[joint] and 0 < x < SIDE - 1 and 0 < y < SIDE - 1:
            for row in range(SIDE):
                for column in range(SIDE):
                    maps[joint, row, column] = math.exp(-((column - x) ** 2 + (row - y) ** 2) / sigma**2)
    return maps


def enlarged(scores: Maps, factor: int) -> Floats:
    """Enlarge (h, w) as TensorFlow 1 does: pixel i of the result lies at i / factor of the source."""
    height, width = scores.shape
    result = np.zeros((height * factor, width * factor))
    for row, column in np.ndindex(*result.shape):
        y, x = row / factor, column / factor
        top, left = int(y), int(x)
        bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
        above = scores[top, left] * (1 - x + left) + scores[top, right] * (x - left)
        below = scores[bottom, left] * (1 - x + left) + scores[bottom, right] * (x - left)
        result[row, column] = above * (1 - y + top) + below * (y - top)
    return result


PLACES = arrays(np.float64, (3, 2), elements=st.floats(-3, SIDE + 3))


@given(PLACES, arrays(np.bool_, 3), st.floats(0.5, 9))
def test_targets_are_gaussians_without_a_factor_of_two(
    points: Floats, visible: NDArray[np.bool_], sigma: float
) -> None:
    assert np.allclose(targets(points, visible, SIDE, sigma), one_by_one(points, visible, sigma), atol=1e-6)


@given(PLACES, arrays(np.bool_, 3))
def test_pooled_targets_are_means_of_squares(points: Floats, visible: NDArray[np.bool_]) -> None:
    whole = one_by_one(points, visible, 4.0).reshape(3, 3, 4, 3, 4).mean(axis=(2, 4))
    assert np.allclose(targets(points, visible, SIDE, 4.0, pool=4), whole, atol=1e-6)


def test_joints_at_the_border_or_nowhere_have_no_map() -> None:
    points = np.array([[0, 5], [5, 0], [255, 5], [5, 255], [1, 254], [np.nan, 5], [np.nan, np.nan]])
    assert judged(points, np.ones(7, bool), 256).tolist() == [False] * 4 + [True] + [False] * 2
    found = targets(points, np.ones(7, bool), 256)
    assert found.max(axis=(1, 2)).tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert found.dtype == np.float32


def test_targets_fall_to_1_over_e_at_25_pixels() -> None:
    found = targets(np.array([[100.0, 90.0]]), np.ones(1, bool), 256)
    assert found.shape == (1, 256, 256)
    assert found[0, 90, 125] == pytest.approx(math.exp(-1))
    assert found[0, 115, 125] == pytest.approx(math.exp(-2))


@given(arrays(np.float32, (2, 4, 5), elements=st.sampled_from([-1, 0, 0.5, 0.75])))
def test_peak_is_the_first_of_the_brightest_pixels(maps: Maps) -> None:
    points, values = peaks(maps)
    for joint, scores in enumerate(maps):
        cells = [(float(scores[row, column]), -row, -column) for row in range(4) for column in range(5)]
        value, row, column = max(cells)
        assert points[joint].tolist() == [-column, -row]
        assert values[joint] == value


@settings(max_examples=30)
@given(arrays(np.float32, (5, 6), elements=st.floats(-1, 1, width=16)))
def test_enlarging_a_map_only_moves_its_peak_to_8_times_the_place(scores: Maps) -> None:
    row, column = divmod(int(enlarged(scores, 8).argmax()), 48)
    assert (8 * peaks(scores[None])[0])[0].tolist() == [column, row]


@given(arrays(np.float64, (3, 2), elements=st.floats(1, 30)))
def test_between_pixels_a_gaussian_is_found_exactly(points: Floats) -> None:
    found, _ = peaks(targets(points, np.ones(3, bool), 32, sigma=25 / 8), between=True)
    assert np.abs(found - points).max() < 1e-3


@given(arrays(np.float32, (4, 5, 6), elements=st.floats(-2, 2, width=16)))
def test_between_pixels_no_peak_leaves_its_pixel(maps: Maps) -> None:
    found, plain = peaks(maps, between=True), peaks(maps)
    assert np.abs(found[0] - plain[0]).max() <= 0.5
    assert np.array_equal(found[1], plain[1])


def test_a_flat_map_and_one_with_its_peak_in_a_corner_keep_the_pixel() -> None:
    flat, corner = np.full((1, 4, 4), 0.5, np.float32), np.zeros((1, 4, 4), np.float32)
    corner[0, 3, 3] = 1
    assert peaks(flat, between=True)[0].tolist() == [[0, 0]]
    assert peaks(corner, between=True)[0].tolist() == [[3, 3]]
