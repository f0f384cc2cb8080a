"""Hands as lengths and turns of their bones."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor

from handseg_cli.models.bones import to_bones, to_joints

TIPS = [1, 5, 9, 13, 17]


def hands(count: int = 3) -> Tensor:
    torch.manual_seed(0)
    joints = torch.randn(count, 21, 3)
    joints[:, 0] = 0
    return joints


def test_joints_come_back() -> None:
    assert torch.allclose(to_joints(to_bones(hands())), hands(), atol=1e-5)


def test_lengths_are_those_between_neighbours() -> None:
    joints, bones = hands(1)[0], to_bones(hands(1))[0]
    for tip in TIPS:
        chain = [0, *range(tip + 3, tip - 1, -1)]
        for inner, outer in pairwise(chain):
            assert math.isclose(bones[outer, 0], math.dist(joints[inner], joints[outer]), rel_tol=1e-5)


def test_a_straight_finger_turns_at_its_base_alone() -> None:
    joints = torch.zeros(1, 21, 3)
    steps = torch.arange(4, 0, -1)[:, None]  # from tip to base
    joints[0, 5:9] = steps * torch.tensor([0.2, -0.7, 0.4])
    bones = to_bones(joints)[0]
    assert torch.allclose(bones[5:8, 1:], torch.zeros(3, 2), atol=1e-3)
    assert bones[8, 1:].abs().min() > 0.1


def test_turning_a_bone_takes_along_what_lies_behind_it_alone() -> None:
    bones = to_bones(hands())
    bones[:, 7, 1] += 0.5  # of the index finger's second bone from its base
    moved = (to_joints(bones) - hands()).abs().amax((0, 2)) > 1e-3
    assert moved.nonzero().flatten().tolist() == [5, 6, 7]


def test_the_wrist_stays_at_the_origin() -> None:
    assert not to_bones(hands())[:, 0].any()
    assert not to_joints(torch.randn(2, 21, 3))[:, 0].any()
