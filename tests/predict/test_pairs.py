"""From a photo to pairs of hands: which belong together, where they are, and which part each pixel is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from handseg_cli.io.images import Photo
from handseg_cli.io.part_colours import OF_LEFT, OF_RIGHT
from handseg_cli.pose.camera import project
from handseg_cli.pose.pairs import BINS, to_millimetres
from handseg_cli.pose.skeleton import bones
from handseg_cli.pose.space import BONES_MM, pinhole
from handseg_cli.predict.pair_net import PairNet
from handseg_cli.predict.pairs import OURS, PairPredictor, PairScene, box_around, gap, together, told
from handseg_cli.predict.predictor import Predictor
from handseg_cli.runtime.onnx_session import OnnxSession
from handseg_cli.sample import Hand, Prediction, Sample
from handseg_cli.synth.settings import SynthSettings
from tests.tiny import red_hands, two_red_hands
from tests.tiny.pair_truth import Knowing
from tests.tiny.rendered import render
from tests.tiny.two_red_hands import PALMS, Two, photo

SETTINGS = SynthSettings(11, (("two-hands", 1.0),), (160, 160), engine="numpy", pinhole=True)
NUMBERS = range(4)


@pytest.fixture(scope="module")
def predictor() -> PairPredictor:
    net = PairNet(OnnxSession(two_red_hands.model()), red_hands.SIDE)
    return PairPredictor(Predictor(OnnxSession(red_hands.finder()), size=256), net)


def hand(left: int, top: int, side: str = "", size: int = 100) -> Hand:
    return Hand((left, top, left + size, top + size), size * size, 0.9, side)


def test_a_left_and_a_right_hand_that_are_near_belong_together() -> None:
    pair = hand(0, 0, "left"), hand(120, 0, "right")
    assert together(pair) == [pair]
    assert box_around(pair) == (0, 0, 220, 100)


@pytest.mark.parametrize(
    "two", [(hand(0, 0, "left"), hand(120, 0, "left")), (hand(0, 0, "left"), hand(200, 0, "right"))]
)
def test_two_of_one_side_or_far_from_each_other_do_not(two: tuple[Hand, Hand]) -> None:
    assert together(two) == [(two[0],), (two[1],)]


def test_where_sides_are_not_known_the_nearest_belong_together() -> None:
    first, second, third = hand(0, 0), hand(130, 0, size=99), hand(240, 0, size=98)
    assert together([first, second, third]) == [(second, third), (first,)]


def test_four_hands_are_two_pairs() -> None:
    hands = [hand(0, 0, "left"), hand(90, 10, "right"), hand(500, 0, "right"), hand(600, 0, "left")]
    assert sorted(together(hands), key=lambda two: two[0].box) == [(hands[0], hands[1]), (hands[2], hands[3])]


def test_gaps_are_counted_in_hands() -> None:
    assert gap(hand(0, 0), hand(150, 0)) == 0.5
    assert gap(hand(0, 0), hand(50, 50)) == 0
    assert gap(hand(0, 0), hand(130, 140)) == pytest.approx(0.5)


@pytest.mark.parametrize("behind", [5.0, 36.0, 60.0])
def test_hands_are_where_they_are_in_the_photo_and_one_behind_the_other(behind: float) -> None:
    net = PairNet(OnnxSession(two_red_hands.model(behind=behind)), red_hands.SIDE)
    finder = Predictor(OnnxSession(red_hands.finder()), size=256)
    found = PairPredictor(finder, net)(photo(Two((150, 120), (168, 120))))
    poses = {pose.hand.side: pose for pose in found.poses or ()}
    for side, x in (("right", 150), ("left", 168)):
        assert np.allclose(poses[side].points[0], (x - 0.5, 119.5), atol=0.4)
        assert np.allclose(project(poses[side].joints, pinhole((240, 320))), poses[side].points, atol=0.01)
    apart = poses["left"].joints[0, 2] - poses["right"].joints[0, 2]
    assert apart == pytest.approx(float(to_millimetres(np.array(behind), BINS)), abs=0.01)


def test_both_hands_together_have_a_usual_size(predictor: PairPredictor) -> None:
    for two, focal in ((Two((150, 120), (168, 120)), 0.0), (Two((150, 120)), 0.0), (Two(left=(50, 80)), 700.0)):
        poses = replace(predictor, focal=focal)(photo(two)).poses or ()
        parents, children = bones("ours").T
        lengths = [np.linalg.norm(pose.joints[children] - pose.joints[parents], axis=1).sum() for pose in poses]
        assert sum(lengths) == pytest.approx(BONES_MM * len(two.wrists), abs=0.1)


def test_parts_are_where_the_hands_are(predictor: PairPredictor) -> None:
    found = predictor(photo(Two((150, 120), (168, 120))))
    assert found.parts is not None
    assert {*np.unique(found.parts).tolist()} == {0, *PALMS.values()}
    for side, x in (("right", 150), ("left", 168)):
        rows, columns = np.nonzero(found.parts == PALMS[side])
        assert (rows.mean(), columns.mean()) == pytest.approx((119.5, x - 0.5), abs=1)
        assert len(rows) == pytest.approx(144, rel=0.25)
    boxes = {pose.hand.side: (pose.hand.box, pose.hand.pixels) for pose in found.poses or ()}
    assert boxes["right"][1] == np.count_nonzero(found.parts == PALMS["right"])
    left, _, right, _ = boxes["left"][0]
    assert abs(left - 162) <= 1
    assert abs(right - 174) <= 1


@pytest.mark.parametrize("factor", [3, 16])
def test_a_large_photo_of_the_same_has_the_same_parts_enlarged(predictor: PairPredictor, factor: int) -> None:
    small = photo(Two((150, 120), (168, 120)))
    one, other = predictor(small).parts, predictor(small.repeat(factor, 0).repeat(factor, 1)).parts
    assert one is not None
    assert other is not None
    enlarged = one.repeat(factor, 0).repeat(factor, 1)
    for palm in PALMS.values():
        both, either = ((enlarged == palm) & (other == palm)).sum(), ((enlarged == palm) | (other == palm)).sum()
        assert both / either > 0.8


def test_two_pairs_and_a_lone_hand_are_three_windows(predictor: PairPredictor) -> None:
    found = predictor(np.maximum(photo(Two((60, 60), (78, 60))), photo(Two((250, 200)))))
    assert found.pairs is not None
    assert [(round(pair.right), round(pair.left), len(pair.hands)) for pair in found.pairs] == [(1, 1, 2), (1, 0, 1)]
    assert sorted(number for pair in found.pairs for number in pair.hands) == [0, 1, 2]
    assert [hand.side for hand in found.hands].count("right") == 2
    for pair in found.pairs:
        for number in pair.hands:
            x, y = found.hands[number].box[:2]
            assert pair.box[0] < x < pair.box[2]
            assert pair.box[1] < y < pair.box[3]


def test_a_hand_that_two_windows_show_is_told_once(predictor: PairPredictor) -> None:
    scene = PairScene(photo(Two((150, 120))), [predictor.net.window((140, 100, 30, 30))] * 2, pinhole((240, 320)))
    nothing = np.zeros((240, 320), np.uint8)
    found = told(Prediction(nothing, nothing), scene, predictor.answers([scene])[0], 0.0)
    assert [hand.side for hand in found.hands] == ["right"]
    assert [pair.hands for pair in found.pairs or ()] == [(0,), ()]


def test_no_hand_is_an_empty_answer(predictor: PairPredictor) -> None:
    found = predictor(photo(Two()))
    assert (found.poses, found.pairs, found.hands) == ((), (), ())
    assert found.parts is not None
    assert not found.parts.any()


def test_photos_together_are_as_photos_alone(predictor: PairPredictor) -> None:
    images = [photo(Two((60, 60), (78, 60))), photo(Two()), photo(Two(left=(30, 30)), (180, 320))]
    together_ = predictor.segment([Photo(image, (image.shape[0], image.shape[1])) for image in images])
    for image, found in zip(images, together_, strict=True):
        alone = predictor(image)
        assert found.hands == alone.hands
        assert found.pairs == alone.pairs
        assert found.parts is not None
        assert alone.parts is not None
        assert np.array_equal(found.parts, alone.parts)


@cache
def known(number: int) -> tuple[Knowing, Prediction]:
    """Return the truth of a rendered photo, and what is told of it by a net that knows it."""
    sample = render(SETTINGS, number).sample
    session = Knowing(sample, 256)
    scene = PairScene(sample.image, [session.window], camera_of(sample))
    (answers,) = PairPredictor(None, PairNet(session, 256)).answers([scene])  # type: ignore[arg-type]
    nothing = np.zeros(sample.image.shape[:2], np.uint8)
    return session, told(Prediction(nothing, nothing), scene, answers, 0.0)


def camera_of(sample: Sample) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    assert sample.camera is not None
    return sample.camera.astype(np.float64)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_net_that_knows_is_told_exactly_left_and_right_part_by_part(number: int) -> None:
    session, found = known(number)
    assert found.parts is not None
    counts = np.bincount(session.parts.ravel(), minlength=33)
    for part in np.flatnonzero(counts[1:] > 40) + 1:
        both, either = (found.parts == part) & (session.parts == part), (found.parts == part) | (session.parts == part)
        assert both.sum() / either.sum() > 0.7
    assert (found.parts == session.parts).mean() > 0.98


def test_all_32_parts_come_up_in_a_few_photos() -> None:
    photos = [found.parts for _, found in map(known, NUMBERS) if found.parts is not None]
    seen = {number for parts in photos for number in np.unique(parts).tolist()}
    assert sorted(seen) == [0, *OF_RIGHT, *OF_LEFT]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_net_that_knows_is_told_exactly_joint_by_joint(number: int) -> None:
    session, found = known(number)
    points, joints = session.sample.points, session.sample.joints
    assert points is not None
    assert joints is not None
    for pose in found.poses or ():
        rows = (0 if pose.hand.side == "right" else 21) + OURS
        assert np.abs(pose.points - points[rows]).max() < 0.01
        # How far a joint is behind its wrist is the net's own word; all else follows from a usual size.
        deep, wanted = (each[:, 2] - each[0, 2] for each in (pose.joints, joints[rows]))
        assert np.abs(deep - wanted).max() < 0.1
        assert np.allclose(project(pose.joints, camera_of(session.sample)), pose.points, atol=0.02)
