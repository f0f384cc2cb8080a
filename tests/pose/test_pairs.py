"""Two hands in one window: photos, windows, what is taught, and space again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.pose.camera import project
from handseg_cli.pose.pairs import (
    BINS,
    PARTS,
    REACH_MM,
    SIZE,
    STRIDE,
    WRISTS,
    annotated,
    box_of_joints,
    box_of_mask,
    digit_parts,
    halved,
    in_space,
    moved,
    seen,
    squared,
    teach,
    to_millimetres,
    to_units,
    window_matrix,
    wrists_in_space,
)
from handseg_cli.pose.skeleton import INTERHAND_NAMES
from handseg_cli.synth.labels import NAMES, TO_DIGIT

Floats = NDArray[np.float64]
CAMERA = np.array([[900.0, 0, 160], [0, 880, 250], [0, 0, 1]])
SEEDS = st.integers(0, 2**32 - 1)
ALL = np.ones(42, np.bool_)


def posed(seed: int) -> Floats:
    """Return the joints (42, 3) of two hands somewhere before the camera."""
    rng = np.random.default_rng(seed)
    wrists = np.repeat(rng.normal((0, 0, 900), (40, 40, 50), (2, 3)), 21, axis=0)
    joints = wrists + rng.uniform(-90, 90, (42, 3))
    joints[WRISTS,] = wrists[WRISTS,]
    return joints


def windowed(joints: Floats, size: int, zoom: float = 1.0, turn: float = 0.0) -> tuple[Floats, Floats]:
    """Return the matrix and the points (42, 2) of the window around joints."""
    points = project(joints, CAMERA)
    box = box_of_joints(points, ALL)
    assert box is not None
    matrix = window_matrix(squared(box), size, zoom, turn)
    return matrix, moved(points, matrix)


def test_wrists_are_where_the_skeleton_has_them() -> None:
    assert [INTERHAND_NAMES[place] for place in WRISTS] == ["r_wrist", "l_wrist"]


def test_a_box_becomes_a_square_a_quarter_wider_around_the_same_middle() -> None:
    assert squared((100.0, 50.0, 80.0, 40.0)) == (90.0, 20.0, 100.0, 100.0)
    assert squared((100.0, 50.0, 40.0, 80.0)) == (70.0, 40.0, 100.0, 100.0)


def test_boxes_hold_what_is_known_and_joints_in_one_place_have_one() -> None:
    points = np.array([[10.0, 20.0], [50.0, 80.0], [900.0, 900.0]])
    assert box_of_joints(points, np.array([True, True, False])) == (10, 20, 40, 60)
    assert box_of_joints(points, np.array([True, False, False])) == (2, 12, 16, 16)
    assert box_of_joints(points, np.zeros(3, np.bool_)) is None
    mask = np.zeros((30, 40), np.uint8)
    assert box_of_mask(mask) is None
    mask[5:9, 10:30] = 3
    assert box_of_mask(mask) == (10, 5, 20, 4)


def test_three_points_of_the_square_lie_where_the_authors_have_them() -> None:
    square = (90.0, 20.0, 100.0, 100.0)
    matrix = window_matrix(square, 256)
    places = moved(np.array([[140.0, 70.0], [140.0, 120.0], [190.0, 70.0]]), matrix)
    assert np.allclose(places, [[128, 128], [128, 256], [256, 128]])
    # Around the middle a turn of 90 degrees and half the size.
    turned = moved(np.array([[140.0, 70.0], [190.0, 70.0]]), window_matrix(square, 256, zoom=2.0, turn=math.pi / 2))
    assert np.allclose(turned, [[128, 128], [128, 64]])


@settings(max_examples=30)
@given(SEEDS, st.sampled_from([128, 256]), st.floats(0.75, 1.25), st.floats(-1.5, 1.5))
def test_what_is_taught_leads_back_to_the_joints(seed: int, size: int, zoom: float, turn: float) -> None:
    joints = posed(seed)
    matrix, points = windowed(joints, size, zoom, turn)
    taught = teach(points, joints, ALL, True, size)
    back = in_space(taught.joints, joints[WRISTS, 2], matrix @ CAMERA, size)
    assert np.allclose(back[taught.valid], joints[taught.valid], atol=1e-6)
    assert np.allclose(moved(points, np.linalg.inv(matrix)), project(joints, CAMERA))
    if taught.root_valid:
        told = (taught.joints, np.array(taught.root_depth), np.array(joints[WRISTS[0], 2]), matrix @ CAMERA)
        assert np.allclose(wrists_in_space(*told, size), joints[WRISTS,], atol=1e-6)


def test_a_batch_of_windows_is_as_each_of_them() -> None:
    rng = np.random.default_rng(0)
    found, depths = rng.uniform(0, 64, (3, 42, 3)), rng.uniform(500, 900, (3, 2))
    cameras = np.stack([window_matrix((at, 5.0, 90.0, 90.0), 256) @ CAMERA for at in range(3)])
    joints = [in_space(found[at], depths[at], cameras[at]) for at in range(3)]
    assert np.allclose(in_space(found, depths, cameras), np.stack(joints))
    between, right = depths[:, 0] / 20, depths[:, 1]
    wrists = [wrists_in_space(found[at], between[at], right[at], cameras[at], 256) for at in range(3)]
    assert np.allclose(wrists_in_space(found, between, right, cameras, 256), np.stack(wrists))


def test_depths_are_64_units_of_400_mm() -> None:
    assert to_units(np.array([-200.0, 0.0, 100.0]), BINS).tolist() == [0, 32, 48]
    assert to_millimetres(np.array([0.0, 32.0, 48.0]), BINS).tolist() == [-REACH_MM, 0, 100]


@settings(max_examples=30)
@given(SEEDS, st.booleans())
def test_validity_is_what_a_loop_over_joints_finds(seed: int, interacting: bool) -> None:
    rng = np.random.default_rng(seed)
    joints, known = posed(seed), rng.random(42) < 0.85
    joints[:, 2] += np.where(rng.random(42) < 0.2, 250, 0)
    points = rng.uniform(-40, SIZE + 40, (42, 2))
    taught = teach(points, joints, known, interacting)
    for joint in range(42):
        wrist = 20 if joint < 21 else 41
        x, y = points[joint]
        depth = ((joints[joint, 2] - joints[wrist, 2]) / 200 + 1) / 2 * 64
        inside = 0 <= x < SIZE and 0 <= y < SIZE
        assert taught.valid[joint] == (known[joint] and known[wrist] and inside and 0 <= depth < 64)
        expected = [x / 4, y / 4, depth] if taught.valid[joint] else [0, 0, 0]
        assert taught.joints[joint] == pytest.approx(expected)
    inside = all(known[at] and ((points[at] >= 0) & (points[at] < SIZE)).all() for at in (20, 41))
    between = ((joints[41, 2] - joints[20, 2]) / 200 + 1) / 2 * 64
    assert taught.root_valid == (interacting and inside and 0 <= between < 64)
    assert taught.root_depth == pytest.approx(between if taught.root_valid else 0)


def test_joints_of_a_hand_without_its_wrist_are_neither_taught_nor_judged() -> None:
    known = ALL.copy()
    known[41] = False
    assert annotated(known).tolist() == [True] * 21 + [False] * 21
    joints = posed(0)
    taught = teach(np.full((42, 2), 100.0), joints, known, interacting=True)
    assert not taught.valid[21:].any()
    assert taught.valid[:21].all()
    assert not taught.root_valid


def test_targets_are_whole_pixels_without_the_half_that_the_net_adds() -> None:
    joints = posed(0)
    assert teach(np.full((42, 2), 8.0), joints, ALL, interacting=False).joints[0, :2].tolist() == [2, 2]
    assert STRIDE == 4


def test_joints_that_are_no_numbers_are_not_valid() -> None:
    joints = posed(0)
    joints[:21] = np.nan
    taught = teach(np.full((42, 2), 9.0), joints, np.arange(42) >= 21, interacting=True)
    assert not taught.valid[:21].any()
    assert np.isfinite(taught.joints).all()
    assert not taught.root_valid


def test_a_hand_whose_depth_nobody_knows_is_nowhere() -> None:
    found = np.random.default_rng(0).uniform(0, 64, (42, 3))
    joints = in_space(found, np.array([700.0, np.nan]), CAMERA)
    assert np.isfinite(joints[:21]).all()
    assert np.isnan(joints[21:, 2]).all()


@pytest.mark.parametrize("scale", [1, 4])
def test_pictures_show_what_lies_at_the_points(scale: int) -> None:
    image = np.zeros((120 * scale, 160 * scale, 3), np.uint8)
    x, y = 100 * scale, 60 * scale
    image[y - 2 * scale : y + 3 * scale, x - 2 * scale : x + 3 * scale] = 255
    matrix = window_matrix((40.0 * scale, 10.0 * scale, 100.0 * scale, 100.0 * scale), 128)
    picture = seen(image, matrix, 128).mean(axis=2)
    rows, columns = np.nonzero(picture > 127)
    middle = moved(np.array([x + (scale - 1) / 2, y + (scale - 1) / 2]), matrix)
    assert np.allclose([columns.mean(), rows.mean()], middle, atol=0.6)
    beyond = seen(np.full((20, 20, 3), 200, np.uint8), window_matrix((-20.0, 0.0, 40.0, 40.0), 64), 64)
    assert beyond[:20, :20].max() == 0


def test_parts_of_any_dataset_get_digits_numbers_by_their_names() -> None:
    table = digit_parts(NAMES)
    assert table is not None
    assert np.array_equal(table[: len(NAMES)], TO_DIGIT)
    same = digit_parts(PARTS)
    assert same is not None
    assert np.array_equal(same, np.where(np.arange(256) < 33, np.arange(256), 0))
    assert digit_parts(("background", "left hand", "right hand")) is None
    assert table.max() == 32


def test_left_parts_are_16_more_than_right_ones() -> None:
    assert len(PARTS) == 33
    for number in range(1, 17):
        assert (PARTS[number].removeprefix("right"), PARTS[number][:5]) == (
            PARTS[number + 16].removeprefix("left"),
            "right",
        )


def test_halving_takes_the_nearest() -> None:
    parts = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert halved(parts).tolist() == [[0, 2], [8, 10]]
