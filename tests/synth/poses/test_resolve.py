"""Hands come out of themselves and of things, as little changed as need be."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from handseg_cli.synth.body import Body
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import Hand, HandPose, hand_of, packed
from handseg_cli.synth.poses.contact import (
    TOUCH,
    Boxes,
    Cones,
    Flesh,
    all_depths,
    cones_at,
    depths,
    flesh_of,
    self_pairs,
)
from handseg_cli.synth.poses.limits import clamped
from handseg_cli.synth.poses.repertoire import named_pose, random_pose
from handseg_cli.synth.poses.resolve import Around, resolve
from handseg_cli.synth.poses.table import FAMILIES
from tests.tiny.assets import ASSETS, needs_assets

# The share of random poses that come out, of all families alike.
COME_OUT = 0.97


@lru_cache(maxsize=2)
def measured(shape: HandShape) -> tuple[Hand, Flesh]:
    body = procedural_hand(shape, "R")
    return hand_of(body, "R"), flesh_of(body, hand_of(body, "R"))


def deep(hand: Hand, flesh: Flesh, pose: HandPose) -> float:
    """Return the deepest overlap of a hand with itself, reckoned anew."""
    cones, (one, two) = cones_at(hand, flesh, packed(pose)), self_pairs()
    return float(depths(cones[one], cones[two])[0].max())


def come_out(hand: Hand, flesh: Flesh, count: int) -> float:
    rng, out = np.random.default_rng(0), 0
    for number in range(count):
        pose = random_pose(rng, FAMILIES[number % len(FAMILIES)])
        found = resolve(hand, flesh, pose)
        before, after = deep(hand, flesh, pose), deep(hand, flesh, found.pose)
        assert after == pytest.approx(found.worst)
        assert after <= max(before, TOUCH) + 1e-9
        np.testing.assert_allclose(clamped(packed(found.pose)), packed(found.pose), atol=1e-9)
        out += found.done
    return out / count


@pytest.mark.parametrize("shape", [HandShape(), HandShape(1.0, 0.9, 1.15, 0.95)])
def test_nearly_all_random_poses_come_out_of_themselves_and_none_gets_worse(shape: HandShape) -> None:
    assert come_out(*measured(shape), 168) >= COME_OUT


@needs_assets
@pytest.mark.parametrize("seed", [1])
def test_so_do_those_of_makehuman(seed: int) -> None:
    from handseg_cli.synth.figures.makehuman import arm, load, random_shape, shaped

    body: Body = shaped(arm(load(ASSETS), "R"), random_shape(np.random.default_rng(seed)))
    hand = hand_of(body, "R")
    assert come_out(hand, flesh_of(body, hand), 84) >= 0.95


def test_a_pose_that_is_well_stays_as_it_is() -> None:
    pose = named_pose("spread")
    np.testing.assert_array_equal(packed(resolve(*measured(HandShape()), pose).pose), packed(pose))


def test_a_fist_stays_a_fist() -> None:
    found = resolve(*measured(HandShape()), named_pose("fist"))
    assert found.done
    assert found.pose.flexion[:, :2].min() > 55


@pytest.mark.parametrize(("name", "finger"), [("ok", 1), ("pinch", 1), ("seven", 3), ("six", 4)])
def test_fingertips_that_should_touch_do(name: str, finger: int) -> None:
    hand, flesh = measured(HandShape())
    cones = cones_at(hand, flesh, packed(resolve(hand, flesh, named_pose(name)).pose))
    thumb, other = 2, 3 * finger + 2
    gap = np.linalg.norm(cones.stops[thumb] - cones.stops[other]) - cones.radii[[thumb, other], 1].sum()
    assert abs(gap) < 1.5


def test_fingers_bend_back_from_a_wall_and_a_free_wrist_gives_way() -> None:
    hand, flesh = measured(HandShape())
    wall = Boxes(np.array([[225.0, 0, 136]]), np.eye(3)[None], np.array([[120.0, 120, 120]]))
    pose = replace(named_pose("lowered"), thumb=np.array([0.0, 40, 0, 0, 0]))
    held, free = (resolve(hand, flesh, pose, Around((wall,), free=free)) for free in (False, True))
    assert held.done
    assert not held.shift.any()
    assert held.pose.flexion[:, 0].mean() < pose.flexion[:, 0].mean() - 5
    assert free.done
    assert free.shift[2] < -1


def test_a_hand_that_cannot_get_out_says_so() -> None:
    hand, flesh = measured(HandShape())
    block = Cones(np.array([[50.0, 0, 0]]), np.array([[50.0, 0, 1]]), np.full((1, 2), 40.0))
    found = resolve(hand, flesh, named_pose("flat"), Around((block,)))
    assert not found.done
    assert found.worst == pytest.approx(float(all_depths(cones_at(hand, flesh, packed(found.pose)), block).max()))


def test_one_pose_is_resolved_in_one_way() -> None:
    one, other = (resolve(*measured(HandShape()), named_pose("s")) for _ in range(2))
    np.testing.assert_array_equal(packed(one.pose), packed(other.pose))
