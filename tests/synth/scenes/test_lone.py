"""Arms before a camera, without any assets."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from handseg_cli.synth.labels import OFF_ARMS
from handseg_cli.synth.photos.cutouts import Scraps
from handseg_cli.synth.scenes.lone import VIEWS, lone_arms
from handseg_cli.synth.scenes.meeting import meeting
from handseg_cli.synth.scenes.stage import Scene, in_front, shows
from handseg_cli.synth.scenes.studio import Studio
from handseg_cli.synth.surface import Kind

STUDIO = Studio(None, (), (), Scraps())
SIZE = (120, 160)
CASES = [(style, seed) for style in (*VIEWS, "meeting") for seed in range(3)]


@cache
def scene(style: str, seed: int) -> Scene:
    rng = np.random.default_rng(seed)
    for _ in range(30):
        found = meeting(STUDIO, SIZE, rng) if style == "meeting" else lone_arms(STUDIO, style, SIZE, rng)
        if found is not None:
            return found
    pytest.fail("no scene came out")


@pytest.mark.parametrize(("style", "seed"), CASES)
def test_no_arm_is_seen_to_end(style: str, seed: int) -> None:
    there = scene(style, seed)
    for surface in there.surfaces:
        if surface.kind == Kind.SKIN and surface.marks is not None:
            on_arm = surface.marks.along > OFF_ARMS
            ends = surface.points[on_arm & (surface.marks.along < surface.marks.along[on_arm].min() + 5)]
            assert not shows(there.camera, ends, 0.0).any()


@pytest.mark.parametrize(("style", "seed"), CASES)
def test_most_of_a_hand_is_before_the_camera_and_in_its_picture(style: str, seed: int) -> None:
    there = scene(style, seed)
    seen = np.concatenate([shows(there.camera, joints, 0.0) for joints in there.joints.values()])
    assert seen.mean() > 0.4


@pytest.mark.parametrize("seed", range(3))
def test_what_is_held_is_at_the_hand_that_holds_it(seed: int) -> None:
    there = scene("object", seed)
    things = np.concatenate([each.points for each in there.surfaces if each.kind == Kind.THING])
    joints = np.concatenate([*there.joints.values()])
    assert np.linalg.norm(things[:, None] - joints[None, 4::4], axis=-1).min() < 45


@pytest.mark.parametrize("seed", range(3))
def test_hands_that_meet_are_a_hands_length_apart_at_most(seed: int) -> None:
    left, right = scene("meeting", seed).joints.values()
    assert np.linalg.norm(left[:, None] - right[None], axis=-1).min() < 190


def test_a_left_hand_is_on_the_left_of_its_owners_view() -> None:
    places: dict[int, list[float]] = {1: [], 2: []}
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        there = lone_arms(STUDIO, "ego", SIZE, rng)
        if there is not None and len(there.joints) == 2:
            for side, joints in there.joints.items():
                places[side].append(float(in_front(there.camera, joints)[0][:, 0].mean()))
    assert np.mean(places[1]) < np.mean(places[2])
