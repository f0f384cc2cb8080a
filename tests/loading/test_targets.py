"""What a net is taught of a picture, wherever its labels come from and whatever was done to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.loading.batches import Feed
from handseg_cli.loading.geometry import mirrored
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.occlude import THINGS, occluded
from handseg_cli.loading.paste import Cutout, pasted
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS, bare
from handseg_cli.loading.transforms import augment, fitted
from handseg_cli.sample import Mask, Sample
from tests.tiny import limbs

ALL = ("mask", "arm", "side")
PICTURE = Recipe(32, "squash", targets=ALL)


def limb(seed: int = 0, right: int = 0) -> Sample:
    """Return a left or a right hand with its arm."""
    image, parts = limbs.drawn(right, np.random.default_rng(seed))
    return Sample("a", image, np.isin(parts, (1, 2)).astype(np.uint8) * np.uint8(255), parts=parts)


def taught(picture: Sample, name: str) -> Mask:
    return TARGETS[name].array(picture)


def shown(sample: Sample) -> Sample:
    return fitted(bare(sample, ALL, limbs.CLASSES), PICTURE)


def test_parts_tell_arms_and_sides_by_their_names() -> None:
    for right in (0, 1):
        picture = shown(limb(right=right))
        hand, arm, side = (taught(picture, name) for name in ALL)
        assert set(np.unique(arm)) == {0, 1}
        assert not (arm & hand).any()
        assert (side[hand == 1] == right).mean() > 0.95
        assert (side[hand == 0] == 255).all()


def test_nothing_is_kept_that_no_target_takes() -> None:
    sample = replace(limb(), joints=np.zeros((21, 3), np.float32), sides=np.ones(limbs.SIZE, np.uint8))
    kept = bare(sample, ("mask", "arm"), limbs.CLASSES)
    assert kept.arms is not None
    assert (kept.sides, kept.parts, kept.joints) == (None, None, None)


@pytest.mark.parametrize("classes", [(), ("background", "left thumb", "left palm", "x", "y")])
def test_a_dataset_without_arms_tells_of_none(classes: tuple[str, ...]) -> None:
    assert (taught(fitted(bare(limb(), ALL, classes), PICTURE), "arm") == 255).all()


def test_a_mask_alone_tells_neither() -> None:
    picture = shown(replace(limb(), parts=None))
    assert (taught(picture, "arm") == 255).all()
    assert (taught(picture, "side") == 255).all()


def test_sides_come_first_and_of_both_at_once_none_is_known() -> None:
    sides = np.zeros((32, 32), np.uint8)
    sides[:8], sides[8:16], sides[16:24] = 1, 2, 3
    sample = Sample("a", np.zeros((32, 32, 3), np.uint8), np.full((32, 32), 255, np.uint8), sides, hands="right")
    side = taught(shown(sample), "side")
    assert [set(np.unique(side[rows : rows + 8])) for rows in (0, 8, 16, 24)] == [{0}, {1}, {255}, {255}]


@pytest.mark.parametrize(("hands", "wanted"), [("left", {0, 255}), ("right", {1, 255}), ("both", {255}), ("", {255})])
def test_one_hand_of_a_known_side_is_told_by_its_mask(hands: str, wanted: set[int]) -> None:
    picture = shown(replace(limb(), parts=None, hands=hands))
    assert set(np.unique(taught(picture, "side"))) == wanted


def test_a_mirrored_hand_is_the_other_and_its_arm_stays_its_arm() -> None:
    picture = shown(limb())
    other = mirrored(picture)
    assert np.array_equal(taught(other, "arm"), taught(picture, "arm"))
    one, two = taught(picture, "side"), taught(other, "side")
    assert np.array_equal(one == 0, two == 1)
    assert np.array_equal(one == 255, two == 255)


def test_chance_keeps_the_arm_at_its_side_of_the_hand() -> None:
    # By construction the arm of a left hand is left of it, in whatever picture it is.
    recipe, seen = Recipe(64, augment="light", targets=ALL), set()
    for seed in range(40):
        sample = bare(limb(seed, right=seed % 2), ALL, limbs.CLASSES)
        picture = augment(sample, recipe, np.random.default_rng(seed))
        hand, arm, side = (taught(picture, name) for name in ALL)
        if (hand == 1).sum() > 100 and (arm == 1).sum() > 100:
            told = np.median(side[side != 255])
            seen.add(int(told))
            assert (np.nonzero(arm == 1)[1].mean() > np.nonzero(hand == 1)[1].mean()) == (told == 1)
            assert np.array_equal(arm == 255, hand == 255)
    assert seen == {0, 1}


def test_a_pasted_hand_is_no_arm_and_of_no_known_side() -> None:
    picture = shown(limb())
    cutout = Cutout(np.full((40, 30, 3), 200, np.uint8), np.full((40, 30), 255, np.uint8))
    for seed in range(10):
        made = pasted(picture, [cutout], np.random.default_rng(seed))
        new = (made.image != picture.image).any(2) & (taught(made, "mask") == 1)
        assert new.any()
        assert (taught(made, "side")[new] == 255).mean() > 0.9  # at its soft border it may be too faint to be a hand
        assert not (taught(made, "arm") & taught(made, "mask")).any()
        assert np.array_equal(taught(made, "side")[~new], taught(picture, "side")[~new])


def test_what_is_hidden_is_neither() -> None:
    picture = shown(limb())
    for seed in range(10):
        made = occluded(picture, np.random.default_rng(seed))
        hidden = (made.image != picture.image).any(2)
        assert not (taught(made, "arm")[hidden] == 1).any()
        assert (taught(made, "side")[hidden] == 255).all()


def test_no_arm_is_shown_as_a_thing() -> None:
    arms = np.zeros((64, 64), np.uint8)
    arms[:, :40] = 255
    image = np.where(arms, 255, 0)[..., None].repeat(3, 2).astype(np.uint8)
    sample = Sample("a", image, np.zeros((64, 64), np.uint8), arms=arms)
    for seed in range(10):
        thing, usable = THINGS[0](sample, np.random.default_rng(seed))
        assert (thing[usable > 0] == 0).all()
        assert (usable > 0).sum() == (arms == 0).sum()


def test_batches_carry_what_is_asked_for_and_nothing_else(tmp_path: Path) -> None:
    limbs.build(tmp_path / "limbs.h5", count=10)
    mix = Mix([Part("limbs", tmp_path / "limbs.h5")], "train")
    for targets in (("mask",), ALL):
        batch = next(Feed(mix, Recipe(48, targets=targets), batch=6, seed=0, workers=0).epoch(0))
        assert tuple(batch.targets) == targets
        assert {each.shape for each in batch.targets.values()} == {(6, 48, 48)}
    knows = dict(zip(batch.key, (batch.targets["arm"] != 255).flatten(1).any(1).tolist(), strict=True))
    assert knows == {f"limbs/{number:03}": number % 5 != 2 for number in (0, 1, 2, 5, 6, 7)}
