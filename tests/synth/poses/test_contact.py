"""How deep rounded cones and boxes lie in each other, and a hand made of them."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Floats, Side, posed
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import hand_of, packed, turns
from handseg_cli.synth.poses.contact import (
    Boxes,
    Cones,
    Frame,
    all_depths,
    cones_at,
    deepest,
    depths,
    flesh_of,
    into,
    joined,
    moved,
)
from handseg_cli.synth.poses.repertoire import named_pose


def rod(start: list[float], stop: list[float], radius: float = 1.0) -> Cones:
    return Cones(np.array([start]), np.array([stop]), np.full((1, 2), radius))


def block(half: list[float]) -> Boxes:
    return Boxes(np.zeros((1, 3)), np.eye(3)[None], np.array([half]))


@pytest.mark.parametrize(
    ("other", "depth", "place"),
    [
        (rod([0, 1.5, -5], [0, 1.5, 5]), 0.5, [0, 0.75, 0]),  # crossed
        (rod([-5, 3, 0], [5, 3, 0]), -1.0, None),  # beside
        (rod([6.5, 0, 0], [9, 0, 0]), 0.5, [5.75, 0, 0]),  # end to end
        (rod([0, 0, 1.2], [0, 0, 1.2]), 0.8, [0, 0, 0.6]),  # a ball
    ],
)
def test_rods_are_as_deep_in_each_other_as_their_axes_are_near(
    other: Cones, depth: float, place: list[float] | None
) -> None:
    found, where = deepest(rod([-5, 0, 0], [5, 0, 0]), other)
    assert found == pytest.approx(depth)
    assert place is None or where == pytest.approx(place)


def test_a_cone_is_thicker_at_its_thick_end() -> None:
    cone = Cones(np.array([[0.0, 0, 0]]), np.array([[10.0, 0, 0]]), np.array([[1.0, 3.0]]))
    ball = rod([10, 4, 0], [10, 4, 0])
    assert deepest(cone, ball)[0] == pytest.approx(0)
    assert deepest(cone, rod([0, 4, 0], [0, 4, 0]))[0] < -1


def test_a_rod_is_as_deep_in_a_box_as_it_is_within_its_face() -> None:
    box = block([10, 10, 10])
    assert deepest(rod([-5, 10.5, 0], [5, 10.5, 0]), box)[0] == pytest.approx(0.5)
    assert deepest(rod([-5, 9, 0], [5, 9, 0]), box)[0] == pytest.approx(2)
    assert deepest(rod([13, 14, 0], [13, 14, 9]), box)[0] == pytest.approx(1 - 5)


def test_what_is_moved_into_a_frame_and_out_again_is_where_it_was() -> None:
    frame = Frame(np.array([1.0, 2, 3]), np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0])
    cones = joined(rod([1, 2, 3], [4, 5, 6]), rod([0, 0, 0], [1, 0, 0], 2))
    np.testing.assert_allclose(moved(into(cones, frame), frame).starts, cones.starts, atol=1e-12)
    assert deepest(moved(cones, frame), moved(block([1, 1, 1]), frame))[0] == pytest.approx(
        deepest(cones, block([1, 1, 1]))[0]
    )


def test_all_depths_are_those_of_each_pair() -> None:
    rng = np.random.default_rng(0)
    some, others = (Cones(rng.normal(size=(n, 3)), rng.normal(size=(n, 3)), rng.uniform(0, 1, (n, 2))) for n in (3, 4))
    table = all_depths(some, others)
    assert table.shape == (3, 4)
    one, two = np.array([2]), np.array([1])
    assert table[2, 1] == pytest.approx(depths(some[one], others[two])[0][0])


def test_many_poses_at_once_are_as_deep_as_each_alone() -> None:
    body = procedural_hand(HandShape(), "R")
    hand, angles = hand_of(body, "R"), np.array([packed(named_pose(name)) for name in ("fist", "ok", "pen")])
    flesh, ball = flesh_of(body, hand), rod([90, 0, 20], [90, 0, 20], 12)
    together = all_depths(cones_at(hand, flesh, angles), ball)
    np.testing.assert_allclose(together[1], all_depths(cones_at(hand, flesh, angles[1]), ball))


def outside(points: Floats, cones: Cones) -> Floats:
    dots = Cones(points, points, np.zeros((len(points), 2)))
    return np.asarray(-all_depths(dots, cones).max(axis=1))


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("name", ["flat", "relaxed", "bottle"])
def test_a_hand_s_cones_are_as_thick_as_its_skin(side: Side, name: str) -> None:
    body = procedural_hand(HandShape(), side)
    hand, pose = hand_of(body, side), named_pose(name)
    figure = posed(body, {bone: turn for bone, turn in turns(body, side, pose).items() if "wrist" not in bone})
    skin = (figure.points - hand.wrist) @ hand.axes.T
    fingers = (body.marks.finger > 1) & (body.marks.reach > 0.6)
    off = outside(skin[fingers], cones_at(hand, flesh_of(body, hand), packed(pose)))
    assert np.abs(np.median(off)) < 0.8
    assert np.quantile(np.abs(off), 0.9) < 2.5
