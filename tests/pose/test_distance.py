"""How far away hands are by how long their bones should be."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.pose.camera import project
from handseg_cli.pose.distance import NEAREST, distance
from handseg_cli.pose.skeleton import bones

CAMERA = np.array([[500.0, 0, 160], [0, 510, 120], [0, 0, 1]])
BONES = bones("ours")


@pytest.mark.parametrize("away", [200.0, 600.0, 3000.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_hand_is_found_where_it_is(away: float, seed: int) -> None:
    joints = np.random.default_rng(seed).normal(0, 40, (21, 3)) + np.array([30, -20, 0])
    length = float(np.linalg.norm(joints[BONES[:, 1]] - joints[BONES[:, 0]], axis=1).sum())
    points = project(joints + np.array([0, 0, away]), CAMERA)
    assert distance(points, joints[:, 2], BONES, length, CAMERA) == pytest.approx(away, rel=1e-6)


def test_a_hand_whose_depths_alone_are_too_long_is_as_near_as_can_be() -> None:
    depths = np.where(np.arange(21) % 2, 150.0, -150.0)
    assert distance(np.full((21, 2), 100.0), depths, BONES, 10.0, CAMERA) == pytest.approx(150 + NEAREST)


def test_a_hand_in_one_point_is_far_away_and_not_infinitely() -> None:
    assert np.isfinite(distance(np.full((21, 2), 100.0), np.zeros(21), BONES, 850.0, CAMERA))


def test_joints_of_no_bone_do_not_count() -> None:
    joints = np.random.default_rng(0).normal(0, 20, (42, 3))
    length = float(np.linalg.norm(joints[BONES[:, 1]] - joints[BONES[:, 0]], axis=1).sum())
    points = project(joints + np.array([0, 0, 300]), CAMERA)
    depths = np.where(np.arange(42) < 21, joints[:, 2], -400.0)
    assert distance(points, depths, BONES, length, CAMERA) == pytest.approx(300, rel=1e-6)
