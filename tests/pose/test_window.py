"""Windows of photos: what they show, pixel by pixel, and where points lie in them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.pose.camera import project
from handseg_cli.pose.skeleton import hand_of
from handseg_cli.pose.window import (
    Jitter,
    Window,
    around,
    around_joints,
    draw_jitter,
    middle,
    true_window,
    truncated_normal,
)
from tests.tiny.labelled import Labelled

Floats = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
POINTS = SEEDS.map(lambda seed: np.random.default_rng(seed).uniform(-50, 400, (21, 2)))
VISIBLE = SEEDS.map(lambda seed: np.random.default_rng(seed).random(21) < seed % 3 / 2)


def drawn(seed: int) -> Window:
    """Draw a window of which some part may lie beyond a photo of 13 x 17 pixels."""
    rng = np.random.default_rng(seed)
    x, y, scale = rng.uniform((-5, -5, -1.4), (22, 18, 1.6))
    return Window((x, y), math.exp(scale), int(rng.choice([2, 7, 12])))


WINDOWS = SEEDS.map(drawn)


def one_by_one(image: NDArray[np.generic], window: Window, outside: float) -> Floats:
    """Sample a window as TensorFlow's crop_and_resize would of a box in shares of the photo's height and width."""
    height, width = image.shape[:2]
    side = window.size / window.scale
    top, left = (place - math.floor(side / 2) for place in reversed(window.centre))
    y1, y2, x1, x2 = top / height, (top + side) / height, left / width, (left + side) / width
    found = np.full((window.size, window.size, 3), float(outside))
    for row, column in np.ndindex(window.size, window.size):
        y = y1 * (height - 1) + row * (y2 - y1) * (height - 1) / (window.size - 1)
        x = x1 * (width - 1) + column * (x2 - x1) * (width - 1) / (window.size - 1)
        if 0 <= y <= height - 1 and 0 <= x <= width - 1:
            corners = [(r, c) for r in (math.floor(y), math.ceil(y)) for c in (math.floor(x), math.ceil(x))]
            upper_left, upper_right, lower_left, lower_right = (image[at].astype(float) for at in corners)
            upper = upper_left + (upper_right - upper_left) * (x - math.floor(x))
            lower = lower_left + (lower_right - lower_left) * (x - math.floor(x))
            found[row, column] = upper + (lower - upper) * (y - math.floor(y))
    return found


def true_extent(points: Floats, visible: NDArray[np.bool_], centre: Floats, photo: tuple[int, int]) -> float:
    """Measure a hand as the ground truth of the originals does, joint by joint."""
    reach = 0.0
    for (x, y), seen in zip(points.tolist(), visible.tolist(), strict=True):
        if seen:
            x, y = min(max(x, 0), photo[1]), min(max(y, 0), photo[0])
            reach = max(reach, abs(x - centre[0]), abs(y - centre[1]))
    return min(max(2 * reach, 50), 500) if visible.any() else 200


@settings(max_examples=50)
@given(WINDOWS, SEEDS, st.sampled_from([0.0, 0.5]))
def test_crops_are_those_of_crop_and_resize(window: Window, seed: int, outside: float) -> None:
    image = np.random.default_rng(seed).random((13, 17, 3), dtype=np.float32)
    assert np.allclose(window.crop(image, outside), one_by_one(image, window, outside), atol=1e-4)


def test_a_crop_of_a_photo_is_as_exact_and_goes_beyond_its_edge(rhd: Labelled) -> None:
    window = Window((290.5, 31.25), 1.7, 128)
    found = window.crop(rhd.image, 127.5)
    assert found.dtype == np.float32
    assert np.abs(found - one_by_one(rhd.image, window, 127.5)).max() < 255 * 1e-4
    assert {*found[:, -5:].ravel(), *found[:5].ravel()} == {127.5}


def test_a_mask_keeps_its_two_axes_and_a_single_channel_its_third() -> None:
    mask = np.full((20, 30), 255, np.uint8)
    window = Window((15, 10), 2, 8)
    assert np.allclose(window.crop(mask), np.full((8, 8), 255))
    assert window.crop(mask[..., None]).shape == (8, 8, 1)


def test_a_window_beside_the_photo_shows_nothing_of_it() -> None:
    assert not Window((500, 10), 1).crop(np.full((20, 30, 3), 255, np.uint8)).any()


def test_a_window_that_ends_with_the_photo_shows_its_last_pixels() -> None:
    image = np.ones((13, 17), np.float32)
    assert (Window((6, 6), 1, 13).crop(image) == 1).all()


@given(WINDOWS, POINTS)
def test_points_return_to_where_they_were(window: Window, points: Floats) -> None:
    assert np.allclose(window.to_photo(window.to_window(points)), points, atol=1e-9)


@given(WINDOWS, POINTS)
def test_points_are_mapped_by_scale_and_centre(window: Window, points: Floats) -> None:
    for (x, y), (across, down) in zip(points.tolist(), window.to_window(points).tolist(), strict=True):
        assert across == pytest.approx((x - window.centre[0]) * window.scale + window.size // 2, abs=1e-9)
        assert down == pytest.approx((y - window.centre[1]) * window.scale + window.size // 2, abs=1e-9)


def test_what_is_shown_is_less_than_a_pixel_of_the_photo_beside_its_point() -> None:
    image = np.zeros((320, 320), np.float32)
    image[200, 90] = 1
    window = Window((100, 190), 5)
    rows, columns = np.nonzero(window.crop(image) > 0.5)
    shown = window.to_photo(np.array([columns.mean(), rows.mean()]))
    assert np.abs(shown - [90, 200]).max() < 1


def test_a_camera_can_be_that_of_a_window(rhd: Labelled) -> None:
    window = Window((100, 190), 1.5)
    expected = window.to_window(project(rhd.joints, rhd.camera))
    assert np.allclose(project(rhd.joints, window.matrix @ rhd.camera), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("box", "centre", "scale"),
    [
        ((10, 20, 111, 61), (60, 40), 256 / 125),
        ((10, 20, 11, 21), (10, 20), 5.0),
        ((0, 0, 3000, 200), (1499.5, 99.5), 0.25),
    ],
)
def test_found_hands_get_a_margin_and_a_limited_scale(
    box: tuple[int, int, int, int], centre: tuple[float, float], scale: float
) -> None:
    assert around(box).centre == centre
    assert around(box).scale == pytest.approx(scale)


def test_without_a_hand_the_middle_of_the_photo_stands_in() -> None:
    assert middle((320, 320)) == Window((160, 160), 256 / 125)
    assert middle((720, 1280)).centre == (640, 360)
    assert middle((720, 1280)).scale == pytest.approx(256 / 500)


@given(POINTS, VISIBLE)
def test_true_windows_are_centred_and_hold_what_is_visible(points: Floats, visible: NDArray[np.bool_]) -> None:
    found = true_window(points, visible, (320, 300))
    extent = true_extent(points, visible, points[12], (320, 300))
    assert found.centre == pytest.approx(points[12].tolist())
    assert found.scale == pytest.approx(min(max(256 / extent, 1), 10))


@given(POINTS, SEEDS)
def test_jitter_moves_before_and_after_the_hand_is_measured(points: Floats, seed: int) -> None:
    jitter, visible = draw_jitter(np.random.default_rng(seed)), np.ones(21, bool)
    found = true_window(points, visible, (320, 320), jitter)
    centre = points[12] + jitter.centre
    extent = true_extent(points, visible, centre, (320, 320))
    assert found.centre == pytest.approx((centre + jitter.offset).tolist())
    assert found.scale == pytest.approx(min(max(256 / extent, 1), 10) * jitter.zoom)


def test_hands_of_which_nothing_is_known_get_a_window_all_the_same() -> None:
    nowhere = np.full((21, 2), np.nan)
    assert true_window(nowhere, np.zeros(21, bool), (320, 320)) == Window((0, 0), 1.28)


def test_a_photo_of_rhd_has_its_visible_joints_in_the_window(rhd: Labelled) -> None:
    points, visible = (hand_of(each, "left", "rhd") for each in (rhd.points, rhd.valid))
    window = true_window(points, visible, (320, 320))
    assert np.abs(window.to_window(points)[visible] - 128).max() <= 128 + 1e-6
    assert window.to_window(points)[12] == pytest.approx([128, 128], abs=1e-3)


def test_jitter_is_normal_within_two_deviations() -> None:
    drawn = truncated_normal(np.random.default_rng(0), 20.0, (4000, 2))
    assert np.abs(drawn).max() <= 40
    # Of the normal distribution cut at two deviations.
    assert drawn.std() == pytest.approx(20 * 0.8796, rel=0.03)
    jitters = [draw_jitter(np.random.default_rng(seed)) for seed in range(50)]
    assert all(1 <= jitter.zoom <= 1.2 and max(map(abs, jitter.offset)) <= 20 for jitter in jitters)
    assert Jitter() == Jitter((0, 0), 1, (0, 0))


@settings(max_examples=50)
@given(POINTS, SEEDS, st.sampled_from([64, 192, 256]))
def test_a_window_around_joints_holds_them_with_room_for_their_flesh(points: Floats, seed: int, size: int) -> None:
    judged = np.random.default_rng(seed).random(21) < 0.5
    judged[seed % 21] = True
    window = around_joints(points, judged, size)
    seen = window.to_window(points[judged]) - size // 2
    assert np.abs(seen).max() <= size / 2 / 1.4 + 1e-6
    if judged.sum() > 3:
        assert np.abs(seen).max() == pytest.approx(size / 2 / 1.4)


def test_joints_in_one_place_have_a_window() -> None:
    window = around_joints(np.full((21, 2), 30.0), np.arange(21) < 2, 64)
    assert (window.centre, window.scale) == ((30, 30), 4)
