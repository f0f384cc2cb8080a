"""Arms as they are measured, and as they are bent."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Floats, Side, posed
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.arms import arm_of, bent, facing

SIDES: tuple[Side, Side] = ("L", "R")
each_side = pytest.mark.parametrize("side", SIDES)


def matrix(side: Side, turns: dict[str, Floats], bone: str) -> Floats:
    body = procedural_hand(HandShape(), side)
    names = [each.name for each in body.bones]
    return np.asarray(posed(body, turns).matrices[names.index(f"{bone}.{side}")][:3, :3])


@each_side
def test_an_arm_that_is_left_as_it_is_does_not_move(side: Side) -> None:
    arm = arm_of(procedural_hand(HandShape(), side), side)
    np.testing.assert_allclose(matrix(side, bent(arm, arm.bend, arm.twist), "wrist"), np.eye(3), atol=1e-9)


@each_side
def test_an_elbow_bends_forward_by_as_much_as_it_is_told(side: Side) -> None:
    arm = arm_of(procedural_hand(HandShape(), side), side)
    fore = matrix(side, bent(arm, 90, arm.twist), "lowerarm02") @ (arm.hand.wrist - arm.elbow)
    np.testing.assert_allclose(fore / np.linalg.norm(fore), [0, 0, 1], atol=0.1)
    assert fore @ (arm.elbow - arm.shoulder) == pytest.approx(0, abs=1e-6)


@each_side
def test_a_forearm_turns_the_palm_down_and_up(side: Side) -> None:
    arm = arm_of(procedural_hand(HandShape(), side), side)
    # On an arm that hangs a twist turns the palm down; this one's elbow is raised to the side, and down is outwards.
    outwards = 1 if side == "L" else -1
    for twist in (80, -80):
        palm = matrix(side, bent(arm, 90, twist), "wrist") @ arm.hand.axes[2]
        assert palm[0] * outwards == pytest.approx(np.sin(np.radians(twist)), abs=0.01)


@each_side
def test_skin_of_the_forearm_turns_less_near_the_elbow(side: Side) -> None:
    arm = arm_of(procedural_hand(HandShape(), side), side)
    turns = bent(arm, arm.bend, 60)
    near, far = (np.trace(matrix(side, turns, f"lowerarm0{number}")) for number in (1, 2))
    assert far < near < 3


@each_side
def test_a_hand_that_faces_somewhere_has_its_thumb_on_its_own_side(side: Side) -> None:
    axes = facing(side, np.array([0, 0, 1.0]), np.array([0, 1.0, 0.3]))
    assert axes[0] @ axes[2] == pytest.approx(0)
    # Palm forward, fingers up: the left hand's thumb is to the figure's right.
    assert axes[1][0] == pytest.approx(-1 if side == "L" else 1)
