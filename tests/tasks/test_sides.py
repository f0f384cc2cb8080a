"""Left or right: what is judged of each hand."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.sample import Mask
from handseg_cli.tasks.decode import find_hands
from handseg_cli.tasks.sides import Sides

HANDS = np.zeros((40, 60), np.uint8)
HANDS[5:15, 5:25] = HANDS[20:30, 30:50] = 255


def judged(right: Mask, hand: Mask = HANDS) -> list[tuple[str, float]]:
    """Judge both hands, the upper one first."""
    found = find_hands(HANDS, hand, sides=Sides(right, hand))
    return [(each.side, each.certainty) for each in sorted(found, key=lambda each: each.box)]


def test_each_hand_has_the_side_of_its_own_pixels() -> None:
    right = np.full_like(HANDS, 128)  # what is around hands does not count
    right[5:15, 5:25], right[20:30, 30:50] = 0, 255
    assert judged(right) == [("left", 1.0), ("right", 1.0)]


@pytest.mark.parametrize(("chance", "side"), [(0, "left"), (101, "left"), (103, ""), (152, ""), (154, "right")])
def test_a_side_is_told_where_it_is_more_than_a_guess(chance: int, side: str) -> None:
    certainty = round(max(chance, 255 - chance) / 255, 4)
    assert judged(np.full_like(HANDS, chance)) == [(side, certainty)] * 2


def test_pixels_count_as_much_as_they_are_hands() -> None:
    right, hand = np.zeros_like(HANDS), np.full_like(HANDS, 60)
    right[:, 10:15] = hand[:, 10:15] = 240  # a quarter of the first hand
    share = 240 * 5 / (240 * 5 + 60 * 15)
    assert judged(right, hand)[0] == ("", round(share * 240 / 255, 4))


def test_numbers_are_drawn_for_the_hands_that_are_left() -> None:
    right, drawn = np.full_like(HANDS, 255), np.zeros_like(HANDS)
    right[:16], mask = 0, HANDS.copy()
    mask[35, 5] = 255  # too small to be a hand
    find_hands(mask, mask, 0.01, Sides(right, HANDS, drawn))
    wanted = np.where(HANDS, np.where(np.arange(40)[:, None] < 16, 1, 2), 0)
    assert np.array_equal(drawn, wanted)


def test_a_hand_of_unknown_side_has_a_number_too() -> None:
    drawn = np.zeros_like(HANDS)
    find_hands(HANDS, HANDS, sides=Sides(np.full_like(HANDS, 127), HANDS, drawn))
    assert np.array_equal(drawn, HANDS // 255 * 3)


def test_what_is_no_hand_to_the_net_has_no_side() -> None:
    nothing = np.zeros_like(HANDS)
    assert judged(nothing, nothing) == [("", 0.5), ("", 0.5)]


def test_a_large_hand_is_judged_by_some_of_its_pixels() -> None:
    mask = np.full((1500, 2001), 255, np.uint8)
    right = np.zeros_like(mask)
    right[:, :600] = 255
    (hand,) = find_hands(mask, mask, sides=Sides(right, mask))
    assert (hand.side, round(hand.certainty, 2)) == ("left", 0.7)
