"""The hand of our own making."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Body, Floats, Side, posed, rest_joints
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand, random_hand_shape

SIDES: tuple[Side, Side] = ("L", "R")
SHAPES = [HandShape(), *(random_hand_shape(np.random.default_rng(seed)) for seed in range(4))]


def volume(points: Floats, body: Body) -> float:
    one, two, three = points[body.triangles].astype(float).swapaxes(0, 1)
    return float(np.einsum("ta,ta->", one, np.cross(two, three))) / 6


@pytest.mark.parametrize("side", SIDES)
def test_the_mesh_is_watertight_and_of_one_piece(side: Side) -> None:
    body = procedural_hand(HandShape(), side)
    edges = np.concatenate([body.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    there = set(map(tuple, edges.tolist()))
    assert len(there) == len(edges)
    assert all((end, start) in there for start, end in there)
    # Euler's formula for a ball without holes.
    assert len(body.points) - len(edges) // 2 + len(body.triangles) == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_it_holds_as_much_as_an_arm_does(shape: HandShape) -> None:
    body = procedural_hand(shape, "L")
    litres = volume(body.points, body) * 1e-6 / shape.size**3
    assert 0.9 < litres < 1.7
    assert 3000 < len(body.points) < 7000


@pytest.mark.parametrize("shape", SHAPES)
def test_right_hands_mirror_left_ones(shape: HandShape) -> None:
    left, right = (procedural_hand(shape, side) for side in SIDES)
    np.testing.assert_array_equal(right.points, left.points * np.array([-1, 1, 1], np.float32))
    np.testing.assert_array_equal(rest_joints(right, "R"), rest_joints(left, "L") * (-1, 1, 1))
    assert volume(right.points, right) == pytest.approx(volume(left.points, left))


def test_numbers_change_what_they_name() -> None:
    mean, longer = (
        rest_joints(procedural_hand(shape, "L"), "L") for shape in (HandShape(), HandShape(finger_length=1.2))
    )
    np.testing.assert_allclose(longer[[0, 1, 5, 9]], mean[[0, 1, 5, 9]])
    steps = [np.linalg.norm(hand[10] - hand[9]) for hand in (mean, longer)]
    assert steps[1] / steps[0] == pytest.approx(1.2)
    wrist = [procedural_hand(HandShape(forearm_width=wide), "L") for wide in (1.0, 1.2)]
    thick = [np.ptp(body.points[np.abs(body.marks.along + 150) < 10, 1]) for body in wrist]
    assert thick[1] / thick[0] == pytest.approx(1.2, abs=0.02)
    small = rest_joints(procedural_hand(HandShape(size=0.8), "L"), "L")
    np.testing.assert_allclose(small - small[0], (mean - mean[0]) * 0.8, atol=1e-9)


def test_measures_are_those_of_people() -> None:
    joints = rest_joints(procedural_hand(HandShape(), "L"), "L")
    assert 180 < np.linalg.norm(joints[12] - joints[0]) < 205  # wrist to the middle finger's tip
    assert 70 < np.linalg.norm(joints[5] - joints[17]) * 80 / 60 < 95  # breadth at the knuckles, with their flesh
    body = procedural_hand(HandShape(), "L")
    near = np.linalg.norm(body.points - joints[6], axis=1) < 16
    assert 15 < np.ptp(body.points[near & (np.abs(body.marks.reach - 1) < 0.1), 1]) < 22  # the index finger


def test_a_fist_stays_a_solid_body() -> None:
    body = procedural_hand(HandShape(), "L")
    turns = {f"finger{finger}-{joint}.L": np.array([0, 0, -1.3]) for finger in range(2, 6) for joint in (1, 2, 3)}
    assert volume(posed(body, turns).points, body) == pytest.approx(volume(body.points, body), rel=0.06)


def test_the_skin_unrolls_without_folds_over_the_seam() -> None:
    body = procedural_hand(HandShape(), "L")
    assert body.uv.shape == (len(body.triangles), 3, 2)
    assert body.uv[..., 0].min() >= 0
    assert body.uv[..., 0].max() <= 1
    # Only about the poles, fingertips and elbow, do triangles span much of the way around.
    assert np.quantile(np.ptp(body.uv[..., 1], axis=1), 0.985) < 0.2
    back = body.points[body.triangles][..., 1].mean(axis=1) > rest_joints(body, "L")[9, 1]
    palm = (body.marks.reach[body.triangles] < 0).all(axis=1) & (body.marks.along[body.triangles] > 60).all(axis=1)
    middle = np.abs(body.uv[..., 1].mean(axis=1) - 0.5) < 0.25
    assert (middle == back)[palm].mean() > 0.9


def test_shapes_are_drawn_alike_from_like_numbers() -> None:
    assert random_hand_shape(np.random.default_rng(7)) == random_hand_shape(np.random.default_rng(7))
    assert random_hand_shape(np.random.default_rng(7)) != random_hand_shape(np.random.default_rng(8))
