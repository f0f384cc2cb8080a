"""Which hands a mask shows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.predict.finding import found_hands, window_around
from handseg_cli.sample import Hand, Prediction

Mask = NDArray[np.uint8]


def prediction(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (200, 300), level: int = 255) -> Prediction:
    """Return what a net says that is sure of some boxes (left, top, right, bottom)."""
    mask = np.zeros(size, np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    return Prediction(mask, np.minimum(mask, np.uint8(level)))


def boxes(found: Prediction) -> list[tuple[int, int, int, int]]:
    return [hand.box for hand in found_hands(found)]


def test_hands_are_told_largest_first() -> None:
    assert boxes(prediction((10, 10, 30, 30), (100, 50, 160, 120))) == [(100, 50, 160, 120), (10, 10, 30, 30)]


def test_no_hand_is_no_hand() -> None:
    assert found_hands(prediction()) == []


def test_specks_are_no_hands() -> None:
    assert boxes(prediction((10, 10, 14, 14), (100, 50, 160, 120))) == [(100, 50, 160, 120)]


def test_a_hand_in_two_near_parts_is_one() -> None:
    assert boxes(prediction((10, 10, 30, 40), (32, 10, 60, 40))) == [(10, 10, 60, 40)]
    assert len(boxes(prediction((10, 10, 30, 40), (40, 10, 60, 40)))) == 2


@pytest.mark.parametrize("level", [20, 100, 255])
def test_the_mask_tells_what_is_hand_whatever_the_threshold_was(level: int) -> None:
    assert boxes(prediction((10, 10, 40, 40), level=level)) == [(10, 10, 40, 40)]


def test_parts_of_two_sides_are_two_hands() -> None:
    found = prediction((10, 10, 30, 40), (30, 10, 60, 40))
    sides = np.where(np.arange(300) < 30, found.mask & 1, found.mask & 2).astype(np.uint8)
    parts = (Hand((10, 10, 30, 40), 600, 0.9, "left", 0.8), Hand((30, 10, 60, 40), 900, 0.9, "right", 0.7))
    hands = found_hands(Prediction(found.mask, found.probability, parts, sides=sides))
    assert [(hand.box, hand.side, hand.certainty) for hand in hands] == [
        ((30, 10, 60, 40), "right", 0.7),
        ((10, 10, 30, 40), "left", 0.8),
    ]


def test_hands_of_a_huge_photo_are_where_they_are() -> None:
    (hand,) = found_hands(prediction((1000, 500, 2400, 1700), size=(3000, 4000)))
    assert np.abs(np.array(hand.box) - (1000, 500, 2400, 1700)).max() <= 4
    assert hand.pixels == pytest.approx(1400 * 1200, rel=0.01)


@pytest.mark.parametrize("side", [40, 400, 3000])
def test_a_window_holds_all_of_a_hand(side: int) -> None:
    window = window_around(Hand((100, 50, 100 + side, 50 + side // 2), 1, 1.0), 192)
    corners = window.to_window(np.array([[100, 50], [100 + side, 50 + side // 2]]))
    assert corners.min() > 0
    assert corners.max() < 192
    assert window.scale <= 5
