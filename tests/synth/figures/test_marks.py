"""Marks: planes through joints, straight borders, and nothing where it does not belong."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.synth.body import LEFT, RIGHT, Body, Floats, Ints, Side, mirrored, rest_joints
from handseg_cli.synth.figures.marks import OFF_ARMS, mark, reached
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand, random_hand_shape

HAND = procedural_hand(HandShape(), "L")
SHAPES = [HandShape(), *(random_hand_shape(np.random.default_rng(seed)) for seed in range(3))]


def crossings(body: Body, values: Floats, at: float) -> tuple[Floats, Ints]:
    """Return where `values` pass `at` along the mesh's edges (N, 3), and the edges' ends (N, 2)."""
    ends = np.concatenate([body.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    low, high = values[ends].T.astype(float)
    cut = (low < at) != (high < at)
    share = ((at - low[cut]) / (high[cut] - low[cut]))[:, None]
    first, second = body.points[ends[cut]].swapaxes(0, 1)
    return first + share * (second - first), ends[cut]


def lone(body: Body, chosen: NDArray[np.bool_]) -> float:
    """Return which share of the chosen points (N,) does not hang together with the most of them."""
    group = np.where(chosen, np.arange(len(chosen)), -1)
    inside = body.triangles[chosen[body.triangles].all(axis=1)]
    before = np.zeros_like(group)
    while (group != before).any():
        before = group.copy()
        np.maximum.at(group, inside.ravel(), np.repeat(group[inside].max(axis=1), 3))
    sizes = np.unique(group[inside], return_counts=True)[1]
    return 1 - float(sizes.max() / sizes.sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_border_at_the_wrist_is_a_plane_through_the_wrist(shape: HandShape) -> None:
    body = procedural_hand(shape, "L")
    place = {bone.name: bone.head for bone in body.bones}
    way = place["wrist.L"] - place["lowerarm01.L"]
    border, _ = crossings(body, body.marks.along, 0)
    assert len(border) > 20
    np.testing.assert_allclose((border - place["wrist.L"]) @ way / np.linalg.norm(way), 0, atol=0.02)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("finger", range(1, 6))
@pytest.mark.parametrize("joint", [1, 2])
def test_the_borders_in_a_finger_are_planes_through_its_joints(shape: HandShape, finger: int, joint: int) -> None:
    body = procedural_hand(shape, "L")
    chain = rest_joints(body, "L")[1:].reshape(5, 4, 3)[finger - 1]
    border, ends = crossings(body, body.marks.reach, joint)
    border = border[(body.marks.finger[ends] == finger).all(axis=1)]
    before, after = chain[joint] - chain[joint - 1], chain[joint + 1] - chain[joint]
    normal = before / np.linalg.norm(before) + after / np.linalg.norm(after)
    away = np.abs((border - chain[joint]) @ normal / np.linalg.norm(normal))
    assert len(border) > 15
    # Beside the web a thumb's base part ends later.
    assert np.quantile(away, 0.5 if (finger, joint) == (1, 1) else 1) < 0.1


@pytest.mark.parametrize("finger", range(2, 6))
def test_the_borders_at_the_knuckles_are_planes_through_the_base_joints(finger: int) -> None:
    chain = rest_joints(HAND, "L")[1:].reshape(5, 4, 3)[finger - 1]
    border, ends = crossings(HAND, HAND.marks.reach, 0)
    border = border[(HAND.marks.finger[ends] == finger).all(axis=1)]
    way = chain[1] - chain[0]
    beyond = (border - chain[0]) @ way / np.linalg.norm(way)
    # Beside the web the palm goes on between the fingers.
    assert beyond.min() > -0.02
    assert (beyond < 0.02).mean() > 0.15


def test_a_chain_is_reached_evenly_but_alike_on_either_side_of_its_joints() -> None:
    chain = np.array([[0, 0, 0], [20, 0, 0], [50, 0, 0], [60, 0, 0]], float)
    points = np.array([[x, 3, -2] for x in (-10, 0, 2, 10, 18, 20, 22, 35, 50, 55, 59, 60, 80)], float)
    expected = [-0.4, 0, 0.08, 0.5, 0.92, 1, 1.08, 1.5, 2, 2.5, 2.96, 3, 3]
    assert reached(points, chain).tolist() == pytest.approx(expected)
    assert (np.diff(reached(np.linspace((-30, 0, 0), (90, 0, 0), 500), chain)) >= 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_are_in_one_piece(shape: HandShape) -> None:
    body = procedural_hand(shape, "R")
    finger, reach = body.marks.finger, body.marks.reach
    assert lone(body, (body.marks.along > 0) & (reach < 0)) < 0.01
    for number in range(1, 6):
        for part in range(3):
            chosen = (finger == number) & (reach >= part) & ((reach < part + 1) | (part == 2))
            assert chosen.sum() > 20
            assert lone(body, chosen) < 0.04, (number, part)


def test_only_palm_lies_between_two_fingers() -> None:
    on = np.where(HAND.marks.reach > 0, HAND.marks.finger, 0)
    corners = np.sort(on[HAND.triangles], axis=1)
    several = (corners[:, 1] > 0) & (corners[:, 1] != corners[:, 2])
    assert not several.any()


def test_the_nearest_point_tells_the_right_finger() -> None:
    _, ends = crossings(HAND, HAND.marks.reach, 0)
    finger, reach = HAND.marks.finger[ends], HAND.marks.reach[ends]
    # Between points of two fingers, what is no palm must be nearer to that which is no palm.
    between = finger[:, 0] != finger[:, 1]
    assert between.any()
    assert (reach.max(axis=1) < -reach.min(axis=1))[between].all()


def test_fingertips_are_at_three_and_palms_below_nought() -> None:
    joints = rest_joints(HAND, "L")
    for finger in range(1, 6):
        near = np.linalg.norm(HAND.points - joints[4 * finger], axis=1).argmin()
        assert HAND.marks.finger[near] == finger
        assert HAND.marks.reach[near] > 2.8
    middle = joints[[0, 9]].mean(axis=0)
    near = np.argsort(np.linalg.norm(HAND.points - middle, axis=1))[:40]
    assert HAND.marks.reach[near].max() < 0


def test_the_outer_side_of_the_thumbs_ball_is_thumb_and_the_inner_is_palm() -> None:
    joints = rest_joints(HAND, "L")
    normal = np.cross(joints[17] - joints[0], joints[5] - joints[0])
    inward = joints[9] - joints[1]
    inward = inward / np.linalg.norm(inward)
    start = joints[[1, 2]].mean(axis=0)
    parts = []
    for aside in (-6, 22):
        # A ray out of the palm.
        off = HAND.points - start - inward * aside
        out = off @ normal / np.linalg.norm(normal)
        across = np.linalg.norm(off - out[:, None] * normal / np.linalg.norm(normal), axis=1)
        skin = np.where(across < 5, -np.abs(out), -np.inf).argmax()
        parts.append(HAND.marks.finger[skin] if HAND.marks.reach[skin] > 0 else 0)
    assert parts == [1, 0]


@pytest.mark.parametrize("side", ["L", "R"])
def test_marks_of_the_two_sides_are_alike(side: Side) -> None:
    other = mirrored(procedural_hand(HandShape(), side))
    again = mark(other.points, other.bones, other.holders, other.weights)
    np.testing.assert_allclose(again.along, other.marks.along, atol=1e-3)
    assert (again.finger == other.marks.finger).mean() > 0.999
    np.testing.assert_allclose(again.reach, other.marks.reach, atol=1e-3)
    assert set(np.unique(again.side)) == {RIGHT if side == "L" else LEFT}


def test_what_no_arm_holds_has_no_marks() -> None:
    torso = np.zeros_like(HAND.holders)
    bones = (HAND.bones[0].__class__("spine", -1, np.zeros(3), np.ones(3)), *HAND.bones[1:])
    marks = mark(HAND.points, bones, torso, HAND.weights)
    assert not marks.side.any()
    assert not marks.finger.any()
    assert (marks.along == OFF_ARMS).all()
