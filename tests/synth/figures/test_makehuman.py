"""MakeHuman's body itself, where its files are at hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from handseg_cli.synth.body import LEFT, RIGHT, Side, joints, posed, rest_joints
from handseg_cli.synth.figures.makehuman import Figure, arm, load, random_shape, shaped, upper_body
from tests.tiny.assets import ASSETS, needs_assets

SIDES: tuple[Side, Side] = ("L", "R")
MEAN = {"macrodetails/caucasian-male-young": 0.5, "macrodetails/caucasian-female-young": 0.5}


@pytest.fixture(scope="module")
def figure() -> Figure:
    return load(ASSETS)


@needs_assets
@pytest.mark.parametrize("side", SIDES)
def test_an_arm_is_smooth_and_marked(figure: Figure, side: Side) -> None:
    body = shaped(arm(figure, side), MEAN)
    assert 7000 < len(body.points) < 9000
    np.testing.assert_allclose(body.weights.sum(axis=1), 1, rtol=1e-5)
    assert set(np.unique(body.marks.side)) <= {0, LEFT if side == "L" else RIGHT}
    assert (body.marks.side > 0).mean() > 0.97
    for finger in range(1, 6):
        reach = body.marks.reach[body.marks.finger == finger]
        assert reach.min() < 0
        assert reach.max() > 2.9


@needs_assets
def test_the_joints_lie_within_the_fingers(figure: Figure) -> None:
    body = shaped(arm(figure, "L"), random_shape(np.random.default_rng(0)))
    for number, place in enumerate(rest_joints(body, "L")[1:]):
        own = body.points[body.marks.finger == number // 4 + 1]
        near = own[np.linalg.norm(own - place, axis=1) < 20]
        assert ((near.min(axis=0) < place + 1) & (place - 1 < near.max(axis=0))).all(), number


@needs_assets
def test_the_upper_body_has_no_gaps_but_at_the_hips(figure: Figure) -> None:
    body = shaped(upper_body(figure), MEAN)
    assert len(body.points) < 25_000
    ends = np.sort(np.concatenate([body.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))]), axis=1)
    uses = Counter(map(tuple, ends.tolist()))
    rim = np.array([edge for edge, count in uses.items() if count == 1])
    assert set(uses.values()) == {1, 2}
    assert body.points[rim][..., 1].max() < 160
    head = next(bone.head for bone in body.bones if bone.name == "head")
    assert body.points[:, 1].max() > head[1] + 100
    assert set(np.unique(body.marks.side)) == {0, LEFT, RIGHT}


@needs_assets
def test_the_two_sides_are_alike(figure: Figure) -> None:
    body = shaped(upper_body(figure), random_shape(np.random.default_rng(1)))
    np.testing.assert_allclose(rest_joints(body, "R"), rest_joints(body, "L") * (-1, 1, 1), atol=0.5)
    left, right = ((body.marks.side == side).sum() for side in (LEFT, RIGHT))
    assert left == pytest.approx(right, rel=0.01)


@needs_assets
def test_an_arm_moves_like_the_same_arm_of_the_whole_body(figure: Figure) -> None:
    shape = random_shape(np.random.default_rng(2))
    turns = {"upperarm01.R": np.array([0.3, -0.8, 0.2]), "finger3-2.R": np.array([0.0, 0.7, 0.4])}
    one, all_ = (posed(shaped(each, shape), turns) for each in (arm(figure, "R"), upper_body(figure)))
    np.testing.assert_allclose(joints(one, "R"), joints(all_, "R"), atol=1e-3)
    hand = one.body.marks.along > 0
    low, high = (each.points[each.body.marks.along > 0] for each in (one, all_))
    high = high[np.argsort(high[:, 0])][: hand.sum()]
    np.testing.assert_allclose(np.sort(low[:, 0]), high[:, 0], atol=1e-3)


@needs_assets
def test_drawn_shapes_differ_and_have_their_targets(figure: Figure) -> None:
    hand = arm(figure, "L")
    lengths = []
    for seed in range(12):
        shape = random_shape(np.random.default_rng(seed))
        people = [amount for name, amount in shape.items() if name.count("-") == 2 and "macrodetails" in name]
        assert sum(people) == pytest.approx(1, abs=0.06)
        rest = rest_joints(shaped(hand, shape), "L")
        lengths.append(np.linalg.norm(rest[12] - rest[0]))
    assert 130 < min(lengths) < max(lengths) < 240
    assert np.std(lengths) > 5


def test_both_arms_take_the_same_shape() -> None:
    shape = random_shape(np.random.default_rng(3))
    arms = {name: amount for name, amount in shape.items() if name.startswith("armslegs/")}
    assert arms
    assert all(arms[name.replace("/l-", "/r-")] == amount for name, amount in arms.items() if "/l-" in name)
    assert shape == random_shape(np.random.default_rng(3))
