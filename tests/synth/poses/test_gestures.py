"""Whole figures: hands that meet, hands at a face, hands held out."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Side, joints, posed
from handseg_cli.synth.poses.arms import Goal
from handseg_cli.synth.poses.gestures import AT_FACE, Figure, Gesture, alone, at_face, figure_of, pair
from handseg_cli.synth.poses.pairs import PAIRS
from handseg_cli.synth.poses.repertoire import named_pose
from handseg_cli.synth.poses.stances import HELD, held
from handseg_cli.synth.poses.trunk import face_spot
from tests.synth.doll import doll
from tests.tiny.assets import ASSETS, needs_assets

FIGURE = figure_of(doll())


@pytest.fixture(scope="module")
def person() -> Figure:
    from handseg_cli.synth.figures.makehuman import load, random_shape, shaped, upper_body

    return figure_of(shaped(upper_body(load(ASSETS)), random_shape(np.random.default_rng(1))))


def well(gesture: Gesture) -> bool:
    return gesture.worst < 2 and gesture.missed < 1 and gesture.off < 20


@pytest.mark.parametrize("name", PAIRS)
def test_both_hands_of_a_figure_meet(name: str) -> None:
    assert sum(well(pair(FIGURE, name, np.random.default_rng(seed))) for seed in range(3)) >= 2


@pytest.mark.parametrize("name", AT_FACE)
def test_a_hand_goes_to_the_face(name: str) -> None:
    sides: tuple[Side, ...] = ("L", "R", "L")
    gestures = [at_face(FIGURE, side, name, np.random.default_rng(seed)) for seed, side in enumerate(sides)]
    assert sum(map(well, gestures)) >= 2


@pytest.mark.parametrize("name", HELD)
def test_a_hand_is_held(name: str) -> None:
    assert sum(well(held(FIGURE, "R", name, np.random.default_rng(seed))) for seed in range(3)) >= 2


@needs_assets
@pytest.mark.parametrize("name", ["prayer", "over_fist", "on_arm"])
def test_hands_of_makehuman_meet(person: Figure, name: str) -> None:
    assert sum(well(pair(person, name, np.random.default_rng(seed))) for seed in range(3)) >= 2


@needs_assets
def test_hands_of_makehuman_go_to_its_face(person: Figure) -> None:
    found = [at_face(person, "L", name, np.random.default_rng(0)) for name in AT_FACE]
    assert sum(map(well, found)) >= len(AT_FACE) - 3


@pytest.mark.parametrize("nod", [None, np.array([0.1, 0.4, 0])])
def test_a_finger_at_the_nose_is_at_the_nose(nod: np.ndarray | None) -> None:
    found = at_face(FIGURE, "R", "nose", np.random.default_rng(1), nod)
    figure = posed(doll(), found.turns)
    assert np.linalg.norm(joints(figure, "R")[8] - face_spot(figure, "nose", "R").place) < 22


def test_a_hand_before_the_face_does_not_touch_it() -> None:
    figure = posed(doll(), at_face(FIGURE, "L", "before", np.random.default_rng(0)).turns)
    assert joints(figure, "L")[:, 2].min() > face_spot(figure, "nose", "L").place[2]


def test_hands_that_hang_are_low() -> None:
    figure = posed(doll(), held(FIGURE, "L", "hanging", np.random.default_rng(0)).turns)
    assert joints(figure, "L")[12, 1] < joints(figure, "L")[0, 1] < 250


def test_what_a_gesture_says_of_its_hand_is_so() -> None:
    goal = Goal(np.array([120.0, 420, 330]), np.array([-1.0, 0, 0]), np.array([0, 0.5, 1]))
    found = alone(FIGURE, "L", named_pose("relaxed"), goal)
    figure = posed(doll(), found.turns)
    assert np.linalg.norm(joints(figure, "L")[0] - goal.place) == pytest.approx(found.missed, abs=0.01)


@pytest.mark.parametrize("side", ["L", "R"])
def test_one_seed_makes_one_gesture(side: Side) -> None:
    one, other = (at_face(FIGURE, side, "cheek", np.random.default_rng(4)) for _ in range(2))
    for name, vector in one.turns.items():
        np.testing.assert_array_equal(vector, other.turns[name])
