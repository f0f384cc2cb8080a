"""Figures of photos."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.evaluate.candidates import Found
from handseg_cli.evaluate.judge import Row, by_size, curve, figures, judged, levels
from handseg_cli.evaluate.sources import Shot
from handseg_cli.io.images import Photo
from handseg_cli.metrics.regions import Counts, count, iou
from handseg_cli.tasks.decode import binary

Mask = NDArray[np.uint8]


def row(tp: int, fp: int, fn: int, tn: int, group: str = "") -> Row:
    counts = Counts(tp, fp, fn, tn)
    return Row(0, "key", group, counts, counts, 0.5, 0.01)


def test_means_are_over_photos_and_pooled_figures_over_pixels() -> None:
    found = figures([row(80, 20, 0, 900, "a"), row(1, 0, 9, 990, "b")], failed=3, seconds=4.0, seed=0).scores
    assert found["iou"] == pytest.approx((0.8 + 0.1) / 2)
    assert found["pooled_iou"] == pytest.approx(81 / 110)
    assert found["pooled_precision"] == pytest.approx(81 / 101)
    assert found["pooled_recall"] == pytest.approx(81 / 90)
    assert (found["photos"], found["failed"], found["groups"]) == (2, 3, 2)
    assert found["net_ms"] == pytest.approx(10)
    assert found["photos_per_second"] == 0.5


def test_mean_of_the_second_system_is_over_all_photos() -> None:
    found = figures([row(0, 0, 0, 100), row(10, 0, 0, 90)], 0, 1.0, 0).scores
    assert found["second_dice"] == pytest.approx((2 + 1) / 2, abs=1e-4)  # its own divisor, N - 1, would make it 3
    assert found["dice"] == 1


def test_photos_without_hands_tell_what_is_falsely_found() -> None:
    found = figures([row(0, 5, 0, 95), row(0, 0, 0, 100), row(50, 50, 0, 0)], 0, 1.0, 0).scores
    assert found["false_share_without_hands"] == 5 / 200
    assert found["without_hands"] == 2
    assert np.isnan(figures([row(1, 1, 1, 1)], 0, 1.0, 0).scores["false_share_without_hands"])


def test_a_hand_is_small_below_2_percent_and_large_from_10_on() -> None:
    found = by_size([row(0, 0, 19, 981), row(20, 0, 0, 980), row(0, 0, 100, 900), row(0, 9, 0, 991)])
    assert [found[name]["photos"] for name in ("small", "medium", "large")] == [1, 1, 1]
    assert [found[name]["iou"] for name in ("small", "medium", "large")] == [0, 1, 0]


def test_no_photo_is_no_figure() -> None:
    found = figures([], failed=2, seconds=1.0, seed=0)
    assert np.isnan(found.scores["iou"])
    assert found.intervals["iou"] is None


PAIRS = st.tuples(
    arrays(np.uint8, (5, 6), elements=st.sampled_from([0, 255])),
    arrays(np.uint8, (5, 6), elements=st.integers(0, 255)),
)


@given(PAIRS)
def test_the_curve_is_what_each_threshold_would_give(pair: tuple[Mask, Mask]) -> None:
    truth, probability = pair
    for point in curve(levels(truth, probability)):
        counts = count(binary(probability, point["threshold"]), truth)
        assert point["iou"] == pytest.approx(iou(counts))


def test_second_dice_has_a_threshold_of_its_own() -> None:
    truth = np.full((4, 4), 255, np.uint8)
    probability = np.full((4, 4), 140, np.uint8)  # 0.55
    shot = Shot("a", "a", ("a",), Photo(np.zeros((4, 4, 3), np.uint8), (4, 4)), truth)
    found = judged(0, shot, Found(truth, probability, 0.1))
    assert (found.counts.tp, found.second.tp) == (16, 0)
    assert found.share == 1
