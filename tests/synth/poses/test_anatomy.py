"""The same angles make the same hand, whatever body it is on and whichever side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.synth.body import Body, Floats, Side, joints, posed
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import HandPose, hand_of, joints_at, mix, packed, turns, unpacked
from handseg_cli.synth.poses.repertoire import named_pose, random_pose
from tests.tiny.assets import ASSETS, needs_assets

SIDES: tuple[Side, Side] = ("L", "R")
POSES = [random_pose(np.random.default_rng(seed)) for seed in range(30)]
LONG = HandShape(1.1, 1.2, 0.9, 0.95)


def angle(a: Floats, b: Floats) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


def measured(body: Body, side: Side, pose: HandPose) -> Floats:
    """Return what a protractor finds on the joints of a posed hand: spread, flexion of fingers, thumb's angles."""
    hand = hand_of(body, side)
    figure = posed(body, turns(body, side, replace(pose, wrist=np.zeros(2))))
    wrist = figure.matrices[[bone.name for bone in body.bones].index(f"wrist.{side}")][:3, :3]
    fingers = joints(figure, side)[1:].reshape(5, 4, 3)
    steps = np.diff(fingers, axis=1) @ (hand.axes @ wrist.T).T
    found = []
    for step in steps[1:]:
        found += [angle(step[0], np.array([*step[0, :2], 0])), angle(step[0], step[1]), angle(step[1], step[2])]
        # A finger that points out of the palm shows no spread.
        found.append(np.degrees(np.arctan2(step[0, 1], step[0, 0])) if step[0, 0] > 5 else 0)
    thumb = steps[0]
    opposition = np.degrees(np.arctan2(thumb[0, 2], thumb[0, 1]))
    along = angle(thumb[0], np.array([1.0, 0, 0]))
    return np.array([*found, opposition, along, angle(thumb[0], thumb[1]), angle(thumb[1], thumb[2])])


def asked(pose: HandPose) -> Floats:
    """Return the same of the pose's angles; bends are measured without their sign."""
    found = []
    for bends, spread in zip(pose.flexion, pose.spread, strict=True):
        found += [min(abs(bends[0]), 180 - abs(bends[0])), abs(bends[1]), abs(bends[2]), spread]
    return np.array([*found, *pose.thumb[:2], abs(pose.thumb[3]), abs(pose.thumb[4])])


def protractor_agrees(body: Body, side: Side) -> None:
    for pose in POSES:
        found, wanted = measured(body, side, pose), asked(pose)
        shown = np.ones(len(found), bool)
        shown[[3, 7, 11, 15]] = found[[3, 7, 11, 15]] != 0
        np.testing.assert_allclose(found[shown], wanted[shown], atol=0.1)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("shape", [HandShape(), LONG])
def test_joints_show_the_angles_that_were_asked_for(side: Side, shape: HandShape) -> None:
    protractor_agrees(procedural_hand(shape, side), side)


@needs_assets
@pytest.mark.parametrize("seed", range(3))
def test_bodies_of_makehuman_show_the_same_angles(seed: int) -> None:
    from handseg_cli.synth.figures.makehuman import arm, load, random_shape, shaped

    body = shaped(arm(load(ASSETS), "R"), random_shape(np.random.default_rng(seed)))
    protractor_agrees(body, "R")


@needs_assets
def test_hands_of_godot_show_the_same_angles() -> None:
    from handseg_cli.synth.figures.godot import godot_hand

    protractor_agrees(godot_hand(ASSETS, "hand", "L"), "L")


def test_the_joints_that_are_reckoned_are_those_of_the_posed_body() -> None:
    body, pose = procedural_hand(HandShape(), "L"), replace(named_pose("pen"), wrist=np.zeros(2))
    hand, figure = hand_of(body, "L"), posed(body, turns(body, "L", pose))
    matrix = figure.matrices[[bone.name for bone in body.bones].index("wrist.L")]
    frame = hand.axes @ matrix[:3, :3].T
    found = (joints(figure, "L")[1:] - joints(figure, "L")[0]) @ frame.T
    np.testing.assert_allclose(found.reshape(5, 4, 3), joints_at(hand, packed(pose)), atol=1e-3)


def test_left_and_right_are_mirrors_to_the_bit() -> None:
    left, right = (procedural_hand(HandShape(), side) for side in SIDES)
    for pose in POSES:
        one, other = turns(left, "L", pose), turns(right, "R", pose)
        for name, vector in one.items():
            np.testing.assert_array_equal(vector * [1, -1, -1], other[f"{name[:-1]}R"])


def test_a_straight_wrist_goes_on_where_the_forearm_ends() -> None:
    body = procedural_hand(HandShape(), "R")
    figure = posed(body, turns(body, "R", named_pose("flat")))
    names = [bone.name for bone in body.bones]
    elbow, wrist = (body.bones[names.index(f"{name}.R")].head for name in ("lowerarm01", "wrist"))
    assert angle(joints(figure, "R")[9] - wrist, wrist - elbow) < 0.1


def test_half_way_between_two_poses_fingertips_have_parted() -> None:
    ok, fist = named_pose("ok"), named_pose("fist")
    np.testing.assert_allclose(packed(mix(ok, fist, 0.25)), 0.75 * packed(ok) + 0.25 * packed(fist))
    assert mix(ok, fist, 0.25).touching == ()
    assert mix(ok, fist, 0.02).touching == (1,)


def test_a_packed_pose_unpacks_to_itself() -> None:
    again = unpacked(packed(POSES[0]), POSES[0].touching)
    np.testing.assert_array_equal(packed(again), packed(POSES[0]))
