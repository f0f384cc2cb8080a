"""Pose models: what their outputs mean, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.errors import CheckpointError
from handseg_cli.pose.camera import project
from handseg_cli.pose.canonical import palm_rooted
from handseg_cli.pose.score_maps import targets
from handseg_cli.pose.skeleton import reorder
from handseg_cli.pose.space import BONES_MM, pinhole
from handseg_cli.pose.window import Window, around_joints, true_window
from handseg_cli.predict.posers import Hand3d, Handpose

Floats = NDArray[np.float32]
CAMERA = pinhole((256, 256), 300)


def hand() -> NDArray[np.float64]:
    """Return a hand, RHD's order, mm in the camera's frame; its bones have the length of most, all together."""
    joints = np.random.default_rng(3).normal(0, 40, (21, 3))
    ours = joints[reorder("rhd", "ours")]
    length = sum(np.linalg.norm(ours[n] - ours[0 if n % 4 == 1 else n - 1]) for n in range(1, 21))
    return np.asarray(joints * (BONES_MM / length) + np.array([0, 0, 700]), np.float64)


class Maps:
    """A keypoint net that answers with the score maps of some points in a window of 256."""

    device = "cpu"

    def __init__(self, points: NDArray[np.float64]) -> None:
        self.points = points

    def run(self, batch: NDArray[np.uint8]) -> dict[str, Floats]:
        maps = targets(self.points / 8, np.ones(21, bool), 32, sigma=25 / 8)
        return {"score_maps": np.repeat(maps[None], len(batch), 0)}


class Lift:
    """A lifting net that answers with some joints, and keeps what it was told."""

    def __init__(self, joints: NDArray[np.float64]) -> None:
        self.joints = joints
        self.told: list[Mapping[str, Floats]] = []

    def feed(self, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
        self.told.append(arrays)
        return {"joints": np.repeat(self.joints[None], len(arrays["side"]), 0).astype(np.float32)}


@pytest.mark.parametrize("palm", [False, True])
def test_the_chain_tells_points_and_a_hand_where_the_camera_sees_it(palm: bool) -> None:
    points, told = project(hand(), CAMERA), palm_rooted(hand()) if palm else hand()
    maps = Maps(np.asarray(palm_rooted(points) if palm else points))
    chain = Hand3d(maps, Lift(np.asarray(told - told[0]) / 40), 256, palm)
    (answer,) = chain(np.zeros((1, 256, 256, 3), np.uint8), CAMERA[None], ["left"])
    ours = reorder("rhd", "ours")
    assert np.abs(answer.points - points[ours]).max() < 0.05
    assert np.abs(answer.joints - hand()[ours]).max() < 1


def test_the_chain_is_told_sides_and_takes_an_unknown_one_for_left() -> None:
    lift = Lift(hand())
    answers = Hand3d(Maps(project(hand(), CAMERA)), lift, 256, palm=False)(
        np.zeros((3, 256, 256, 3), np.uint8), np.stack([CAMERA] * 3), ["right", "left", ""]
    )
    assert lift.told[0]["side"].tolist() == [[0, 1], [1, 0], [1, 0]]
    assert all(np.isnan(answer.right) and np.isnan(answer.score) for answer in answers)


def test_true_windows_are_those_of_training() -> None:
    points, judged = np.random.default_rng(0).uniform(50, 200, (21, 2)), np.arange(21) < 15
    ours = Hand3d(Maps(points), Lift(hand()), 128, palm=False)
    theirs = Hand3d(Maps(points), Lift(hand()), 128, palm=True)
    assert ours.true_window(points, judged, (240, 320)) == around_joints(points, judged, 128)
    published = true_window(points, judged, (240, 320))
    window = theirs.true_window(points, judged, (240, 320))
    assert (window.centre, window.scale, window.size) == (published.centre, published.scale / 2, 128)


@pytest.mark.parametrize("palm", [False, True])
@pytest.mark.parametrize("scale", [0.1, 1.3])
def test_beyond_the_photo_all_is_grey_and_within_it_is_the_photo(palm: bool, scale: float) -> None:
    image = np.full((400, 600, 3), (10, 200, 90), np.uint8)
    shown = Hand3d(Maps(hand()[:, :2]), Lift(hand()), 64, palm).cut(image, Window((0, 0), scale, 64))
    assert (shown[:28, :28] == 128).all()
    assert (shown[34:, 34:] == (10, 200, 90)).all()


class Odd:
    """A net that answers with given arrays."""

    device = "cpu"

    def __init__(self, **outputs: Floats) -> None:
        self.outputs = outputs

    def run(self, batch: NDArray[np.uint8]) -> dict[str, Floats]:
        return self.outputs


@pytest.mark.parametrize(
    "points", [np.zeros((1, 20, 2)), np.full((1, 21, 2), np.nan), np.zeros((2, 21, 2)), np.zeros((21, 2))]
)
def test_answers_of_another_shape_or_without_numbers_are_refused(points: NDArray[np.float64]) -> None:
    net = Odd(points=points.astype(np.float32), depths=np.zeros((1, 21), np.float32))
    with pytest.raises(CheckpointError, match="for points, not finite"):
        Handpose(net, 64)(np.zeros((1, 64, 64, 3), np.uint8), CAMERA[None], [""])


def test_an_answer_that_is_missing_is_named() -> None:
    net = Odd(points=np.zeros((1, 21, 2), np.float32))
    with pytest.raises(CheckpointError, match="tells none for depths"):
        Handpose(net, 64)(np.zeros((1, 64, 64, 3), np.uint8), CAMERA[None], [""])
