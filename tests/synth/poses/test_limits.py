"""What joints allow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from handseg_cli.synth.body import Floats
from handseg_cli.synth.poses.anatomy import packed
from handseg_cli.synth.poses.limits import (
    BENT_BACK,
    END,
    END_SLACK,
    FOLLOWS,
    KNUCKLE,
    MIDDLE,
    SPREAD,
    THUMB,
    clamp,
    clamped,
)
from handseg_cli.synth.poses.repertoire import named_pose, random_pose
from handseg_cli.synth.poses.table import FAMILIES

WILD = np.random.default_rng(0).normal(0, 80, (400, 23))


def within(angles: Floats) -> None:
    """Assert what holds of every hand (N, 23)."""
    flexion, wrist = angles[:, :12].reshape(-1, 4, 3), angles[:, 21:]
    knuckle, middle, end = np.moveaxis(flexion, -1, 0)
    between(knuckle, *KNUCKLE)
    between(middle, *MIDDLE)
    between(end, *END)
    between(end - FOLLOWS * middle, *END_SLACK)
    between(angles[:, 12:16], *SPREAD)
    between(angles[:, 16:21], *THUMB)
    between(wrist, [-72, -24], [76, 36])
    # Wide open, a thumb is not bent back as well.
    between(angles[:, 17] - np.minimum(angles[:, 19:21], 0).sum(axis=1), 0, BENT_BACK)


def between(angles: Floats, low: ArrayLike, high: ArrayLike) -> None:
    assert (angles >= np.asarray(low) - 1e-9).all()
    assert (angles <= np.asarray(high) + 1e-9).all()


def test_a_thousand_draws_of_all_families_are_within_limits() -> None:
    rng = np.random.default_rng(0)
    within(np.array([packed(random_pose(rng, FAMILIES[i % len(FAMILIES)])) for i in range(1000)]))


def test_whatever_is_asked_for_is_brought_within_limits() -> None:
    within(clamped(WILD))


def test_what_is_within_limits_stays_as_it_is() -> None:
    once = clamped(WILD)
    np.testing.assert_allclose(clamped(once), once, atol=1e-9)


def test_many_hands_at_once_are_each_held_as_alone() -> None:
    np.testing.assert_array_equal(clamped(WILD)[7], clamped(WILD[7]))


def test_end_joints_follow_the_middle_ones_by_two_thirds() -> None:
    angles = np.zeros(23)
    angles[[1, 4, 7, 10]] = 90
    np.testing.assert_allclose(clamped(angles)[[2, 5, 8, 11]], 60 + END_SLACK[0])
    angles[[2, 5, 8, 11]] = 90
    np.testing.assert_allclose(clamped(angles)[[2, 5, 8, 11]], 60 + END_SLACK[1])


def test_bent_knuckles_hold_fingers_together() -> None:
    angles = np.zeros(23)
    angles[12:16] = 20, 0, -15, -30
    straight = np.ptp(clamped(angles)[12:16])
    angles[[0, 3, 6, 9]] = 85
    assert np.ptp(clamped(angles)[12:16]) < 0.4 * straight


def test_ring_and_little_finger_drag_each_other() -> None:
    angles = np.zeros(23)
    angles[6] = 90
    assert clamped(angles)[9] == 25
    angles[6], angles[9] = 0, 90
    assert clamped(angles)[6] == 20


def test_a_bent_wrist_keeps_a_hand_from_closing() -> None:
    angles = packed(named_pose("fist"))
    angles[21] = 70
    assert clamped(angles)[[0, 3, 6, 9]].max() < 70


@pytest.mark.parametrize("name", ["fist", "ok", "pen", "spread"])
def test_touching_fingers_are_kept(name: str) -> None:
    assert clamp(named_pose(name)).touching == named_pose(name).touching
