"""Skeletons: where the joints are, thin, and to be seen on any ground."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.io.draw import told
from handseg_cli.io.skeletons import FINGERS, draw_skeleton
from handseg_cli.sample import Hand, Pose, Prediction

Array = NDArray[np.uint8]


def spread(scale: float = 1.0) -> NDArray[np.float64]:
    """Return a hand that is spread out: the wrist at the bottom, five straight fingers."""
    ends = np.array([(30, 120), (60, 40), (100, 20), (140, 40), (170, 90)])
    wrist = np.array([100, 180])
    joints = [wrist + (end - wrist) * share for end in ends for share in (0.4, 0.6, 0.8, 1.0)]
    return np.array([wrist, *joints]) * scale


def drawn(level: int, scale: int = 1) -> Array:
    picture = np.full((200 * scale, 200 * scale, 3), level, np.uint8)
    draw_skeleton(picture, spread(scale))
    return picture


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("scale", [1, 4])
def test_each_finger_has_its_colour_on_any_ground(level: int, scale: int) -> None:
    picture = drawn(level, scale).astype(int)
    for finger, colour in enumerate(FINGERS):
        for joint in range(4 * finger + 1, 4 * finger + 5):
            x, y = np.floor(spread(scale)[joint]).astype(int)
            assert np.abs(picture[y, x] - colour).max() < 40


@pytest.mark.parametrize("scale", [1, 4])
def test_most_of_a_hand_stays_to_be_seen(scale: int) -> None:
    changed = (drawn(128, scale) != 128).any(axis=2)
    assert 0.01 < changed.mean() < 0.13


def test_joints_far_beyond_the_picture_harm_nothing() -> None:
    picture = np.zeros((50, 50, 3), np.uint8)
    draw_skeleton(picture, spread() * 1e7)
    draw_skeleton(picture, spread() - 1e4)
    assert not picture.any()


def test_a_label_tells_the_side_and_lies_above_the_fingers() -> None:
    photo, mask = np.full((400, 400, 3), 128, np.uint8), np.zeros((400, 400), np.uint8)
    points = (spread() + np.array([100, 150])).astype(np.float32)
    pictures = []
    for side in ("left", "right"):
        pose = Pose(Hand((0, 0, 9, 9), 9, 0.97, side, 0.9), points, np.zeros((21, 3), np.float32))
        pictures.append(told(photo, Prediction(mask, mask, poses=(pose,))))
    assert (photo == 128).all()
    rows = np.nonzero((pictures[0] != pictures[1]).any(axis=(1, 2)))[0]
    assert rows.size
    assert rows.max() < points[:, 1].min()


def test_without_hands_the_photo_stays_as_it_is() -> None:
    photo, mask = np.full((40, 40, 3), 128, np.uint8), np.zeros((40, 40), np.uint8)
    assert np.array_equal(told(photo, Prediction(mask, mask, poses=())), photo)
