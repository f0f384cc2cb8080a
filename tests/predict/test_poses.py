"""From a photo to the joints of its hands, by nets that need no training: what is red is a hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.io.images import Photo
from handseg_cli.pose.camera import project
from handseg_cli.pose.skeleton import reorder
from handseg_cli.pose.space import BONES_MM, pinhole
from handseg_cli.predict.finding import window_around
from handseg_cli.predict.posers import Handpose
from handseg_cli.predict.poses import PosePredictor, Scene, erase, kept, lies_on, unexplained
from handseg_cli.predict.predictor import Predictor
from handseg_cli.runtime.onnx_session import OnnxSession
from handseg_cli.sample import Hand, Pose, Prediction
from tests.tiny.red_hands import OFFSETS, SIDE, finder, model, photo

PURPLE, YELLOW = (255, 0, 255), (255, 255, 0)


@pytest.fixture(scope="module")
def predictor() -> PosePredictor:
    return PosePredictor(Predictor(OnnxSession(finder()), size=256), Handpose(OnnxSession(model()), SIDE))


@pytest.mark.parametrize("place", [(100, 120), (21, 30), (299, 219)])
def test_points_are_where_the_hand_is_in_the_photo(predictor: PosePredictor, place: tuple[int, int]) -> None:
    (pose,) = predictor(photo(place)).poses or ()
    # The middle of 40 pixels lies between two of them.
    assert np.allclose(pose.points[0], np.array(place) - 0.5, atol=0.02)


def test_points_have_the_scale_of_the_photo_and_our_order(predictor: PosePredictor) -> None:
    (pose,) = predictor(photo((100, 120))).poses or ()
    scale = window_around(Hand((80, 100, 120, 140), 1600, 1.0), SIDE).scale
    ours = OFFSETS[[0, *(4 * finger + place for finger in range(5) for place in (4, 3, 2, 1))]]
    assert np.allclose(pose.points - pose.points[0], ours / scale, atol=1e-4)
    assert np.array_equal(ours, OFFSETS[reorder("rhd", "ours")])


@pytest.mark.parametrize("factor", [3, 15])
def test_a_large_photo_of_the_same_has_the_same_points_enlarged(predictor: PosePredictor, factor: int) -> None:
    small = photo((100, 120))
    (one,) = predictor(small).poses or ()
    (other,) = predictor(small.repeat(factor, 0).repeat(factor, 1)).poses or ()
    assert np.abs((other.points + 0.5) / factor - one.points - 0.5).max() < 1


def test_space_agrees_with_the_photo(predictor: PosePredictor) -> None:
    image = photo((100, 120))
    for focal in (0.0, 500.0):
        (pose,) = replace(predictor, focal=focal)(image).poses or ()
        seen = project(pose.joints, pinhole((240, 320), focal))
        assert np.allclose(seen, pose.points, atol=0.01)
        bones = np.linalg.norm(np.diff(pose.joints[[0, 5, 6, 7, 8]], axis=0), axis=1)
        assert 0 < bones.sum() < BONES_MM


def test_two_hands_are_two_with_their_sides(predictor: PosePredictor) -> None:
    image = np.maximum(photo((60, 60)), photo((220, 150), colour=PURPLE))
    found = predictor(image)
    hands = {hand.side: hand.box for hand in found.hands}
    assert hands == {"left": (40, 40, 80, 80), "right": (200, 130, 240, 170)}
    assert found.tells_sides
    assert all(hand.certainty > 0.99 for hand in found.hands)


def test_no_hand_is_an_empty_answer(predictor: PosePredictor) -> None:
    assert predictor(photo()).poses == ()


def test_what_is_no_hand_after_all_is_left_out(predictor: PosePredictor) -> None:
    found = predictor(np.maximum(photo((60, 60)), photo((220, 150), colour=YELLOW)))
    assert [hand.box for hand in found.hands] == [(40, 40, 80, 80)]
    assert found.mask[150, 220] == 255


def test_photos_together_are_as_photos_alone(predictor: PosePredictor) -> None:
    images = [photo((60, 60)), photo(), photo((100, 100), (250, 60), size=(180, 320))]
    together = predictor.segment([Photo(image, (image.shape[0], image.shape[1])) for image in images])
    for image, found in zip(images, together, strict=True):
        alone = predictor(image).poses or ()
        assert [pose.hand for pose in found.poses or ()] == [pose.hand for pose in alone]
        for one, other in zip(found.poses or (), alone, strict=True):
            assert np.array_equal(one.points, other.points)


def test_one_hand_told_twice_is_one() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (21, 2)).astype(np.float32)
    large, small = (Hand((0, 0, 100, 100), pixels, 0.9) for pixels in (900, 100))
    first, again = (
        Pose(hand, points + shift, np.zeros((21, 3), np.float32)) for hand, shift in ((large, 0), (small, 9))
    )
    other = replace(again, points=points + np.float32(40))
    assert kept([first, again, other]) == (first, other)


def fan(x: float) -> Pose:
    """Return a hand with spread fingers, 60 pixels wide and 60 high."""
    tips = np.column_stack([np.linspace(-30, 30, 5), np.full(5, -60)])
    fingers = np.linspace(0.5, 1, 4)[None, :, None] * tips[:, None]
    points = np.append(fingers, [0, 0]).reshape(21, 2)[[20, *range(20)]] + (x, 90)
    return Pose(Hand((0, 0, 9, 9), 2000, 1.0), points.astype(np.float32), np.zeros((21, 3), np.float32))


def test_of_two_hands_that_touch_the_one_that_no_pose_explains_is_left() -> None:
    one, other = fan(60), fan(120)  # they touch with their outer fingers
    flesh = np.full((120, 200), 255, np.uint8)
    for pose in (one, other):
        erase(flesh, pose)
    mask = 255 - flesh
    scene = Scene(np.zeros((120, 200, 3), np.uint8), [], pinhole((120, 200)), Prediction(mask, mask))
    rest = unexplained(scene, [one])
    assert rest is not None
    (hand,) = rest.hands
    assert np.abs(np.array(hand.box) - (90, 24, 157, 97)).max() < 8
    assert [lies_on(rest.mask, pose) for pose in (one, other)] == [False, True]
    assert unexplained(scene, [one, other]) is None
    assert unexplained(scene, []) is None
