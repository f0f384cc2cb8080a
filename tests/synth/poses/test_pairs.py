"""Two hands that meet."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from handseg_cli.synth.body import Side
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import hand_of, packed
from handseg_cli.synth.poses.contact import TOUCH, all_depths, cones_at, flesh_of, moved
from handseg_cli.synth.poses.limits import clamped
from handseg_cli.synth.poses.pairs import PAIRS, Limb, Pair, cones_of, met, spots
from handseg_cli.synth.poses.repertoire import named_pose


def limb(side: Side) -> Limb:
    body = procedural_hand(HandShape(), side)
    return Limb(hand_of(body, side), flesh_of(body, hand_of(body, side)))


LEFT, RIGHT = limb("L"), limb("R")
every_pair = pytest.mark.parametrize("name", PAIRS)


def drawn(name: str, seed: int) -> Pair:
    first, second = (RIGHT, LEFT) if seed % 2 == 0 else (LEFT, RIGHT)
    return met(name, first, second, np.random.default_rng(seed))


def apart(pair: Pair, seed: int) -> float:
    """Return how deep one hand is in the other."""
    first, second = (RIGHT, LEFT) if seed % 2 == 0 else (LEFT, RIGHT)
    return float(all_depths(cones_of(first, pair.first), cones_of(second, pair.second)).max())


@every_pair
def test_hands_that_meet_are_not_in_each_other_and_within_limits(name: str) -> None:
    good = 0
    for seed in range(4):
        pair = drawn(name, seed)
        assert apart(pair, seed) <= max(pair.worst, TOUCH) + 1e-6
        good += pair.worst < TOUCH
        for hand in (pair.first, pair.second):
            np.testing.assert_allclose(clamped(packed(hand.pose)), packed(hand.pose), atol=1e-9)
    assert good >= 2


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "applause"])
def test_hands_that_meet_touch(name: str) -> None:
    assert max(apart(drawn(name, seed), seed) for seed in range(4)) > -1.5


@every_pair
def test_one_seed_makes_one_pair(name: str) -> None:
    one, other = drawn(name, 1), drawn(name, 1)
    np.testing.assert_array_equal(packed(one.first.pose), packed(other.first.pose))
    np.testing.assert_array_equal(one.second.at.place, other.second.at.place)


def test_hands_in_prayer_face_each_other_with_their_fingers_up() -> None:
    for seed in range(4):
        pair = drawn("prayer", seed)
        assert pair.first.at.axes[2] @ pair.second.at.axes[2] < -0.98
        assert pair.first.at.axes[0][1] > 0.2


def test_fingers_of_interlocked_hands_alternate() -> None:
    pair = drawn("interlocked", 0)
    own = moved(cones_at(RIGHT.hand, RIGHT.flesh, packed(pair.first.pose)), pair.first.at)
    other = moved(cones_at(LEFT.hand, LEFT.flesh, packed(pair.second.pose)), pair.second.at)
    # Seen along the thumb's way, each finger of one hand lies between two of the other.
    way = pair.first.at.axes[1]
    order = sorted(
        [(cones.stops[3 * f + 1] @ way, name) for cones, name in ((own, 0), (other, 1)) for f in range(1, 5)]
    )
    assert sum(a[1] != b[1] for a, b in pairwise(order)) >= 5


def test_spots_are_on_the_hand() -> None:
    cones = cones_at(LEFT.hand, LEFT.flesh, packed(named_pose("flat")))
    places = spots(LEFT, named_pose("flat"))
    assert places["palm"][2] > 8
    assert places["back"][2] < -3
    assert places["index"] == pytest.approx(cones.stops[5])
