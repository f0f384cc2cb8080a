"""Arms reach: the wrist is where it should be, and nothing is bent too far."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Body, Floats, Side, joints, posed
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import HandPose, turns
from handseg_cli.synth.poses.arms import Arm, Goal, Reach, arm_of
from handseg_cli.synth.poses.contact import Cones
from handseg_cli.synth.poses.elbows import TWIST, reach, strains
from handseg_cli.synth.poses.limits import wrist_within

SIDES: tuple[Side, Side] = ("L", "R")
BODIES: dict[Side, Body] = {side: procedural_hand(HandShape(), side) for side in SIDES}
ARMS: dict[Side, Arm] = {side: arm_of(BODIES[side], side) for side in SIDES}
each_side = pytest.mark.parametrize("side", SIDES)


def goals(side: Side, count: int = 40) -> list[Goal]:
    """Return goals before the body, within an arm's length."""
    rng, mirror = np.random.default_rng(0), np.array([1 if side == "L" else -1, 1, 1])
    places = [ARMS[side].shoulder + mirror * rng.uniform([-200, -350, 160], [220, 250, 380]) for _ in range(count)]
    return [Goal(place, mirror * rng.normal(size=3), mirror * rng.normal([0, 0, 1], 1)) for place in places]


def now(side: Side, found: Reach) -> tuple[Floats, Floats]:
    """Return where the wrist is and how the hand's axes lie once the body is posed."""
    pose = HandPose(np.zeros((4, 3)), np.zeros(4), np.zeros(5), found.wrist)
    figure = posed(BODIES[side], found.turns | turns(BODIES[side], side, pose))
    names = [bone.name for bone in BODIES[side].bones]
    axes = ARMS[side].hand.axes @ figure.matrices[names.index(f"wrist.{side}")][:3, :3].T
    return joints(figure, side)[0], axes


@each_side
def test_a_wrist_is_within_a_millimetre_of_where_it_can_be(side: Side) -> None:
    for goal in goals(side):
        found = reach(ARMS[side], goal)
        assert found.missed < 1e-6
        np.testing.assert_allclose(now(side, found)[0], goal.place, atol=1e-3)


@each_side
def test_a_hand_turns_as_it_should_or_says_how_far_off_it_is(side: Side) -> None:
    offs = []
    for goal in goals(side):
        found = reach(ARMS[side], goal)
        axes = now(side, found)[1]
        np.testing.assert_allclose(axes, found.at.axes, atol=1e-6)
        cosine = axes[0] @ goal.fingers / np.linalg.norm(goal.fingers)
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) <= found.off + 1e-3
        offs.append(found.off)
    # These directions are drawn blindly: a good part of them no hand can take.
    assert np.quantile(offs, 0.4) < 8


@each_side
def test_no_joint_goes_beyond_its_limit(side: Side) -> None:
    for goal in goals(side):
        found = reach(ARMS[side], goal)
        np.testing.assert_allclose(wrist_within(found.wrist), found.wrist, atol=1e-9)
        whole = np.linalg.norm(found.turns[f"lowerarm02.{side}"]) / 0.6
        assert np.degrees(whole) <= TWIST + abs(ARMS[side].twist) + 1e-6


def test_what_is_out_of_reach_is_missed_by_as_much_as_it_is_too_far() -> None:
    arm = ARMS["L"]
    length = np.linalg.norm(arm.elbow - arm.shoulder) + np.linalg.norm(arm.hand.wrist - arm.elbow)
    found = reach(arm, Goal(arm.shoulder + np.array([0, 0, length + 100]), np.array([0, -1, 0]), np.array([0, 0, 1])))
    assert found.missed == pytest.approx(100, abs=1)


def test_a_point_of_the_hand_comes_to_the_place() -> None:
    point = np.array([120.0, 10, 20])
    goal = Goal(ARMS["R"].shoulder + np.array([40, -60, 330]), np.array([1.0, 0, 0]), np.array([0, 1, 0.4]), point)
    found = reach(ARMS["R"], goal)
    wrist, axes = now("R", found)
    assert found.missed < 1
    np.testing.assert_allclose(wrist + point @ axes, goal.place, atol=found.missed + 0.01)


def test_an_elbow_goes_round_what_is_in_its_way() -> None:
    goal = Goal(ARMS["L"].shoulder + np.array([-60, -120, 300]), np.array([-1.0, 0, 0]), np.array([0, 0.3, 1]))
    free = reach(ARMS["L"], goal)
    elbow = posed(BODIES["L"], free.turns).matrices[[bone.name for bone in BODIES["L"].bones].index("lowerarm01.L")]
    place = elbow[:3, :3] @ ARMS["L"].elbow + elbow[:3, 3]
    ball = Cones(place[None], place[None], np.full((1, 2), 30.0))
    assert reach(ARMS["L"], goal, ball).inside < 15


def test_mirrored_goals_are_reached_by_mirrored_arms_to_the_bit() -> None:
    for left, right in zip(goals("L", 20), goals("R", 20), strict=True):
        one, other = reach(ARMS["L"], left), reach(ARMS["R"], right)
        np.testing.assert_array_equal(one.wrist, other.wrist)
        for name, vector in one.turns.items():
            np.testing.assert_array_equal(vector * [1, -1, -1], other.turns[f"{name[:-1]}R"])


def test_many_places_are_as_strained_as_each_alone() -> None:
    some = [reach(ARMS["L"], goal).at for goal in goals("L", 5)]
    places, axes = np.array([at.place for at in some]), np.array([at.axes for at in some])
    together = strains(ARMS["L"], places, axes, 20.0)
    alone = [strains(ARMS["L"], place[None], axis[None], 20.0)[0] for place, axis in zip(places, axes, strict=True)]
    np.testing.assert_allclose(together, alone)
