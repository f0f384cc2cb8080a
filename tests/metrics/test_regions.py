"""Measures of two masks, against naive counts, and the conventions in which systems differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.metrics.regions import (
    Counts,
    accuracy,
    count,
    dice,
    iou,
    miou,
    precision,
    recall,
    second_dice,
    seed_miou,
)

Mask = NDArray[np.uint8]
MEASURES = (accuracy, dice, iou, miou, precision, recall, seed_miou)


def masks(number: int) -> st.SearchStrategy[tuple[Mask, ...]]:
    """Draw masks of one shape in the values that masks come in."""
    shapes = st.tuples(st.integers(1, 6), st.integers(1, 6))
    values = st.sampled_from([0, 1, 255])
    return shapes.flatmap(lambda shape: st.tuples(*[arrays(np.uint8, shape, elements=values)] * number))


def on(*pixels: int) -> Mask:
    """Return a 4 x 4 mask with these pixels on."""
    mask = np.zeros(16, np.uint8)
    mask[list(pixels)] = 255
    return mask.reshape(4, 4)


@given(masks(2))
def test_iou_is_a_count_over_pixels_either_way_round(pair: tuple[Mask, Mask]) -> None:
    cells = list(zip(*(mask.ravel().tolist() for mask in pair), strict=True))
    either = sum(1 for a, b in cells if a or b)
    both = sum(1 for a, b in cells if a and b)
    assert iou(count(*pair)) == pytest.approx(both / either if either else 1.0)
    assert iou(count(*pair)) == iou(count(*reversed(pair)))


@given(masks(2))
def test_dice_follows_from_iou(pair: tuple[Mask, Mask]) -> None:
    found = iou(count(*pair))
    assert dice(count(*pair)) == pytest.approx(2 * found / (1 + found))


@given(masks(2))
def test_precision_of_one_is_recall_of_the_other(pair: tuple[Mask, Mask]) -> None:
    assert precision(count(*pair)) == recall(count(*reversed(pair)))


@given(masks(3))
def test_pixels_that_are_not_judged_do_not_count(three: tuple[Mask, Mask, Mask]) -> None:
    prediction, truth, where = three
    kept = where != 0
    assert count(prediction, truth, where) == count(prediction[kept], truth[kept])


@given(masks(2))
def test_every_pixel_is_counted_once(pair: tuple[Mask, Mask]) -> None:
    found = count(*pair)
    assert found.tp + found.fp + found.fn + found.tn == pair[0].size
    assert found + Counts() == found


@given(masks(2))
def test_measures_go_from_0_to_1_and_a_mask_agrees_with_itself(pair: tuple[Mask, Mask]) -> None:
    assert all(0 <= measure(count(*pair)) <= 1 for measure in MEASURES)
    assert all(measure(count(pair[0], pair[0])) == 1 for measure in MEASURES if measure is not seed_miou)


def test_first_system_gives_a_photo_without_hands_half() -> None:
    assert seed_miou(count(on(), on())) == pytest.approx(0.5)
    assert seed_miou(count(on(3), on())) == pytest.approx(0.46875)
    assert seed_miou(count(on(3), on(3))) == pytest.approx(1.0)


def test_corrected_miou_leaves_out_a_class_that_is_not_there() -> None:
    assert miou(count(on(), on())) == 1
    assert miou(count(on(3), on())) == pytest.approx(0.46875)  # falsely found, hand is there
    assert miou(count(on(3, 4), on(3))) == pytest.approx((1 / 2 + 14 / 15) / 2)


def test_second_system_gives_a_photo_without_hands_two() -> None:
    assert second_dice(count(on(), on())) == pytest.approx(2.0)
    assert dice(count(on(), on())) == 1
    assert second_dice(count(on(1, 2), on(2, 3))) == pytest.approx(0.5, abs=1e-4)


def test_where_nothing_was_found_nothing_was_found_falsely() -> None:
    assert (precision(count(on(), on(3))), recall(count(on(), on(3)))) == (1, 0)
    assert accuracy(Counts()) == 1
