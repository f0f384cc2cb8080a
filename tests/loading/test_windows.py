"""Pictures of one hand: whatever is done, joints stay on it; and pictures of places without one show none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.loading.batches import Batch, Feed
from handseg_cli.loading.geometry import move
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS, bare
from handseg_cli.loading.transforms import augment, fitted
from handseg_cli.loading.windows import GREY, elsewhere, seen
from handseg_cli.pose.camera import project
from handseg_cli.pose.depths import to_depths
from handseg_cli.pose.window import Jitter, true_window
from handseg_cli.sample import Sample
from tests.tiny import posed

TOLD = ("points", "judged", "joints", "right", "camera", "depths", "hand")
HAND = Recipe(96, "hand", "full", targets=TOLD)
PUBLISHED = Recipe(256, "hand3d", "none", targets=("points", "judged", "joints", "right", "camera"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    posed.build(path, count=30)
    return path


@pytest.fixture(scope="module")
def hands(file: Path) -> list[Sample]:
    """Return hands with what is told of them."""
    mix = Mix([Part("a", file)], "all", "hand")
    return [bare(mix[at], TOLD, posed.CLASSES) for at in range(len(mix))]


def told(picture: Sample, name: str) -> NDArray[Any]:
    return TARGETS[name].array(picture)


def is_drawn_at(picture: Sample, joint: int) -> bool:
    """Tell whether a joint of a finger lies on something of the colour of that."""
    x, y = np.rint(told(picture, "points")[joint]).astype(int)
    near = picture.image[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].reshape(-1, 3).astype(int)
    colour = np.array(posed.COLOURS[1 + (joint - 1) // 4])
    return bool((np.abs(near - colour).max(axis=1) < 70).any())


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_joints_stay_on_the_hand_and_before_the_camera(hands: list[Sample], seed: int) -> None:
    hand = hands[seed % len(hands)]
    picture = augment(hand, replace(HAND, augment="light"), np.random.default_rng(seed))
    if not told(picture, "hand"):
        return
    judged, points = told(picture, "judged"), told(picture, "points")
    assert judged.sum() >= 15
    assert np.allclose(project(told(picture, "joints"), told(picture, "camera")), points, atol=0.05)
    tips = [joint for joint in (1, 5, 9, 13, 17) if judged[joint]]
    assert np.mean([is_drawn_at(picture, joint) for joint in tips]) > 0.75  # others lie over some


def test_a_mirrored_hand_is_the_other_one(hands: list[Sample]) -> None:
    for hand in hands[:6]:
        sides = set()
        for seed in range(12):
            picture = augment(hand, replace(HAND, augment="light", targets=TOLD[:-1]), np.random.default_rng(seed))
            joints = told(picture, "joints")
            # Which way around thumb, index and little finger lie of the wrist, seen from the camera.
            thumb, little = joints[4] - joints[0], joints[20] - joints[0]
            is_right = thumb[0] * little[1] - thumb[1] * little[0] > 0
            assert is_right == bool(told(picture, "right"))
            sides.add(is_right)
        assert sides == {True, False}


def test_depths_are_those_of_the_picture(hands: list[Sample]) -> None:
    picture = augment(hands[0], HAND, np.random.default_rng(1))
    wanted = to_depths(told(picture, "joints"), told(picture, "camera"))
    assert np.allclose(told(picture, "depths"), wanted, atol=1e-3)


def test_validation_shows_the_hand_and_then_a_place_without_one(file: Path) -> None:
    mix = Mix([Part("a", file)], "val", "hand")
    batch = next(Feed(mix, replace(HAND, augment="none"), batch=99, seed=0, workers=0).once())
    assert len(batch.key) == 2 * len(mix)
    hand, judged = batch.targets["hand"].bool(), batch.targets["judged"]
    assert hand.tolist() == [True, False] * len(mix)
    assert judged[hand].all()
    assert not judged[~hand].any()
    assert set(batch.targets["right"][~hand].tolist()) == {255}
    assert set(batch.targets["right"][hand].tolist()) == {0, 1}
    again = next(Feed(mix, replace(HAND, augment="none"), batch=99, seed=1, workers=0).once())
    assert np.array_equal(again.image, batch.image)


def test_places_without_a_hand_show_none(hands: list[Sample]) -> None:
    bodies, blank = 0, 0
    for seed in range(60):
        hand = hands[seed % len(hands)]
        picture = fitted(replace(hand, key=f"{seed}"), HAND, 1)
        assert picture.mask is not None
        assert (picture.mask == 1).mean() < 0.03
        bodies += bool(picture.arms is not None and picture.arms.any())
        blank += bool((picture.image == GREY).all())
    assert bodies > 25
    assert blank < 5


def test_without_room_or_masks_a_place_without_a_hand_is_grey(hands: list[Sample]) -> None:
    full = replace(hands[0], mask=np.full(posed.SIZE, 255, np.uint8))
    for sample in (full, replace(hands[0], mask=None)):
        window = elsewhere(sample, 32, np.random.default_rng(0))
        assert (seen(sample.image, window.matrix, 32) == GREY).all()


def test_a_fifth_of_training_pictures_shows_no_hand(file: Path) -> None:
    mix = Mix([Part("a", file, 5.0)], "all", "hand")
    batch = next(Feed(mix, replace(HAND, size=32), batch=150, seed=0, workers=0).epoch(0))
    share = 1 - batch.targets["hand"].float().mean().item()
    assert 0.1 < share < 0.3
    judged_of = batch.targets["judged"].sum(1)[batch.targets["hand"] == 1]
    assert (judged_of >= 10).float().mean() > 0.95


@pytest.mark.parametrize("place", [(0, 0), (37, 18), (-20, 5), (400, 400)])
def test_only_what_a_window_shows_is_looked_at(place: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (60, 80, 3), np.uint8)
    wide = np.full((260, 280, 3), GREY, np.uint8)
    wide[100:160, 100:180] = photo
    x, y = place
    wanted = np.full((24, 24, 3), GREY, np.uint8)
    part = wide[100 + y : 124 + y, 100 + x : 124 + x]
    wanted[: part.shape[0], : part.shape[1]] = part
    assert np.array_equal(seen(photo, move(-x, -y), 24), wanted)


def test_a_large_hand_is_shrunk_by_areas() -> None:
    photo = np.zeros((200, 200, 3), np.uint8)
    photo[::2] = 255
    assert set(np.unique(seen(photo, np.diag([0.25, 0.25, 1.0]), 40)[5:35, 5:35])) <= {127, 128}


def published(file: Path, **given: Any) -> Batch:
    mix = Mix([Part("a", file)], "all", "dominant")
    recipe = replace(PUBLISHED, **given)
    return next(Feed(mix, recipe, batch=30, seed=0, workers=0).once())


def test_the_third_system_has_its_own_window(file: Path) -> None:
    batch = published(file)
    mix = Mix([Part("a", file)], "all", "dominant")
    hand = mix[4]
    assert hand.points is not None
    assert hand.valid is not None
    window = true_window(hand.points, hand.valid, posed.SIZE, Jitter())
    assert np.array_equal(np.rint(window.crop(hand.image, GREY)), batch.image[4].permute(1, 2, 0))
    assert np.allclose(window.to_window(hand.points), batch.targets["points"][4], atol=1e-3)
    joints, camera = batch.targets["joints"][4].numpy(), batch.targets["camera"][4].numpy()
    assert np.allclose(project(joints, camera), batch.targets["points"][4], atol=0.05)


def test_its_window_may_be_smaller(file: Path) -> None:
    large, small = published(file), published(file, size=64)
    assert small.image.shape[2:] == (64, 64)
    wanted = (large.targets["points"] - 128) / 4 + 32
    assert np.allclose(small.targets["points"], wanted, atol=1e-3, equal_nan=True)


@pytest.mark.parametrize("name", ["points", "centre", "scale", "offset"])
def test_each_of_its_disturbances_can_be_had_alone(hands: list[Sample], name: str) -> None:
    plain = augment(hands[0], PUBLISHED, np.random.default_rng(0))
    made = augment(hands[0], replace(PUBLISHED, noise=(name,)), np.random.default_rng(0))
    shift = told(made, "points") - told(plain, "points")
    spread = np.ptp(told(made, "points"), axis=0) / np.ptp(told(plain, "points"), axis=0)
    assert np.abs(shift).max() > 0.5
    if name == "offset":  # the scale stays
        assert np.allclose(spread, 1, atol=1e-3)
        assert np.allclose(shift, shift[0], atol=1e-2)
    if name == "scale":  # the middle stays
        assert 1 < spread[0] < 1.2
        assert np.allclose(shift[12], 0, atol=1e-2)
    if name == "points":
        assert np.ptp(shift, axis=0).min() > 1


def test_a_hue_is_turned_and_nothing_else(hands: list[Sample]) -> None:
    recipe = Recipe(96, "cut", "none", noise=("hue",))
    made = augment(hands[0], recipe, np.random.default_rng(3))
    plain = augment(hands[0], replace(recipe, noise=()), np.random.default_rng(3))
    assert np.array_equal(told(made, "mask"), told(plain, "mask"))
    assert (made.image != plain.image).any()
    assert np.abs(made.image.astype(int).sum(2) - plain.image.astype(int).sum(2)).mean() < 30


def test_pieces_are_cut_at_the_photos_own_scale_from_anywhere() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (50, 40, 3), np.uint8)
    sample, corners = Sample("a", photo, np.zeros((50, 40), np.uint8)), set()
    for seed in range(300):
        made = augment(sample, Recipe(32, "cut", "none"), np.random.default_rng(seed))
        at = [(y, x) for y in range(19) for x in range(9) if np.array_equal(photo[y : y + 32, x : x + 32], made.image)]
        assert len(at) == 1
        corners.add(at[0])
    assert {y for y, _ in corners} == {*range(19)}
    assert {x for _, x in corners} == {*range(9)}


def test_a_photo_smaller_than_a_piece_is_in_its_middle_and_all_else_is_not_judged() -> None:
    sample = Sample("a", np.full((20, 10, 3), 7, np.uint8), np.full((20, 10), 255, np.uint8))
    made = augment(sample, Recipe(32, "cut", "none"), np.random.default_rng(0))
    assert made.mask is not None
    assert (made.mask[6:26, 11:21] == 1).all()
    assert (made.mask == 1).sum() == 200
    assert (made.mask == 255).sum() == 32 * 32 - 200


def test_validation_of_pieces_shows_the_whole_photo_as_it_is() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    made = fitted(Sample("a", photo, np.zeros((64, 96), np.uint8)), Recipe(32, "cut", "none"))
    assert np.array_equal(made.image, photo)
