"""From space to pixels and back, on real layouts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.pose.camera import back_project, locate, project
from tests.tiny.labelled import Labelled

Floats = NDArray[np.float64]
CAMERA = np.array([[280.0, 0, 160], [0, 300.0, 120], [0, 0, 1]])
JOINTS = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(0, 60, (21, 3)))


def before(joints: Floats) -> Floats:
    return np.asarray(joints + np.array([20, -30, 600]), np.float64)


@given(JOINTS)
def test_pixels_and_depth_are_the_joint_again(joints: Floats) -> None:
    seen = before(joints)
    assert np.allclose(back_project(project(seen, CAMERA), seen[:, 2], CAMERA), seen, atol=1e-9)


def test_pixels_are_by_the_pinhole(rhd: Labelled) -> None:
    for joint, point in zip(project(rhd.joints, rhd.camera), rhd.points, strict=True):
        assert joint == pytest.approx(point, abs=1e-2)
    (fx, _, cx), (_, fy, cy), _ = rhd.camera
    x, y, z = rhd.joints[17]
    assert project(rhd.joints, rhd.camera)[17] == pytest.approx((x / z * fx + cx, y / z * fy + cy), abs=1e-3)


def test_interhand_is_seen_by_its_own_cameras(interhand: Labelled) -> None:
    found = interhand.joints[:, 2] > 0
    assert np.allclose(project(interhand.joints, interhand.camera)[found], interhand.points[found], atol=1e-2)
    assert np.isnan(project(interhand.joints, interhand.camera)[~found]).all()


def test_what_is_not_before_the_camera_is_not_seen() -> None:
    assert np.isnan(project(np.array([[1.0, 2, 0], [1, 2, -5]]), CAMERA)).all()


@given(JOINTS)
def test_a_hand_is_found_where_it_was_seen(joints: Floats) -> None:
    seen = before(joints)
    found = locate(joints - joints[0], project(seen, CAMERA), CAMERA)
    assert np.allclose(found, seen[0], atol=1e-4)


def test_a_hand_of_twice_the_size_is_twice_as_far() -> None:
    joints = np.random.default_rng(0).normal(0, 40, (21, 3))
    points = project(before(joints), CAMERA)
    one, two = locate(joints, points, CAMERA), locate(2 * joints, points, CAMERA)
    assert two == pytest.approx(2 * one)


def test_pixels_of_no_weight_do_not_count() -> None:
    joints = np.random.default_rng(0).normal(0, 40, (21, 3))
    points, weights = project(before(joints), CAMERA), np.ones(21)
    points[3], weights[3] = (900, 900), 0
    assert locate(joints, points, CAMERA, weights) == pytest.approx([20, -30, 600])
    assert math.dist(locate(joints, points, CAMERA), (20, -30, 600)) > 10
