"""The canonical frame, against one that is built from the axes themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.pose.canonical import (
    Canonical,
    bone_length,
    from_canonical,
    normalised,
    palm_rooted,
    palm_visible,
    to_canonical,
)
from handseg_cli.pose.skeleton import hand_of
from tests.tiny.labelled import Labelled

Floats = NDArray[np.float64]


def drawn(seed: int) -> Floats:
    """Draw joints in mm somewhere before a camera."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 60, (21, 3)) + rng.uniform((-200, -200, 300), (200, 200, 900))


HANDS = st.integers(0, 2**32 - 1).map(drawn)


def by_axes(joints: Floats, right: bool) -> Floats:
    """Read off coordinates along the frame's axes, one joint and one axis at a time."""
    moved = [(joint - joints[0]) / np.linalg.norm(joints[12] - joints[11]) for joint in joints]
    down = -moved[12] / np.linalg.norm(moved[12])
    across = moved[20] - (moved[20] @ down) * down
    across /= np.linalg.norm(across)
    out = np.cross(across, down) * (-1 if right else 1)
    return np.array([[joint @ axis for axis in (across, down, out)] for joint in moved])


@given(HANDS, st.booleans())
def test_coordinates_are_those_along_the_axes_of_the_frame(joints: Floats, right: bool) -> None:
    assert np.allclose(to_canonical(joints, right).joints, by_axes(joints, right))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [-1, 1])
def test_hands_along_the_axes_of_the_camera_are_no_exception(axis: int, sign: int) -> None:
    joints = np.random.default_rng(0).normal(0, 60, (21, 3))
    joints[0], joints[12], joints[20] = np.zeros(3), sign * 80 * np.eye(3)[axis], 60 * np.eye(3)[axis - 1]
    assert np.allclose(to_canonical(joints, right=True).joints, by_axes(joints, right=True))


@given(HANDS, st.booleans())
def test_there_and_back_is_where_it_was(joints: Floats, right: bool) -> None:
    assert np.allclose(from_canonical(to_canonical(joints, right), right), joints, atol=1e-6)


@given(HANDS)
def test_a_left_hand_in_the_mirror_is_a_right_hand(joints: Floats) -> None:
    left, right = to_canonical(joints, right=False), to_canonical(joints * [-1, 1, 1], right=True)
    assert np.allclose(left.joints, right.joints, atol=1e-9 * np.abs(left.joints).max())


@given(HANDS, st.booleans())
def test_rotation_is_one_and_the_frame_is_as_described(joints: Floats, right: bool) -> None:
    found = to_canonical(joints, right)
    assert np.allclose(found.rotation @ found.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(found.rotation) == pytest.approx(1)
    size = np.abs(found.joints).max()
    assert np.allclose(found.joints[[0, 0, 0, 12, 12, 20], [0, 1, 2, 0, 2, 2]], 0, atol=1e-9 * size)
    assert found.joints[12, 1] < 0 < found.joints[20, 0]


@given(HANDS, st.floats(0.1, 10), st.booleans())
def test_place_and_size_of_a_hand_do_not_matter(joints: Floats, factor: float, right: bool) -> None:
    one, other = to_canonical(joints, right), to_canonical(joints * factor + np.array([7, -300, 500]), right)
    assert np.allclose(one.joints, other.joints, atol=1e-9 * np.abs(one.joints).max())
    assert other.scale == pytest.approx(one.scale * factor)


@given(HANDS, st.booleans())
def test_what_nets_answer_is_the_hand_around_its_root(joints: Floats, right: bool) -> None:
    true = to_canonical(joints, right)
    found = from_canonical(Canonical(true.joints, true.rotation, 1.0, np.zeros(3)), right)
    assert np.allclose(found, normalised(joints), atol=1e-6)


def test_a_photo_of_rhd_is_measured_by_its_middle_finger(rhd: Labelled) -> None:
    joints = hand_of(rhd.joints, "right", "rhd")
    found = to_canonical(joints, right=True)
    assert found.scale == pytest.approx(bone_length(joints))
    assert np.linalg.norm(found.joints[12] - found.joints[11]) == pytest.approx(1)
    assert np.allclose(from_canonical(found, right=True), joints, atol=1e-3)


def test_palm_is_half_way_to_the_middle_finger_and_seen_with_either_end() -> None:
    points = np.arange(42.0).reshape(21, 2)
    assert palm_rooted(points)[0].tolist() == [12, 13]
    assert np.array_equal(palm_rooted(points)[1:], points[1:])
    assert points[0].tolist() == [0, 1]
    for wrist, base in ((False, False), (False, True), (True, False), (True, True)):
        visible = np.zeros(21, bool)
        visible[[0, 12]] = wrist, base
        assert palm_visible(visible)[0] == (wrist or base)
