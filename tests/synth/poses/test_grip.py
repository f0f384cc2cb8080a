"""Hands hold things: fingers touch them and are not in them."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Floats
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.poses.anatomy import hand_of, packed
from handseg_cli.synth.poses.contact import Boxes, Cones, all_depths, cones_at, flesh_of, moved
from handseg_cli.synth.poses.grip import GRASPS, Held, hold, thickness
from handseg_cli.synth.poses.repertoire import named_pose
from handseg_cli.synth.poses.table import POSES

BODY = procedural_hand(HandShape(), "L")
HAND = hand_of(BODY, "L")
FLESH = flesh_of(BODY, HAND)


def rod(radius: float, length: float) -> Cones:
    half = np.array([[length / 2 - radius, 0, 0]])
    return Cones(-half, half, np.full((1, 2), radius))


def plate(*size: float, ahead: float = 0.0) -> Boxes:
    return Boxes(np.array([[0, 0, ahead]]), np.eye(3)[None], np.array([size]) / 2)


HELD: dict[str, Cones | Boxes] = {
    "cylinder bottle": rod(33, 180),
    "cylinder slim": rod(13, 150),
    "sphere ball": rod(33, 66),
    "sphere big_ball": rod(50, 100),
    "hook bag": rod(10, 120),
    "key key": plate(25, 2.5, 60, ahead=22),
    "pinch pinch": rod(6, 12),
    "tripod pen": rod(4.5, 140),
    "disc lid": rod(26, 52),
    "plate plate": plate(140, 8, 100, ahead=40),
}
each_grasp = pytest.mark.parametrize("name", HELD)


def held(name: str) -> Held:
    family, pose = name.split()
    return hold(HAND, FLESH, named_pose(pose), family, HELD[name])


def touched(name: str, found: Held) -> Floats:
    """Return how deep each finger (5,) is in the thing."""
    deep = all_depths(cones_at(HAND, FLESH, packed(found.pose)), moved(HELD[name], found.frame))
    return np.asarray(deep.max(axis=1)[:15].reshape(5, 3).max(axis=1))


@each_grasp
def test_a_thing_is_touched_by_thumb_and_fingers_and_not_entered(name: str) -> None:
    found = held(name)
    deep = touched(name, found)
    assert found.worst < 2
    # A key is held against the index finger's side alone, a bead by two tips.
    fingers = 1 if name.split()[0] in ("key", "pinch") else 2
    assert (deep[1:] > -2.5).sum() >= fingers
    assert deep[0] > -4 or name.startswith("hook")


@each_grasp
def test_holding_is_done_in_one_way(name: str) -> None:
    one, other = held(name), held(name)
    np.testing.assert_array_equal(packed(one.pose), packed(other.pose))
    np.testing.assert_array_equal(one.frame.place, other.frame.place)


def test_a_thicker_thing_opens_the_hand() -> None:
    thin, thick = (hold(HAND, FLESH, named_pose("bottle"), "cylinder", rod(radius, 160)) for radius in (18, 36))
    assert thick.pose.flexion.sum() < thin.pose.flexion.sum() - 60


def test_grasps_are_families_of_poses() -> None:
    assert GRASPS.keys() <= POSES.keys()


def test_a_thing_is_as_thick_as_it_reaches_across() -> None:
    assert thickness(rod(5, 80)) == pytest.approx(10)
    assert thickness(plate(100, 8, 60)) == pytest.approx(8)
