"""Pictures of both hands: whatever is done to them, joints and parts stay on the hand that they are of."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import DatasetError
from handseg_cli.loading.batches import Feed
from handseg_cli.loading.colours import gains
from handseg_cli.loading.hands import two_hands
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.pairs import REACHES, matrix_by_chance, pair_by_chance, pair_fitted, square_of
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS, bare
from handseg_cli.loading.transforms import augment, fitted
from handseg_cli.pose.camera import project
from handseg_cli.pose.pairs import PARTS, window_matrix
from handseg_cli.pose.skeleton import INTERHAND_NAMES
from handseg_cli.sample import Sample
from tests.tiny import interhand
from tests.tiny import two_hands as drawn_hands

TOLD = (
    *("known", "grid_joints", "grid_valid", "root_depth", "root_valid", "interacting", "handedness"),
    *("handedness_valid", "parts", "parts_valid", "joints", "camera"),
)
FULL = Recipe(128, "pair", "full", targets=TOLD)
RIGHT, LEFT = slice(21), slice(21, None)
THUMB, LITTLE, WRIST = (INTERHAND_NAMES.index(f"r_{name}") for name in ("thumb3", "pinky4", "wrist"))
SEEDS = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    drawn_hands.build(path)
    return path


@pytest.fixture(scope="module")
def samples(file: Path) -> list[Sample]:
    """Return photos of two hands, of a right one, of a left one, of two hands ... with what is told of them."""
    mix = Mix([Part("a", file)], "all", "pair")
    return [bare(mix[at], TOLD, mix.classes(at)) for at in range(len(mix))]


def told(picture: Sample, name: str) -> NDArray[Any]:
    return TARGETS[name].array(picture)


def turning(picture: Sample, hand: slice) -> float:
    """Return on which side of the way from wrist to little finger the thumb is: left and right hands differ in it."""
    assert picture.points is not None
    points = picture.points[hand]
    one, other = points[THUMB] - points[WRIST], points[LITTLE] - points[WRIST]
    return float(np.sign(one[0] * other[1] - one[1] * other[0]))


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_right_hands_are_right_hands_whatever_is_mirrored(samples: list[Sample], seed: int) -> None:
    sample = samples[seed % len(samples)]
    picture = pair_by_chance(sample, FULL, np.random.default_rng(seed))
    hands, known = told(picture, "handedness"), told(picture, "known")
    for place, (hand, sign) in enumerate(((RIGHT, 1), (LEFT, -1))):
        assert known[hand].any() == bool(hands[place])
        if hands[place]:
            assert turning(picture, hand) == sign


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_joints_lie_on_parts_of_their_own_finger_and_hand(samples: list[Sample], seed: int) -> None:
    picture = pair_by_chance(samples[seed % len(samples)], FULL, np.random.default_rng(seed))
    parts, joints, valid = (told(picture, name) for name in ("parts", "grid_joints", "grid_valid"))
    near = 0
    for joint in np.flatnonzero(valid):
        name = INTERHAND_NAMES[joint]
        if not name.endswith("4") or (joints[joint, :2] < 2).any() or (joints[joint, :2] > 29).any():
            continue
        x, y = np.rint(joints[joint, :2] * 2).astype(int)
        around = {PARTS[number] for number in parts[y - 2 : y + 3, x - 2 : x + 3].ravel()}
        side, finger = {"r": "right", "l": "left"}[name[0]], name[2:-1].replace("pinky", "little")
        near += 1
        assert any(part.startswith(f"{side} ") for part in around)
        assert f"{side} {finger} tip" in around or len(around) > 2
    assert near or not valid.any() or valid.sum() < 30


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_the_camera_of_the_window_sees_the_joints_at_their_points(samples: list[Sample], seed: int) -> None:
    picture = pair_by_chance(samples[seed % len(samples)], FULL, np.random.default_rng(seed))
    known = told(picture, "known")
    assert picture.points is not None
    seen = project(told(picture, "joints")[known], told(picture, "camera"))
    assert np.allclose(seen, picture.points[known], atol=0.05)
    grid, valid = told(picture, "grid_joints"), told(picture, "grid_valid")
    assert np.allclose(grid[valid, :2] * 4, picture.points[valid], atol=1e-3)


def test_windows_are_altered_as_far_as_the_authors_do() -> None:
    square, shares = (40.0, 30.0, 100.0, 100.0), np.empty((500, 5))
    for seed in range(len(shares)):
        matrix = matrix_by_chance(square, 128, REACHES["full"], np.random.default_rng(seed))
        zoom = math.sqrt(abs(np.linalg.det(matrix[:2, :2]))) / 1.28
        turn = math.degrees(math.atan2(matrix[1, 0], matrix[1, 1]))
        middle = np.linalg.inv(matrix)[:2] @ (64, 64, 1) - (90, 80)
        shares[seed] = (1 / zoom, abs(turn), *middle / 100, np.linalg.det(matrix) < 0)
    zooms, turns, *shifts, flips = shares.T
    assert (zooms.min(), zooms.max()) == pytest.approx((0.75, 1.25))
    assert np.mean(turns > 1e-6) == pytest.approx(0.6, abs=0.06)
    assert turns.max() == pytest.approx(90)
    assert all(0.14 < np.abs(shift).max() <= 0.15 for shift in shifts)
    assert flips.mean() == pytest.approx(0.5, abs=0.06)
    assert np.allclose(
        matrix_by_chance(square, 128, REACHES["none"], np.random.default_rng(0)), window_matrix(square, 128)
    )


def test_the_window_does_not_drift_from_epoch_to_epoch(file: Path) -> None:
    feed = Feed(Mix([Part("a", file)], "all", "pair"), FULL, batch=5, seed=0, workers=0)
    before = square_of(feed.maker.read(0))
    one = [batch.image.numpy() for batch in feed.epoch(3)]
    for epoch in range(3):
        list(feed.epoch(epoch))
    assert square_of(feed.maker.read(0)) == before
    assert all(np.array_equal(batch.image.numpy(), was) for batch, was in zip(feed.epoch(3), one, strict=True))


def test_a_sample_is_not_altered_by_what_is_made_of_it(samples: list[Sample]) -> None:
    sample = samples[0]
    kept = {name: np.copy(getattr(sample, name)) for name in ("image", "points", "valid", "parts", "joints", "camera")}
    for seed in range(5):
        augment(sample, FULL, np.random.default_rng(seed))
    assert all(np.array_equal(getattr(sample, name), value, equal_nan=True) for name, value in kept.items())


def test_every_sample_of_every_epoch_has_a_chance_of_its_own(file: Path) -> None:
    feed = Feed(Mix([Part("a", file)], "all", "pair"), FULL, batch=15, seed=0, workers=0)
    cameras = [
        camera.numpy().tobytes()
        for epoch in (0, 1)
        for batch in feed.epoch(epoch)
        for camera in batch.targets["camera"]
    ]
    assert len({*cameras}) == 30


def test_one_dataset_teaches_what_the_other_does(file: Path, samples: list[Sample], tmp_path: Path) -> None:
    drawn_hands.build(tmp_path / "ours.h5", dataset="synthetic")
    mix = Mix([Part("a", tmp_path / "ours.h5")], "all", "pair")
    assert len(mix) == len(samples)
    for at, sample in enumerate(samples):
        one, other = (pair_fitted(each, FULL) for each in (sample, bare(mix[at], TOLD, mix.classes(at))))
        for name in TOLD:
            assert np.allclose(told(one, name), told(other, name), equal_nan=True, atol=1e-3), name


def test_what_is_not_sure_is_not_taught(samples: list[Sample]) -> None:
    picture = pair_fitted(replace(samples[0], hands="", parts=None), FULL)
    assert not told(picture, "handedness_valid")
    assert told(picture, "interacting")
    assert not told(picture, "parts_valid")
    assert told(picture, "parts").shape == (64, 64)
    assert not told(pair_fitted(replace(samples[1], hands=""), FULL), "interacting")
    assert not told(pair_fitted(samples[1], FULL), "root_valid")


def test_parts_that_are_missing_stay_so_in_a_mirror_and_others_stay_below_33(samples: list[Sample]) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert not told(pair_by_chance(replace(samples[0], parts=None), FULL, rng), "parts_valid")
        parts = told(pair_by_chance(samples[0], FULL, rng), "parts")
        assert 16 < parts.max() <= 32


def test_numbers_that_are_no_part_of_a_hand_become_background(samples: list[Sample]) -> None:
    assert samples[0].parts is not None
    wild = replace(samples[0], parts=np.where(samples[0].parts == 0, np.uint8(200), samples[0].parts))
    kept = bare(wild, ("parts",), PARTS).parts
    assert kept is not None
    assert kept.max() <= 32
    assert np.array_equal(kept, samples[0].parts)


def test_a_photo_without_joints_in_it_is_shown_around_its_parts_or_whole(samples: list[Sample]) -> None:
    blind = replace(samples[0], valid=np.zeros(42, np.bool_))
    assert blind.parts is not None
    rows, columns = np.nonzero(blind.parts)
    left, top, side, _ = square_of(blind)
    assert left < columns.min() < columns.max() < left + side
    assert square_of(replace(blind, parts=None)) == (-20.0, -40.0, 200.0, 200.0)
    assert top < rows.min()


def test_interhands_joints_out_of_the_photo_or_not_found_are_not_known(tmp_path: Path) -> None:
    interhand.build(tmp_path / "raw")
    prepare(
        PrepareConfig(
            ("interhand",), raw=tmp_path / "raw", output=tmp_path, split="official", labels="parts", quiet=True
        )
    )
    mix = Mix([Part("a", tmp_path / "interhand.h5")], "train", "pair")
    for at in range(len(mix)):
        sample = mix[at]
        assert sample.valid is not None
        assert sample.joints is not None
        # Joint 0 was found, far outside of each photo; joint 1 was not.
        assert not sample.valid[:2].any()
        assert np.isnan(sample.joints[1]).all()
    assert np.isfinite(mix[0].joints[0]).all()  # type: ignore[index]
    picture = fitted(bare(mix[0], TOLD, mix.classes(0)), FULL)
    assert told(picture, "grid_valid").sum() > 10
    assert told(picture, "parts_valid")


def test_colours_are_a_fifth_stronger_or_weaker_at_most() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    found = np.array([gains(grey, np.random.default_rng(seed))[0, 0] for seed in range(200)])
    assert (found.min(), found.max()) == (80, 120)
    assert (found[:, 0] != found[:, 1]).any()
    assert gains(np.full((1, 1, 3), 250, np.uint8), np.random.default_rng(0)).max() == 255


def test_joints_of_one_hand_or_in_no_space_are_refused() -> None:
    zeros = Sample(
        "a", np.zeros((4, 4, 3), np.uint8), points=np.zeros((42, 2), np.float32), valid=np.ones(42, np.bool_)
    )
    with pytest.raises(DatasetError, match="a: does not have the joints of two hands in space"):
        two_hands(zeros, "rhd")
    with pytest.raises(DatasetError, match="a: does not have the joints of two hands;"):
        two_hands(replace(zeros, points=np.zeros((21, 2), np.float32)), "rhd")
