"""Bending a figure: what moves, what stays, and where the joints go."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import (
    LEFT,
    RIGHT,
    Body,
    Floats,
    Side,
    joints,
    mirrored,
    posed,
    rest_joints,
    restrict,
    rotations,
    strongest,
    vertex_normals,
)
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand

HAND = procedural_hand(HandShape(), "L")
PLACE = {bone.name: number for number, bone in enumerate(HAND.bones)}


def held(body: Body, start: str) -> Floats:
    """Return how far each point is held by the bones whose names start so."""
    chosen = np.array([bone.name.startswith(start) for bone in body.bones])
    return np.asarray((body.weights * chosen[body.holders]).sum(axis=1))


def test_weights_sum_to_one() -> None:
    assert HAND.weights.min() >= 0
    np.testing.assert_allclose(HAND.weights.sum(axis=1), 1, atol=1e-5)


def test_a_figure_without_turns_stays_as_it_is() -> None:
    still = posed(HAND, {})
    np.testing.assert_allclose(still.points, HAND.points, atol=1e-3)
    np.testing.assert_allclose(joints(still, "L"), rest_joints(HAND, "L"))


def test_a_turn_of_the_root_moves_everything_rigidly() -> None:
    root, vector = HAND.bones[0], np.array([0.3, -1.1, 0.7])
    turn = rotations(vector[None])[0]
    moved = posed(HAND, {root.name: vector})
    np.testing.assert_allclose(moved.points, (HAND.points - root.head) @ turn.T + root.head, atol=1e-2)
    np.testing.assert_allclose(joints(moved, "L"), (rest_joints(HAND, "L") - root.head) @ turn.T + root.head)


def test_a_bent_finger_moves_only_its_own_points() -> None:
    bent = posed(HAND, {"finger2-1.L": np.array([0, 0, -np.pi / 2])})
    moved = np.linalg.norm(bent.points - HAND.points, axis=1)
    on_finger = held(HAND, "finger2")
    assert moved[on_finger == 0].max() < 1e-3
    assert moved[on_finger > 0.99].min() > 5
    before, after = rest_joints(HAND, "L"), joints(bent, "L")
    np.testing.assert_allclose(after[:6], before[:6])
    np.testing.assert_allclose(after[9:], before[9:])
    way, turned = before[6] - before[5], after[6] - after[5]
    np.testing.assert_allclose(turned, [way[1], -way[0], way[2]])


def test_joints_go_where_the_heads_of_bones_go() -> None:
    rng = np.random.default_rng(0)
    bent = posed(HAND, {bone.name: rng.normal(0, 0.4, 3) for bone in HAND.bones})
    for joint, name in ((0, "wrist.L"), (1, "finger1-1.L"), (7, "finger2-3.L"), (18, "finger5-2.L")):
        matrix = bent.matrices[PLACE[name]]
        np.testing.assert_allclose(joints(bent, "L")[joint], (matrix @ [*HAND.bones[PLACE[name]].head, 1])[:3])
    tip = bent.matrices[PLACE["finger3-3.L"]] @ [*HAND.bones[PLACE["finger3-3.L"]].tail, 1]
    np.testing.assert_allclose(joints(bent, "L")[12], tip[:3])


def test_each_joint_lies_within_its_finger_however_it_is_bent() -> None:
    rng = np.random.default_rng(1)
    bent = posed(HAND, {bone.name: rng.normal(0, 0.3, 3) for bone in HAND.bones})
    for number, place in enumerate(joints(bent, "L")[1:]):
        own = bent.points[HAND.marks.finger == number // 4 + 1]
        near = own[np.linalg.norm(own - place, axis=1) < 20]
        low, high = near.min(axis=0), near.max(axis=0)
        assert ((low < place + 2) & (place - 2 < high)).all(), number


def test_a_bone_carries_what_hangs_on_it() -> None:
    bent = posed(HAND, {"wrist.L": np.array([0.2, 0.5, -0.9])})
    matrix = bent.matrices[PLACE["wrist.L"]]
    for name in ("metacarpal4.L", "finger5-3.L", "finger1-2.L"):
        np.testing.assert_allclose(bent.matrices[PLACE[name]], matrix)
    np.testing.assert_allclose(bent.matrices[PLACE["lowerarm02.L"]], np.eye(4))


@pytest.mark.parametrize("vector", [(0.0, 0.0, 0.0), (0.0, 0.0, 1e-9), (1.2, -0.4, 2.0), (0.0, np.pi, 0.0)])
def test_rotations_are_rotations(vector: tuple[float, float, float]) -> None:
    turn = rotations(np.array([vector]))[0]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn @ vector, vector, atol=1e-12)
    assert np.trace(turn) == pytest.approx(1 + 2 * np.cos(np.linalg.norm(vector)))


def test_mirrored_hands_pose_as_mirror_images() -> None:
    rng = np.random.default_rng(2)
    turns = {bone.name: rng.normal(0, 0.4, 3) for bone in HAND.bones}
    other = mirrored(HAND)
    # A mirror turns the sense of turning about the axes that lie in it.
    swapped = {name.replace(".L", ".R"): turn * (1, -1, -1) for name, turn in turns.items()}
    left, right = posed(HAND, turns), posed(other, swapped)
    np.testing.assert_allclose(right.points, left.points * (-1, 1, 1), atol=1e-3)
    np.testing.assert_allclose(joints(right, "R"), joints(left, "L") * (-1, 1, 1), atol=1e-9)
    assert set(np.unique(other.marks.side)) == {RIGHT}
    assert set(np.unique(mirrored(other).marks.side)) == {LEFT}


def test_both_sides_are_turned_outwards() -> None:
    sides: tuple[Side, Side] = ("L", "R")
    for side in sides:
        body = procedural_hand(HandShape(), side)
        normals = vertex_normals(body.points, body.triangles)
        tip = rest_joints(body, side)[12]
        at_tip = np.linalg.norm(body.points - tip, axis=1) < 6
        assert ((body.points - tip) * normals).sum(axis=1)[at_tip].mean() > 0


def test_what_is_left_of_a_body_keeps_its_values() -> None:
    hand = HAND.marks.along > 0
    inside = hand[HAND.triangles].all(axis=1)
    part = restrict(HAND, hand)
    assert 0 < len(part.points) <= hand.sum()
    assert part.triangles.max() == len(part.points) - 1
    assert part.marks.along.min() > 0
    np.testing.assert_array_equal(part.points[part.triangles], HAND.points[HAND.triangles[inside]])
    assert len(part.uv) == len(part.triangles)
    turns = {"finger4-1.L": np.array([0.0, 0.3, -1])}
    whole = posed(HAND, turns).points[HAND.triangles[inside]]
    np.testing.assert_allclose(posed(part, turns).points[part.triangles], whole, atol=1e-4)


def test_normals_of_a_ball_point_out_of_it() -> None:
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = [(np.sin(t) * np.cos(a), np.sin(t) * np.sin(a), np.cos(t)) for t in np.linspace(0.2, 2.9, 12) for a in turns]
    points = np.array(ring, np.float32)
    here = np.arange(11 * 24).reshape(11, 24)
    there, beside = here + 24, np.roll(here, -1, axis=1)
    triangles = np.stack([here, there, beside], axis=-1).reshape(-1, 3)
    triangles = np.concatenate([triangles, np.stack([beside, there, beside + 24], axis=-1).reshape(-1, 3)])
    normals = vertex_normals(points, triangles)
    inner = np.abs(points[:, 2]) < 0.9
    assert (normals * points).sum(axis=1)[inner].min() > 0.98
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)


def test_the_strongest_holders_stay() -> None:
    holders, weights = strongest(np.array([[0.1, 0.6, 0.0, 0.3]]), 2)
    assert holders.tolist() == [[1, 3]]
    np.testing.assert_allclose(weights, [[2 / 3, 1 / 3]], atol=1e-6)
