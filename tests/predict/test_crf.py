from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.predict import crf
from handseg_cli.predict.crf import Crf, refine
from handseg_cli.sample import Image, Mask

OFF = Crf(near_weight=0, alike_weight=0)


def scene(height: int = 64, width: int = 96, seed: int = 0) -> tuple[Image, Mask]:
    """A skin-coloured disc on a blue ramp, both grainy, and the disc's mask."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width)).astype(np.float64)
    disc = np.hypot(y - height / 2, x - width / 3) < min(height, width) / 3
    ground = np.stack([np.full_like(x, 60), 80 + 40 * x / width, 120 + 60 * y / height], 2)
    photo = np.where(disc[..., None], (205, 150, 125), ground) + rng.normal(0, 6, (height, width, 3))
    return np.clip(photo, 0, 255).astype(np.uint8), np.where(disc, 255, 0).astype(np.uint8)


def doubtful(mask: Mask, seed: int = 0) -> Mask:
    """A net's unsure answer: soft, off by some pixels, with wrong specks."""
    rng = np.random.default_rng(seed)
    odds = np.where(np.roll(mask, 3, axis=1) > 0, 1.5, -1.5) + rng.normal(0, 1.2, mask.shape)
    return np.rint(255 / (1 + np.exp(-odds))).astype(np.uint8)


def overlap(a: Mask, b: Mask) -> float:
    return float(((a > 127) & (b > 127)).sum() / ((a > 127) | (b > 127)).sum())


def exact_mean_field(image: Image, probability: Mask, parameters: Crf) -> NDArray[np.float64]:
    """The textbook's sums over all pairs of pixels."""
    scale = np.sqrt(probability.size / crf.REFERENCE_PIXELS)
    place = np.indices(probability.shape).reshape(2, -1).T / scale
    colour = image.reshape(-1, 3) / parameters.alike_levels
    kernels = [
        parameters.near_weight * normalised(place / parameters.near_px),
        parameters.alike_weight * normalised(np.hstack([place / parameters.alike_px, colour])),
    ]
    chance = np.clip(probability.ravel() / 255, 1e-6, 1 - 1e-6)
    hand, ground = np.log(chance), np.log(1 - chance)
    q = chance
    for _ in range(parameters.iterations):
        drawn = hand + sum(kernel @ q for kernel in kernels), ground + sum(kernel @ (1 - q) for kernel in kernels)
        q = 1 / (1 + np.exp(drawn[1] - drawn[0]))
    return np.asarray(q).reshape(probability.shape)


def normalised(features: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (features**2).sum(1)
    kernel = np.exp(-0.5 * np.maximum(squares[:, None] + squares - 2 * features @ features.T, 0))
    root = np.sqrt(kernel.sum(1))
    return np.asarray(kernel / root[:, None] / root)


@pytest.mark.parametrize("wider", [6, 12])
def test_labels_and_chances_agree_with_the_exact_mean_field(wider: int) -> None:
    image, mask = scene(32, 48)
    parameters = Crf(near_px=20 * wider, alike_px=30 * wider, widest=np.inf)
    exact = exact_mean_field(image, doubtful(mask), parameters)
    refined = refine(image, doubtful(mask), parameters)
    assert ((refined > 127) == (exact > 0.5)).mean() > 0.995
    assert np.abs(refined / 255 - exact).mean() < 0.01


def test_a_noisy_mask_of_a_two_coloured_photo_becomes_clean() -> None:
    image, mask = scene(240, 320)
    assert overlap(doubtful(mask), mask) < 0.85
    assert overlap(refine(image, doubtful(mask)), mask) > 0.98


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 99))
def test_without_pairs_the_probability_stays_as_it_was(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.integers(0, 256, (height, width), dtype=np.uint8)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(refine(image, probability, OFF), probability)


def test_without_pairs_a_large_photo_stays_as_it_was_too() -> None:
    image, mask = scene(700, 900)
    assert np.array_equal(refine(image, doubtful(mask), OFF), doubtful(mask))


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_photo_gets_the_mirrored_mask(axis: int) -> None:
    image, mask = scene(301, 403)
    straight = refine(image, doubtful(mask))
    mirrored = np.flip(refine(np.flip(image, axis), np.flip(doubtful(mask), axis)), axis)
    assert overlap(straight, mirrored) > 0.999


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (1, 60_000), (2, 3), (33, 47)])
def test_any_shape_is_refined(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    refined = refine(rng.integers(0, 256, (*shape, 3), dtype=np.uint8), rng.integers(0, 256, shape, dtype=np.uint8))
    assert refined.shape == shape
    assert refined.dtype == np.uint8


@settings(deadline=None)
@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_the_working_copy_is_even_and_bounded_whatever_the_aspect(height: int, width: int) -> None:
    rows, columns = crf.working_size(height, width)
    assert rows % 2 == columns % 2 == 0
    assert 4 <= rows * columns <= 2 * crf.WORKING_PIXELS


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_photo_of_one_colour_keeps_a_sure_mask(level: int) -> None:
    _, mask = scene(120, 160)
    image = np.full((120, 160, 3), level, np.uint8)
    assert overlap(refine(image, mask), mask) > 0.95


def test_a_grey_photo_is_cleaned_like_a_coloured_one() -> None:
    image, mask = scene(240, 320)
    grey = np.repeat(image[..., :1], 3, axis=2)
    assert overlap(refine(grey, doubtful(mask)), mask) > 0.98


@pytest.mark.parametrize("level", [0, 12])
def test_where_nothing_may_be_hand_nothing_changes(level: int) -> None:
    image, _ = scene()
    probability = np.full(image.shape[:2], level, np.uint8)
    assert np.array_equal(refine(image, probability), probability)


def test_a_photo_that_is_all_hand_stays_all_hand() -> None:
    image, _ = scene()
    assert refine(image, np.full(image.shape[:2], 255, np.uint8)).min() > 250


def test_the_inputs_are_not_changed() -> None:
    image, mask = scene()
    image.flags.writeable = mask.flags.writeable = False
    refine(image, mask)


def test_a_small_hand_of_a_large_photo_survives_because_widths_are_bounded() -> None:
    _, small = scene(60, 80)
    mask = np.zeros((1800, 2400), np.uint8)
    mask[900:960, 1500:1580] = small
    tones = np.where(mask[..., None] > 0, (120, 110, 105), (90, 90, 90))
    image = (tones + np.random.default_rng(0).normal(0, 6, (1800, 2400, 1))).astype(np.uint8)
    probability = np.where(mask > 0, 170, 0).astype(np.uint8)
    probability[900:960, 1500:1580] = doubtful(small)
    assert overlap(refine(image, probability), mask) > 0.95
    assert overlap(refine(image, probability, Crf(widest=np.inf)), mask) < 0.5


def test_random_colours_give_no_extreme_messages() -> None:
    """More colours than the kernel's rank can hold must not blow up."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    chance = rng.random((200, 300), dtype=np.float32)
    message = crf.mean_field(image, chance, 0.15, crf.DEFAULT)
    assert np.isfinite(message).all()
    assert np.abs(message).max() < 40
