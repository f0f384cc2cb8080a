"""Depths in pixels and joints in space are the same thing but for the scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.pose.camera import project
from handseg_cli.pose.canonical import MIDDLE
from handseg_cli.pose.depths import focal_length, from_depths, to_depths

CAMERA = np.array([[280.0, 0, 160], [0, 280.0, 120], [0, 0, 1]])
HANDS = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal((20, -30, 600), 60, (21, 3)))


def turned(angle: float, flip: int) -> NDArray[np.float64]:
    """Return a matrix that turns, mirrors and enlarges a picture."""
    cos, sin = 1.7 * np.cos(angle), 1.7 * np.sin(angle)
    return np.array([[flip * cos, -sin, 30], [flip * sin, cos, -8], [0, 0, 1]])


@given(HANDS, st.floats(-3, 3), st.sampled_from([1, -1]))
def test_points_and_depths_are_the_hand_whatever_was_done_to_its_picture(
    joints: NDArray[np.float64], angle: float, flip: int
) -> None:
    camera = turned(angle, flip) @ CAMERA
    found = from_depths(project(joints, camera), to_depths(joints, camera), camera)
    assert np.allclose(found * joints[MIDDLE, 2], joints, atol=1e-6)


@given(HANDS)
def test_a_hand_of_twice_the_size_twice_as_far_has_the_same_depths(joints: NDArray[np.float64]) -> None:
    assert np.allclose(to_depths(2 * joints, CAMERA), to_depths(joints, CAMERA))


def test_a_pixel_of_depth_is_as_long_as_one_of_the_picture() -> None:
    joints = np.tile([0.0, 0.0, 560.0], (21, 1))
    joints[3] += [14, 0, 0]
    joints[4] += [0, 0, 14]
    points = project(joints, CAMERA)
    assert points[3, 0] - points[MIDDLE, 0] == pytest.approx(7)
    assert to_depths(joints, CAMERA)[4] == pytest.approx(7)


def test_without_the_middle_finger_nothing_is_known() -> None:
    joints = np.tile([0.0, 0.0, 500.0], (21, 1))
    joints[MIDDLE] = np.nan
    assert np.isnan(to_depths(joints, CAMERA)).all()
    assert np.isnan(to_depths(np.full((21, 3), np.nan), np.full((3, 3), np.nan))).all()


def test_a_mirrored_camera_has_its_focal_length() -> None:
    assert focal_length(turned(0.3, -1) @ CAMERA) == pytest.approx(1.7 * 280)
