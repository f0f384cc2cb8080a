"""What logits mean."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from handseg_cli.sample import Hand, Mask
from handseg_cli.tasks.decode import asked, binary, find_hands, probability

logits = hnp.arrays(np.float32, (1, 6, 8), elements=st.floats(-(2.0**100), 2.0**100, width=32))
shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=30)
scores = hnp.arrays(np.uint8, shapes, elements=st.sampled_from([0, 90, 255]))


def labelled(mask: Mask, score: Mask) -> list[Hand]:
    """Find the hands by labelling every pixel."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for label in range(1, count):
        left, top, width, height, pixels = map(int, stats[label])
        confidence = round(float(score[labels == label].mean()) / 255, 4)
        found.append(Hand((left, top, left + width, top + height), pixels, confidence))
    return found


@given(logits)
def test_probability_is_the_sigmoid(array: np.ndarray) -> None:
    wanted = 255 / (1 + np.exp(-array[0].astype(np.float64).clip(-700, 700)))
    assert np.abs(probability(array, (6, 8)) - wanted).max() <= 0.51


@given(hnp.arrays(np.float32, (2, 6, 8), elements=st.floats(-100, 100, width=32)))
def test_of_background_and_hand_it_is_the_softmax(array: np.ndarray) -> None:
    chances = np.exp(array - array.max(0))
    assert np.abs(probability(array, (6, 8)) - 255 * chances[1] / chances.sum(0)).max() <= 0.51


def test_probability_keeps_centres_in_place() -> None:
    # A bright cell lies at the same place of the photo, whatever the photo's size.
    array = np.full((1, 9, 16), -9, np.float32)
    array[0, 2, 11] = 9
    for scale in (4, 10, 33):
        score = probability(array, (9 * scale, 16 * scale)).astype(float)
        y, x = (np.indices(score.shape) * score).sum((1, 2)) / score.sum()
        assert (y + 0.5) / scale == pytest.approx(2.5, abs=0.02)
        assert (x + 0.5) / scale == pytest.approx(11.5, abs=0.02)


def test_mirrored_logits_give_the_mirrored_probability() -> None:
    array = np.random.default_rng(0).normal(0, 3, (1, 9, 16)).astype(np.float32)
    one = probability(array, (90, 163))[:, ::-1]
    other = probability(np.ascontiguousarray(array[..., ::-1]), (90, 163))
    assert np.abs(one.astype(int) - other).max() <= 1


@given(hnp.arrays(np.uint8, (16, 16)), st.floats(0, 1))
def test_the_mask_is_where_the_probability_reaches_the_threshold(score: Mask, threshold: float) -> None:
    mask = binary(score, threshold)
    assert np.array_equal(mask == 255, score / 255 >= threshold)
    assert set(np.unique(mask)) <= {0, 255}


def test_a_threshold_of_just_a_level_includes_it() -> None:
    score = np.arange(256, dtype=np.uint8)[None]
    assert all(cv2.countNonZero(binary(score, level / 255)) == 256 - level for level in range(256))


@settings(max_examples=300)
@given(scores)
def test_hands_are_the_connected_regions(score: Mask) -> None:
    mask = binary(score, 0.3)
    hands = find_hands(mask, score)
    assert sorted(hands, key=repr) == sorted(labelled(mask, score), key=repr)
    assert [hand.pixels for hand in hands] == sorted((hand.pixels for hand in hands), reverse=True)


@given(scores, st.floats(0, 1))
def test_small_hands_leave_mask_and_list(score: Mask, min_area: float) -> None:
    whole = binary(score, 0.3)
    everyone = find_hands(whole, score)
    mask = whole.copy()
    hands = find_hands(mask, score, min_area)
    assert set(hands) == {hand for hand in everyone if hand.pixels >= min_area * score.size}
    assert cv2.countNonZero(mask) == sum(hand.pixels for hand in hands)
    assert not (mask & ~whole).any()


def test_a_hand_within_the_hole_of_another_is_its_own() -> None:
    score = np.zeros((20, 20), np.uint8)
    cv2.rectangle(score, (2, 2), (17, 17), 255, 2)
    score[9:11, 9:11] = 200
    hands = find_hands(binary(score, 0.5), score)
    assert [(hand.box, hand.confidence) for hand in hands] == [((1, 1, 19, 19), 1.0), ((9, 9, 11, 11), 0.7843)]


def test_nothing_is_no_hand() -> None:
    nothing = np.zeros((5, 7), np.uint8)
    assert not binary(nothing, 0.5).any()
    assert find_hands(nothing, nothing) == ()


def test_the_probability_is_left_alone() -> None:
    score = np.random.default_rng(0).integers(0, 256, (30, 30), np.uint8)
    kept = score.copy()
    find_hands(binary(score, 0.5), score, 0.9)
    assert np.array_equal(score, kept)


def test_of_hand_and_arm_the_likelier_counts() -> None:
    rng = np.random.default_rng(0)
    outputs = {name: rng.normal(0, 3, (1, 6, 8)).astype(np.float32) for name in ("mask", "arm")}
    hand, arm, both = (
        probability(logit, (6, 8)) for logit in (outputs["mask"], asked(outputs, "arm"), asked(outputs, "hand+arm"))
    )
    assert np.array_equal(both, np.maximum(hand, arm))
    two = {"mask": np.concatenate([np.zeros((1, 6, 8), np.float32), outputs["mask"]]), "arm": outputs["arm"]}
    assert np.array_equal(probability(asked(two, "hand+arm"), (6, 8)), both)


@pytest.mark.parametrize(("hand", "arm", "is_hand"), [(1, -5, True), (1, 0, False), (3, 0, True), (3, 4, False)])
def test_what_may_as_well_be_an_arm_is_no_hand(hand: float, arm: float, is_hand: bool) -> None:
    outputs = {"mask": np.full((1, 2, 2), hand, np.float32), "arm": np.full((1, 2, 2), arm, np.float32)}
    assert ((asked(outputs, "hand") > 0) == is_hand).all()
    assert (asked(outputs, "hand+arm") > 0).all()
    assert asked({"mask": outputs["mask"]}, "hand") is outputs["mask"]
    assert asked(outputs, "hand", trusted=False) is outputs["mask"]
