"""One hand of a photo as a sample of its own, or both: joints in one order, whatever that of their dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.loading.targets import sides_of
from handseg_cli.pose.canonical import palm_rooted, palm_visible
from handseg_cli.pose.skeleton import JOINTS, Order, Side, hand_of, larger_side, reorder, reorder_both
from handseg_cli.sample import Sample


def one_hand(sample: Sample, order: Order, side: Side) -> Sample:
    """Return a sample with the joints of one hand; those in space that the dataset does not have are NaN."""
    joints, (points, valid) = sample.joints, of_two(sample)
    rows = reorder(order, "rhd")
    return replace(
        sample,
        key=f"{sample.key}#{side}",
        joints=known(hand_of(joints, side, order)[rows]) if joints is not None and len(joints) == 2 * JOINTS else None,
        points=hand_of(points, side, order)[rows],
        valid=hand_of(valid, side, order)[rows],
        hands=side,
    )


def two_hands(sample: Sample, order: Order) -> Sample:
    """Return a sample with the joints of both hands in InterHand2.6M's order, valid if they are known in space, too."""
    joints, (points, valid) = sample.joints, of_two(sample)
    if joints is None or len(joints) != 2 * JOINTS:
        raise DatasetError(f"{sample.key}: does not have the joints of two hands in space; prepare its dataset again")
    rows = reorder_both(order, "interhand")
    joints = known(joints[rows])
    there = valid[rows] & (joints[:, 2] > 0) & np.isfinite(joints).all(axis=1)
    return replace(sample, joints=joints, points=points[rows], valid=there)


def of_two(sample: Sample) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the points and which are valid of a sample of two hands; DatasetError where it is none."""
    points, valid = sample.points, sample.valid
    if points is None or valid is None or {len(points), len(valid)} != {2 * JOINTS}:
        raise DatasetError(f"{sample.key}: does not have the joints of two hands; prepare its dataset again")
    return points, valid


def known(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return joints (21, 3), NaN of those that are 0, as InterHand2.6M has what was never found."""
    return np.where(joints.any(axis=1, keepdims=True), joints, np.float32(np.nan))


def dominant(sample: Sample, order: Order, classes: Sequence[str]) -> Side:
    """Return the hand that more of the photo shows, the right one if that is equal.

    Where neither sides nor parts tell, joints do.
    """
    sides = sides_of(sample, classes)
    if sides is not None:
        return larger_side(sides)
    assert sample.valid is not None
    left, right = (np.count_nonzero(hand_of(sample.valid, side, order)) for side in ("left", "right"))
    return "left" if left > right else "right"


def palm_first(sample: Sample) -> Sample:
    """Return one hand with the middle of its palm in the wrist's place."""
    joints, points, valid = sample.joints, sample.points, sample.valid
    assert points is not None
    assert valid is not None
    return replace(
        sample,
        joints=None if joints is None else palm_rooted(joints),
        points=palm_rooted(points),
        valid=palm_visible(valid),
    )
