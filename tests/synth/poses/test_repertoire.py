"""Poses by family, and drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.poses.anatomy import packed
from handseg_cli.synth.poses.limits import clamp
from handseg_cli.synth.poses.repertoire import named_pose, random_pose
from handseg_cli.synth.poses.table import FAMILIES, POSES

ASKED_FOR = {
    "cylinder", "sphere", "pinch", "tripod", "key", "hook", "disc", "plate", "point", "thumb_up", "peace", "ok", "call",
    "rock", "stop", "fist", "count", "crossed", "typing", "piano", "relaxed", "flat", "spread", "together", "cup",
    "claw", "sign", "number",
}  # fmt: skip
# J and Z are drawn in the air by the hands of I and D; G and K bent at the wrist are Q and P.
LETTERS = set("abcdefghiklmnorstuvwxy")


def test_the_repertoire_has_every_family() -> None:
    assert set(FAMILIES) == ASKED_FOR
    assert set(POSES["sign"]) == LETTERS
    assert {"one", "two", "three", "four", "five"} <= set(POSES["count"])


def test_no_two_poses_have_one_name() -> None:
    names = [name for poses in POSES.values() for name in poses]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_pose_of_the_table_is_nearly_within_limits(family: str) -> None:
    for name, pose in POSES[family].items():
        assert np.abs(packed(clamp(pose)) - packed(pose)).max() < 16, name


def test_one_seed_draws_one_pose() -> None:
    for seed in range(20):
        one, other = (random_pose(np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(packed(one), packed(other))


def test_draws_differ() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([packed(random_pose(rng, "relaxed")) for _ in range(50)])
    assert (drawn.std(axis=0) > 1).all()


def test_a_family_that_is_asked_for_is_drawn() -> None:
    rng = np.random.default_rng(0)
    fists, flats = (np.array([random_pose(rng, name).flexion[:, 1] for _ in range(30)]) for name in ("fist", "flat"))
    assert fists.min() > 60
    assert flats.max() < 45


def test_a_named_pose_has_a_straight_wrist() -> None:
    assert not named_pose("six").wrist.any()
    assert named_pose("six").touching == (4,)
