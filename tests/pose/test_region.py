"""Regions that grow from the strongest pixel, against a flood from pixel to pixel and the original's rounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.pose.region import Region, regions, strongest_window
from handseg_cli.pose.window import around

Bits = NDArray[np.bool_]
Probability = NDArray[np.float32]
GAP = 10


@st.composite
def probabilities(draw: st.DrawFn) -> Probability:
    """Draw a few pixels, likely and not, some alike, in a picture of any shape."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 60))
    found = np.zeros((height, width), np.float32)
    pixel = st.tuples(st.integers(0, height - 1), st.integers(0, width - 1), st.sampled_from([0.3, 0.5, 0.6, 0.9, 1]))
    for row, column, value in draw(st.lists(pixel, max_size=25)):
        found[row, column] = value
    return found


def whole(region: Region, shape: tuple[int, ...]) -> Bits:
    left, top, right, bottom = region.hand.box
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = region.pixels > 0
    return mask


def flooded(likely: Bits, start: tuple[int, int], gap: int) -> Bits:
    """Visit from a (row, column) all likely pixels, each within `gap` rows and columns of one visited before."""
    reached, todo = np.zeros_like(likely), [start]
    while todo:
        row, column = todo.pop()
        if reached[row, column]:
            continue
        reached[row, column] = True
        rows = range(max(0, row - gap), min(len(likely), row + gap + 1))
        columns = range(max(0, column - gap), min(likely.shape[1], column + gap + 1))
        todo += [(y, x) for y in rows for x in columns if likely[y, x]]
    return reached


def by_rounds(probability: Probability) -> Bits:
    """Grow as the original did: rounds of a window of 21 x 21 pixels, each kept to the likely pixels.

    It did a tenth as many as the picture has rows or columns; here they end when nothing changes any more.
    """
    height, width = probability.shape
    likely = np.round(probability)
    grown = np.zeros_like(probability)
    grown[np.unravel_index(probability.argmax(), probability.shape)] = 1
    before = np.zeros_like(grown)
    while not np.array_equal(grown, before):
        padded, before = np.pad(grown, GAP), grown
        wide = np.array([[padded[y : y + 21, x : x + 21].max() for x in range(width)] for y in range(height)])
        grown = np.round(likely * wide).astype(np.float32)
    return grown > 0


@settings(max_examples=60)
@given(probabilities(), st.sampled_from([1, 3, GAP]))
def test_hands_are_what_a_flood_reaches_strongest_first(probability: Probability, gap: int) -> None:
    left = probability > 0.5
    for region in regions(probability, gap):
        row, column = divmod(int(np.where(left, probability, 0).argmax()), probability.shape[1])
        assert region.seed == (column, row)
        reached = flooded(left, (row, column), gap)
        assert np.array_equal(whole(region, probability.shape), reached)
        left &= ~reached
    assert not left.any()


@settings(max_examples=20)
@given(arrays(np.float32, (20, 30), elements=st.sampled_from([0.0] * 60 + [0.7, 0.9])))
def test_the_strongest_hand_is_that_of_the_original(probability: Probability) -> None:
    found = next(regions(probability), None)
    expected = by_rounds(probability)
    mask = np.zeros_like(expected) if found is None else whole(found, expected.shape)
    assert np.array_equal(mask, expected)


@settings(max_examples=40)
@given(probabilities())
def test_hands_are_told_as_everywhere_else(probability: Probability) -> None:
    for region in regions(probability):
        mask = whole(region, probability.shape)
        rows, columns = np.nonzero(mask)
        assert region.hand.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert region.hand.pixels == mask.sum()
        assert region.hand.confidence == pytest.approx(probability[mask].mean(), abs=1e-4)


@settings(max_examples=40)
@given(probabilities())
def test_bytes_tell_what_floats_tell(probability: Probability) -> None:
    coarse = np.round(probability * 255).astype(np.uint8)
    fine = (coarse / 255).astype(np.float32)
    assert [region.hand.box for region in regions(coarse)] == [region.hand.box for region in regions(fine)]
    assert [region.seed for region in regions(coarse)] == [region.seed for region in regions(fine)]


@pytest.mark.parametrize(("apart", "hands"), [(10, 1), (11, 2)])
def test_a_gap_of_ten_pixels_is_bridged_and_no_more(apart: int, hands: int) -> None:
    probability = np.zeros((50, 50), np.float32)
    probability[[20, 20 + apart], [30, 30 - apart]] = 1
    assert len(list(regions(probability))) == hands


def test_growing_follows_a_hand_however_winding() -> None:
    probability = np.zeros((150, 150), np.float32)
    for column in range(0, 150, 12):
        probability[:, column] = 0.9
        probability[0 if column % 24 else -1, column : column + 12] = 0.9
    assert len(list(regions(probability))) == 1


def test_without_a_likely_pixel_there_is_no_window() -> None:
    assert strongest_window(np.full((240, 320), 0.5, np.float32)) is None
    assert strongest_window(np.full((240, 320), 127, np.uint8)) is None


def test_the_window_is_around_the_hand_of_the_strongest_pixel() -> None:
    probability = np.zeros((240, 320), np.float32)
    probability[20:121, 40:91] = 0.8
    probability[150:161, 200:301] = 0.7
    probability[155, 210] = 0.95
    window = strongest_window(probability)
    assert window is not None
    assert window.centre == (250, 155)
    assert window.scale == pytest.approx(256 / (1.25 * 100))
    assert [around(region.hand.box).centre for region in regions(probability)] == [(250, 155), (65, 70)]
    assert math.isclose(next(regions(probability)).hand.confidence, 0.7002, abs_tol=1e-4)
