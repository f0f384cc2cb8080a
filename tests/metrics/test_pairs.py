"""What is measured of two hands equals what loops over photos, joints and pixels make of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.metrics.joints import digit_scores
from handseg_cli.metrics.pairs import Known, Pairs, joined, judge, overlaps, part_iou, short_scores
from handseg_cli.pose.skeleton import INTERHAND_NAMES

Floats = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
PHOTOS = 5


def drawn(seed: int) -> tuple[Pairs, Pairs, Known]:
    """Draw what was found of photos, what is true, and what of that is known."""
    rng = np.random.default_rng(seed)
    found, truth = (
        Pairs(rng.normal(0, 60, (PHOTOS, 42, 3)), rng.normal(0, 60, (PHOTOS, 2, 3)), rng.random((PHOTOS, 2)))
        for _ in range(2)
    )
    joints = truth.joints
    truth = Pairs(joints, joints[:, (20, 41)], rng.integers(0, 2, (PHOTOS, 2)).astype(np.float64))
    return found, truth, Known(rng.random((PHOTOS, 42)) < 0.7, rng.random(PHOTOS) < 0.8, rng.random(PHOTOS) < 0.5)


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def table(found: Pairs, truth: Pairs, known: Known) -> dict[str, float]:
    """Make the 131 figures one number at a time."""
    errors: dict[tuple[str, str], list[float]] = {}
    sides: list[float] = []
    between: list[float] = []
    for photo in range(PHOTOS):
        for joint, name in enumerate(INTERHAND_NAMES):
            wrist = 20 if joint < 21 else 41
            if known.joints[photo, joint] and known.joints[photo, wrist]:
                ways = [each.joints[photo, joint] - each.joints[photo, wrist] for each in (found, truth)]
                for group in ("all", "ih" if known.interacting[photo] else "sh"):
                    errors.setdefault((name, group), []).append(math.dist(*ways))
        if known.hands[photo]:
            says = [bool(chance > 0.5) for chance in found.hands[photo]]
            sides.append(float(says == [bool(hand) for hand in truth.hands[photo]]))
        if known.interacting[photo] and known.joints[photo, 20] and known.joints[photo, 41]:
            between.append(math.dist(*(each.wrists[photo, 1] - each.wrists[photo, 0] for each in (found, truth))))
    figures = {"handness_acc": mean(sides), "mrrpe": mean(between)}
    figures |= {
        f"{name}_{group}": mean(errors.get((name, group), []))
        for name in INTERHAND_NAMES
        for group in ("all", "sh", "ih")
    }
    for group in ("all", "sh", "ih"):
        of_joints = [figures[f"{name}_{group}"] for name in INTERHAND_NAMES]
        figures[f"mpjpe_{group}"] = mean([value for value in of_joints if not math.isnan(value)])
    return figures


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_131_figures_are_those_of_a_loop(seed: int) -> None:
    found, truth, known = drawn(seed)
    scores = digit_scores(judge(found, truth, known), INTERHAND_NAMES).values
    expected = table(found, truth, known)
    assert list(scores) == list(expected)
    assert len(scores) == 131
    assert scores == pytest.approx(expected, nan_ok=True)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_the_short_form_tells_the_same_and_40_joints_too(seed: int) -> None:
    found, truth, known = drawn(seed)
    scores, expected = short_scores(judge(found, truth, known)).values, table(found, truth, known)
    assert {name: scores[name] for name in scores.keys() & expected.keys()} == pytest.approx(
        {name: expected[name] for name in scores.keys() & expected.keys()}, nan_ok=True
    )
    for group in ("all", "sh", "ih"):
        joints = [expected[f"{name}_{group}"] for name in INTERHAND_NAMES if not name.endswith("wrist")]
        known_ones = [value for value in joints if not math.isnan(value)]
        assert scores[f"mpjpe40_{group}"] == pytest.approx(mean(known_ones), nan_ok=True)


def test_wrists_lower_the_mean_over_42_joints() -> None:
    found, truth, _ = drawn(0)
    everything = Known(np.ones((PHOTOS, 42), bool), np.ones(PHOTOS, bool), np.ones(PHOTOS, bool))
    scores = short_scores(judge(found, truth, everything))
    assert scores["mpjpe_all"] * 42 / 40 == pytest.approx(scores["mpjpe40_all"])


def test_parts_of_photos_are_put_together_and_none_is_none() -> None:
    found, truth, known = drawn(3)
    whole = judge(found, truth, known)
    pieces = []
    for at in (slice(0, 2), slice(2, PHOTOS)):
        one, other = (Pairs(each.joints[at], each.wrists[at], each.hands[at]) for each in (found, truth))
        pieces.append(judge(one, other, Known(known.joints[at], known.hands[at], known.interacting[at])))
    assert short_scores(joined(pieces)).values == pytest.approx(short_scores(whole).values, nan_ok=True)
    nothing = joined([])
    assert len(nothing.errors) == 0
    assert all(math.isnan(value) for value in short_scores(nothing).values.values())


def iou_by_loop(found: NDArray[np.uint8], true: NDArray[np.uint8], least: int) -> float:
    photos = []
    for one, other in zip(found, true, strict=True):
        parts = []
        for part in range(1, 33):
            both = int(((one == part) & (other == part)).sum())
            either = int(((one == part) | (other == part)).sum())
            if either >= least:
                parts.append(both / either)
        if parts:
            photos.append(mean(parts))
    return mean(photos)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([1, 3, 8]))
def test_parts_overlap_as_a_loop_counts(seed: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    found, true = (rng.integers(0, 33, (3, 9, 11)).astype(np.uint8) for _ in range(2))
    found[rng.random(found.shape) < 0.6] = 0
    true[0] = np.where(rng.random((9, 11)) < 0.5, found[0], true[0])
    assert part_iou(overlaps(found, true), least) == pytest.approx(iou_by_loop(found, true, least), nan_ok=True)


def test_background_alone_counts_nowhere() -> None:
    empty = np.zeros((2, 4, 4), np.uint8)
    assert math.isnan(part_iou(overlaps(empty, empty)))
    one = empty.copy()
    one[0, 0, 0] = 7
    assert part_iou(overlaps(one, one)) == 1
    assert overlaps(empty[:0], empty[:0]).shape == (0, 2, 33)
    assert math.isnan(part_iou(overlaps(empty[:0], empty[:0])))
