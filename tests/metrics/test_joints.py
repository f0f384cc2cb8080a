"""Errors of joints, against counts one joint and one photo at a time, and the figures that were published."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.metrics.joints import (
    MILLIMETRES,
    PIXELS,
    UPPER_MILLIMETRES,
    WRISTS,
    TwoHands,
    auc,
    between_wrists,
    digit_scores,
    distances,
    handedness,
    mean_error,
    median_error,
    millimetre_scores,
    mpjpe,
    pck,
    pixel_scores,
    rooted_distances,
    wrist_distances,
)
from handseg_cli.pose.skeleton import INTERHAND_NAMES
from tests.tiny.labelled import interhand_photo

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
ERRORS = st.tuples(st.integers(1, 6), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.one_of(st.just(math.nan), st.floats(0, 60)))
)
SEEDS = st.integers(0, 2**32 - 1)
POSES = SEEDS.map(lambda seed: np.random.default_rng(seed).normal(0, 100, (3, 42, 3)))
VALID = SEEDS.map(lambda seed: np.random.default_rng(seed).random((3, 42)) < 0.8)
# Of DIGIT's test photos, mm: tip to base of each finger, thumb first, right hand first.
PUBLISHED = (
    *(16.61, 12.84, 9.43, 5.95, 17.99, 15.61, 13.29, 10.51, 18.41, 15.24, 13.40, 10.12),
    *(17.25, 14.23, 12.54, 9.57, 16.55, 13.40, 11.89, 9.27, 0.0),
    *(16.45, 12.49, 9.20, 6.21, 17.43, 14.86, 12.98, 10.19, 19.08, 15.73, 13.20, 9.78),
    *(17.28, 14.29, 12.72, 9.70, 16.74, 14.25, 12.42, 9.62, 0.0),
)


def columns(errors: Floats) -> list[list[float]]:
    """Return the errors of each joint that has any."""
    found = [[value for value in column if not math.isnan(value)] for column in errors.T.tolist()]
    return [column for column in found if column]


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def area(errors: Floats, limits: list[float]) -> float:
    """Add up trapezes under the shares of each joint, then average over joints."""
    areas = []
    for column in columns(errors):
        shares = [mean([float(value <= limit) for value in column]) for limit in limits]
        steps = range(len(limits) - 1)
        trapezes = [(shares[at] + shares[at + 1]) / 2 * (limits[at + 1] - limits[at]) for at in steps]
        areas.append(sum(trapezes) / (limits[-1] - limits[0]))
    return mean(areas)


def judged(errors: Floats, interacting: Bits | None = None) -> TwoHands:
    count = len(errors)
    two = np.zeros(count, bool) if interacting is None else interacting
    return TwoHands(errors, np.full(count, 4.0), np.ones(count), two)


def alike(found: float, expected: float) -> bool:
    return bool(found == pytest.approx(expected, nan_ok=True, abs=1e-9))


@given(ERRORS)
def test_errors_are_averaged_over_photos_then_over_joints(errors: Floats) -> None:
    assert alike(mean_error(errors), mean([mean(column) for column in columns(errors)]))
    halves = [sorted(column) for column in columns(errors)]
    medians = [(half[(len(half) - 1) // 2] + half[len(half) // 2]) / 2 for half in halves]
    assert alike(median_error(errors), mean(medians))


@given(ERRORS, st.sampled_from([PIXELS, MILLIMETRES, UPPER_MILLIMETRES]))
def test_area_is_that_of_trapezes_joint_by_joint(errors: Floats, limits: Floats) -> None:
    assert alike(auc(errors, limits), area(errors, limits.tolist()))


@given(POSES, st.floats(-30, 30), st.floats(-30, 30))
def test_error_of_shifted_points_is_the_shift(poses: Floats, across: float, down: float) -> None:
    points = poses[..., :2]
    errors = distances(points + np.array([across, down]), points, np.ones((3, 42), bool))
    assert mean_error(errors) == pytest.approx(math.hypot(across, down), abs=1e-9)
    assert median_error(errors) == pytest.approx(math.hypot(across, down), abs=1e-9)


def test_perfect_joints_have_an_area_of_1() -> None:
    perfect = pixel_scores(np.zeros((5, 21))).values
    assert perfect == {"epe_mean_px": 0, "epe_median_px": 0, "auc_0_30_px": 1}
    assert millimetre_scores(np.zeros((5, 21)))["auc_20_50_mm"] == pytest.approx(1)
    assert auc(np.full((5, 21), 51.0), MILLIMETRES) == 0


def test_the_upper_range_begins_at_21_mm() -> None:
    assert (len(PIXELS), PIXELS[-1], len(MILLIMETRES), MILLIMETRES[-1]) == (20, 30, 20, 50)
    assert UPPER_MILLIMETRES[0] == MILLIMETRES[8] == pytest.approx(21.0526, abs=1e-4)


def test_pck_counts_what_is_on_the_limit() -> None:
    errors = np.array([[1.0, 5.0], [3.0, np.nan]])
    assert pck(errors, np.array([0.5, 1.0, 4.0, 5.0])).tolist() == [0, 0.25, 0.5, 1]


def test_joints_that_never_occur_count_nowhere_and_none_at_all_is_not_known() -> None:
    errors = np.array([[2.0, np.nan, 4.0], [2.0, np.nan, np.nan]])
    assert mean_error(errors) == 3
    nothing = np.full((2, 3), np.nan)
    assert all(map(math.isnan, [*pixel_scores(nothing).values.values(), mean_error(nothing[:0])]))


def test_a_joint_that_was_not_found_is_no_hit() -> None:
    truth = np.zeros((2, 1, 2))
    predicted = np.array([[[0.0, 0.0]], [[np.nan, np.nan]]])
    errors = distances(predicted, truth, np.ones((2, 1), bool))
    assert errors.ravel().tolist() == [0, math.inf]
    assert auc(errors, PIXELS) == 0.5
    assert math.isinf(mean_error(errors))


def test_truth_that_is_not_there_is_not_judged() -> None:
    errors = distances(np.zeros((1, 2, 3)), np.array([[[np.nan] * 3, [3.0, 4.0, 0.0]]]), np.array([[False, True]]))
    assert math.isnan(errors[0, 0])
    assert errors[0, 1] == 5


@given(POSES, arrays(np.float64, (3, 1, 3), elements=st.floats(-900, 900)))
def test_where_a_hand_is_does_not_matter_once_its_root_is_the_origin(poses: Floats, moved: Floats) -> None:
    errors = rooted_distances(poses + moved, poses, np.ones((3, 42), bool))
    assert np.allclose(errors, 0, atol=1e-9)


@settings(max_examples=20)
@given(POSES, POSES, VALID)
def test_each_hand_is_seen_from_its_own_wrist(predicted: Floats, truth: Floats, valid: Bits) -> None:
    found = wrist_distances(predicted, truth, valid)
    for photo, joint in np.ndindex(3, 42):
        wrist = 20 if joint < 21 else 41
        ways = [pose[photo, joint] - pose[photo, wrist] for pose in (predicted, truth)]
        expected = math.dist(*ways) if valid[photo, joint] and valid[photo, wrist] else math.nan
        assert alike(float(found[photo, joint]), expected)


@given(POSES, POSES, arrays(np.bool_, 3))
def test_way_between_wrists_runs_from_right_to_left(predicted: Floats, truth: Floats, both: Bits) -> None:
    found = between_wrists(predicted[:, WRISTS], truth[:, WRISTS], both)
    for photo, error in enumerate(found.tolist()):
        wrong = predicted[photo, 41] - predicted[photo, 20] - (truth[photo, 41] - truth[photo, 20])
        assert alike(error, math.hypot(*wrong) if both[photo] else math.nan)


def test_handedness_asks_for_both_hands() -> None:
    probability = np.array([[0.9, 0.1], [0.9, 0.6], [0.9, 0.5], [0.6, 0.7], [0.2, 0.9], [0.9, 0.1]])
    hands = np.array([[1, 0], [1, 0], [1, 0], [1, 1], [0, 1], [0, 1]], bool)
    known = np.array([True, True, True, True, True, False])
    found = handedness(probability, hands, known)
    assert found[:5].tolist() == [1, 0, 0, 1, 1]
    assert math.isnan(found[5])


@settings(max_examples=20)
@given(POSES, POSES)
def test_mean_over_42_joints_has_two_zeros_of_wrists(predicted: Floats, truth: Floats) -> None:
    errors = wrist_distances(predicted, truth, np.ones((3, 42), bool))
    assert np.all(errors[:, WRISTS] == 0)
    assert mpjpe(errors) * 42 / 40 == pytest.approx(mpjpe(errors, wrists=False))
    scores = digit_scores(judged(errors), INTERHAND_NAMES)
    assert scores["mpjpe_all"] == pytest.approx(mean([scores[f"{name}_all"] for name in INTERHAND_NAMES]))


def test_published_figures_of_joints_give_the_published_mean() -> None:
    scores = digit_scores(judged(np.tile(PUBLISHED, (2, 1))), INTERHAND_NAMES)
    assert scores["mpjpe_all"] == pytest.approx(12.589, abs=0.005)
    assert (scores["r_thumb4_all"], scores["l_pinky1_all"], scores["l_wrist_all"]) == (16.61, 9.62, 0)


def test_digit_has_131_figures_in_its_order() -> None:
    errors = np.tile(np.arange(42.0), (3, 1))
    errors[0] += 100
    scores = digit_scores(judged(errors, np.array([True, False, False])), INTERHAND_NAMES)
    names = list(scores.values)
    assert len(names) == 131
    assert names[:5] == ["handness_acc", "mrrpe", "r_thumb4_all", "r_thumb4_sh", "r_thumb4_ih"]
    assert names[-3:] == ["mpjpe_all", "mpjpe_sh", "mpjpe_ih"]
    assert [scores[f"r_thumb3_{group}"] for group in ("ih", "sh", "all")] == pytest.approx([101, 1, 103 / 3])
    assert (scores["handness_acc"], scores["mrrpe"]) == (1, 4)


def test_a_subset_without_interacting_hands_has_all_other_figures() -> None:
    scores = digit_scores(judged(np.ones((2, 42))), INTERHAND_NAMES)
    assert all(math.isnan(scores[name]) for name in ("mpjpe_ih", "l_index1_ih"))
    assert scores["mpjpe_sh"] == scores["mpjpe_all"] == 1


def test_a_photo_of_interhand_is_judged_where_it_and_its_wrists_are_valid(tmp_path: Path) -> None:
    photo = interhand_photo(tmp_path)
    joints, valid = photo.joints[None], photo.valid[None]
    errors = wrist_distances(joints + np.float32(5), joints, valid)
    found = ~np.isnan(errors)
    assert np.array_equal(found[0], valid[0] & valid[0, [*[20] * 21, *[41] * 21]])
    assert np.allclose(errors[found], 0, atol=1e-4)
