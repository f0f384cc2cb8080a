"""Which pose is of which hand, and what the figures are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.evaluate.pose_judge import Photo, judged, paired, pose_figures
from handseg_cli.evaluate.pose_truth import OURS, PoseShot, TrueHand
from handseg_cli.metrics.joints import PIXELS
from handseg_cli.sample import Hand, Pose
from tests.tiny.red_hands import CAMERA, truth

IMAGE = np.zeros((240, 320, 3), np.uint8)


def hand(x: int, y: int, side: str = "left") -> TrueHand:
    points, joints = (each[OURS] for each in truth(x, y))
    return TrueHand(side, points, joints, np.ones(21, bool))


def pose(of: TrueHand, off: float = 0.0, scale: float = 1.0, side: str = "left") -> Pose:
    """Return a pose that is off by some pixels, and of another size."""
    points = (of.points + np.array([off, 0])).astype(np.float32)
    return Pose(Hand((0, 0, 9, 9), 9, 0.9, side, 0.9), points, (of.joints * scale).astype(np.float32))


def photo(hands: Sequence[TrueHand], poses: Sequence[Pose], place: int = 0) -> Photo:
    shot = PoseShot(f"{place}", "", IMAGE, CAMERA, tuple(hands))
    return judged(place, shot, poses, paired(poses, hands), 0.5)


def test_each_pose_is_of_the_hand_it_is_nearest_to() -> None:
    hands = [hand(60, 60), hand(90, 60)]
    assert paired([pose(hands[1], 2), pose(hands[0], -3)], hands) == {0: 1, 1: 0}


def test_of_two_poses_the_nearer_one_counts_and_the_other_is_false() -> None:
    true = hand(60, 60)
    poses = [pose(true, 8), pose(true, 2)]
    assert paired(poses, [true]) == {0: 1}
    assert photo([true], poses).false == 1


def test_a_pose_that_is_farther_off_than_a_hand_is_large_is_of_none() -> None:
    true = hand(60, 60)
    assert paired([pose(true, 31)], [true]) == {}
    assert paired([pose(true, 29)], [true]) == {0: 0}


def test_perfect_poses_score_perfectly() -> None:
    hands = [hand(60, 60), hand(200, 100, "right")]
    scores = pose_figures([photo(hands, [pose(hands[0]), pose(hands[1], side="right")])], 0, 1.0).scores
    assert scores["epe_mean_px"] == pytest.approx(0, abs=1e-4)
    assert scores["epe_mean_mm"] == pytest.approx(0, abs=1e-3)
    areas = [scores[name] for name in ("auc_0_30_px", "auc_0_50_mm", "auc_20_50_mm")]
    assert areas == pytest.approx([1 - 0.5 / 19, 1 - 0.5 / 19, 1], abs=0.03)
    assert (scores["side_accuracy"], scores["found"], scores["missed"], scores["false"]) == (1, 2, 0, 0)


def test_errors_are_of_hands_found_and_areas_of_all() -> None:
    near, far = hand(60, 60), hand(200, 100)
    figures = pose_figures([photo([near, far], [pose(near, 6)])], 0, 1.0)
    assert figures.scores["epe_mean_px"] == pytest.approx(6, abs=1e-4)
    assert figures.scores["epe_median_px"] == pytest.approx(6, abs=1e-4)
    assert figures.curves["px"].tolist() == [0.5 * (limit >= 6) for limit in PIXELS]
    assert (figures.scores["hands"], figures.scores["missed"]) == (2, 1)
    assert figures.scores["auc_20_50_mm"] == pytest.approx(0.5)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_size_and_place_in_space_do_not_matter(scale: float) -> None:
    true = hand(60, 60)
    told = pose(true, scale=scale)
    told = replace(told, joints=(told.joints + np.array([10, 20, 300])).astype(np.float32))
    assert pose_figures([photo([true], [told])], 0, 1.0).scores["epe_mean_mm"] == pytest.approx(0, abs=0.01)


def test_a_joint_that_is_off_in_space_is_so_at_the_true_size() -> None:
    true = hand(60, 60)
    told = pose(true, scale=2.0)
    told.joints[4, 2] += 42
    scores = pose_figures([photo([true], [told])], 0, 1.0).scores
    assert scores["epe_mean_mm"] == pytest.approx(21 / 21, abs=0.01)


def test_what_is_not_judged_counts_nowhere() -> None:
    true = hand(60, 60)
    seen = np.arange(21) < 12
    partly = replace(true, judged=seen, joints=np.where(seen[:, None], true.joints, np.nan))
    told = pose(true)
    told.points[15] += 500
    told.joints[15] += 500
    scores = pose_figures([photo([partly], [told])], 0, 1.0).scores
    assert scores["epe_mean_px"] == pytest.approx(0, abs=1e-4)
    assert scores["epe_mean_mm"] == pytest.approx(0, abs=1e-3)


def test_without_labels_in_space_there_are_no_figures_of_it() -> None:
    true = replace(hand(60, 60), joints=np.full((21, 3), np.nan))
    scores = pose_figures([photo([true], [pose(hand(60, 60))])], 0, 1.0).scores
    assert np.isnan(scores["epe_mean_mm"])
    assert np.isnan(scores["auc_20_50_mm"])
    assert scores["epe_mean_px"] == pytest.approx(0, abs=1e-4)


def test_a_hand_hardly_in_view_need_not_be_found_and_may_be() -> None:
    true = hand(60, 60)
    partly = replace(true, judged=np.arange(21) < 9)
    for poses in ([], [pose(true, 3)]):
        found = photo([partly], poses)
        assert (found.rows, found.false) == ([], 0)


@pytest.mark.parametrize(
    ("said", "accuracy"), [(("left", "right"), 1.0), (("right", "right"), 0.5), (("", "right"), 1)]
)
def test_sides_are_judged_where_they_are_told(said: tuple[str, str], accuracy: float) -> None:
    hands = [hand(60, 60), hand(200, 100, "right")]
    poses = [pose(true, side=side) for true, side in zip(hands, said, strict=True)]
    scores = pose_figures([photo(hands, poses)], 0, 1.0).scores
    assert scores["side_accuracy"] == accuracy
    assert scores["side_told"] == sum(map(bool, said))


def test_a_side_that_a_net_was_told_is_not_its_answer() -> None:
    true = hand(60, 60)
    told = pose(true)
    given = replace(told, hand=replace(told.hand, certainty=0.0))
    scores = pose_figures([photo([true], [given])], 0, 1.0).scores
    assert (scores["found"], scores["side_told"]) == (1, 0)
    assert np.isnan(scores["side_accuracy"])


def test_nothing_at_all_is_no_error() -> None:
    scores = pose_figures([], 0, 0.0).scores
    assert scores["hands"] == 0
    assert np.isnan(scores["epe_mean_px"])
