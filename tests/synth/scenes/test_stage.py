from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Side, joints, posed
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import hand_of
from handseg_cli.synth.poses.contact import Frame
from handseg_cli.synth.scenes.stage import (
    EYE,
    brought,
    camera_for,
    frame_of,
    hand_axes,
    in_front,
    open_end,
    shows,
    turn_of,
)

SIDES: tuple[Side, Side] = ("L", "R")


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (1.2, 0.7, 0.3), (-2.5, 1.5707, -1)])
def test_a_cameras_rows_are_right_down_and_forward(yaw: float, pitch: float, roll: float) -> None:
    turn = turn_of(yaw, pitch, roll)
    assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.allclose(np.cross(turn[0], turn[1]), turn[2])


def test_a_camera_that_is_pitched_looks_down_with_its_top_up() -> None:
    turn = turn_of(0.4, 0.6, 0)
    assert turn[2, 1] == pytest.approx(-np.sin(0.6))
    assert turn[1, 1] < 0


@pytest.mark.parametrize("side", SIDES)
def test_a_hand_brought_before_a_camera_points_and_faces_as_it_was_told(side: Side) -> None:
    camera = camera_for(turn_of(0.8, 0.5, 0.1), EYE, 300, (240, 320))
    body = procedural_hand(HandShape(), side)
    figure, hand = posed(body, {}), hand_of(body, side)
    wanted = Frame(camera.eye + 500 * camera.turn[2].astype(float), hand_axes(side, 0, 0, 0) @ camera.turn)
    there = brought(figure, frame_of(figure, side, hand.axes), wanted)
    pixels, _ = in_front(camera, joints(there, side))
    assert np.allclose(pixels[0], [160, 120], atol=0.1)
    assert pixels[9, 1] < 100  # the middle finger's knuckle is above the wrist
    # Seen from the back, a left hand's thumb is on its right.
    assert (pixels[4, 0] > pixels[20, 0]) == (side == "L")


def test_a_hand_that_is_moved_keeps_its_size() -> None:
    body = procedural_hand(HandShape(), "R")
    figure, hand = posed(body, {}), hand_of(body, "R")
    there = brought(figure, frame_of(figure, "R", hand.axes), Frame(np.ones(3), hand_axes("R", 1, 2, 3)))
    before, after = (np.linalg.norm(np.diff(joints(each, "R"), axis=0), axis=1) for each in (figure, there))
    assert np.allclose(before, after, atol=1e-3)


def test_an_arms_open_end_is_at_its_elbow() -> None:
    figure = posed(procedural_hand(HandShape(), "L"), {})
    wrist = joints(figure, "L")[0]
    assert np.linalg.norm(open_end(figure) - wrist, axis=1).min() > 180


def test_what_is_behind_a_camera_is_not_shown() -> None:
    camera = camera_for(turn_of(0, 0, 0), np.zeros(3), 300, (240, 320))
    assert shows(camera, np.array([[0.0, 0, 500], [0, 0, -500], [900, 0, 500]])).tolist() == [True, False, False]
