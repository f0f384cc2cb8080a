"""Pictures made of photos: whatever is done, photo, mask, points and camera stay together."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.io.shapes import net_shape
from handseg_cli.loading.framing import by_chance
from handseg_cli.loading.geometry import mirrored, moved, other_parts, scale
from handseg_cli.loading.paste import Cutout
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import bare
from handseg_cli.loading.transforms import augment, fitted, steps
from handseg_cli.sample import Mask, Sample

CAMERA = np.array([[100, 0, 60], [0, 110, 50], [0, 0, 1]], np.float32)
Fit = Literal["crop", "squash", "halves"]
Strength = Literal["none", "light", "full"]
FITS: tuple[Fit, ...] = ("crop", "squash", "halves")
STRENGTHS: tuple[Strength, ...] = ("none", "light", "full")
PARTS = ("background", "left thumb", "right thumb")
RADIUS = 9


def disc(size: tuple[int, int], point: NDArray[np.float32]) -> Sample:
    """Make a sample of one disc, white on black, that all labels tell of."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    mask = ((x - point[0]) ** 2 + (y - point[1]) ** 2 < RADIUS**2).astype(np.uint8) * np.uint8(255)
    joint = 500 * np.linalg.inv(CAMERA) @ (*point, 1)
    return Sample(
        "a",
        cv2.merge([mask] * 3),
        mask,
        sides=mask // 255,
        parts=mask // 255 * np.uint8(2),
        joints=joint[None].astype(np.float32),
        points=point[None],
        valid=np.array([True]),
        camera=CAMERA,
        depth=np.where(mask > 0, np.float32(500), np.float32(np.inf)),
        hands="left",
    )


def middle(labels: Mask) -> NDArray[np.float64]:
    return np.array([np.mean(at) for at in np.nonzero(labels)[::-1]])


def mask_of(sample: Sample) -> Mask:
    assert sample.mask is not None
    return sample.mask


def is_whole(made: Sample) -> bool:
    """Tell whether a disc is within what is seen and judged of a picture."""
    assert made.mask is not None
    beyond = cv2.copyMakeBorder((made.mask == 255).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    near = cv2.dilate(beyond, np.ones((5, 5), np.uint8))[1:-1, 1:-1] > 0
    return bool((made.mask == 1).any()) and not ((made.mask == 1) & near).any()


@settings(max_examples=100)
@given(
    st.tuples(st.integers(100, 300), st.integers(100, 300)),
    st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
    st.sampled_from(FITS),
    st.sampled_from(STRENGTHS),
    st.integers(0, 1000),
)
def test_labels_follow_the_photo(
    size: tuple[int, int], where: tuple[float, float], fit: Fit, strength: Strength, seed: int
) -> None:
    sample = disc(size, np.array([where[0] * size[1], where[1] * size[0]], np.float32))
    rng = np.random.default_rng(seed)
    made = moved(sample, by_chance(size, sample.mask, Recipe(128, fit, strength), rng), (128, 128), PARTS)
    assert made.points is not None
    assert made.camera is not None
    assert made.joints is not None
    assert made.sides is not None
    assert made.parts is not None
    assert made.depth is not None
    assert np.array_equal(made.depth == 500, made.sides > 0)
    projected = made.camera.astype(np.float64) @ made.joints[0]
    assert np.allclose(projected[:2] / projected[2], made.points[0], atol=0.05)
    if is_whole(made):
        hand = (mask_of(made) == 1).astype(np.uint8)
        for labels in (hand, made.image[..., 0] // 128 * hand, made.sides, made.parts):
            assert np.abs(middle(labels) - made.points[0]).max() < 1


def test_most_pictures_show_a_hand() -> None:
    sample = disc((150, 300), np.array([40, 100], np.float32))
    recipe = Recipe(128)
    made = [augment(sample, recipe, np.random.default_rng(seed), classes=PARTS) for seed in range(100)]
    shown = sum(bool((mask_of(each) == 1).any()) for each in made)
    assert 75 < shown < 100


def test_mirroring_names_the_other_hand() -> None:
    made = mirrored(disc((100, 100), np.array([50, 50], np.float32)), PARTS)
    assert made.hands == "right"
    assert made.sides is not None
    assert set(np.unique(made.sides)) == {0, 2}
    assert made.parts is not None
    assert set(np.unique(made.parts)) == {0, 1}


def test_parts_change_places_by_their_names() -> None:
    other = other_parts(["background", "person", "left thumb", "left palm", "right thumb", "right palm"])
    assert other[:6].tolist() == [0, 1, 4, 5, 2, 3]
    assert other_parts([]).tolist() == list(range(256))


def test_mirroring_twice_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    joints, points = rng.normal(0, 1, (42, 3)).astype(np.float32), rng.normal(0, 1, (42, 2)).astype(np.float32)
    sample = replace(disc((100, 100), points[0]), joints=joints, points=points, valid=np.arange(42) < 30)
    once = mirrored(sample, PARTS)
    assert once.valid is not None
    assert np.flatnonzero(~once.valid).tolist() == list(range(9, 21))
    twice = mirrored(once, PARTS)
    for name in ("sides", "parts", "joints", "points", "valid", "camera"):
        assert np.array_equal(getattr(twice, name), getattr(sample, name))


def test_a_squashed_photo_is_exactly_the_resized_one() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (90, 160, 3), np.uint8)
    made = fitted(Sample("a", image, np.full((90, 160), 255, np.uint8)), Recipe(64, "squash"))
    assert np.array_equal(made.image, cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA))
    assert made.mask is not None
    assert (made.mask == 1).all()
    again = augment(Sample("a", image), Recipe(64, "squash", "none"), rng)
    assert np.array_equal(again.image, made.image)


def test_a_mask_is_what_is_at_least_half_hand() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:, :9] = 255
    made = fitted(Sample("a", mask[..., None].repeat(3, 2), mask), Recipe(32, "squash"))
    assert made.mask is not None
    assert np.flatnonzero(made.mask[0]).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("turned", [False, True])
def test_halves_are_the_first_and_the_last_square(turned: bool) -> None:
    image = np.zeros((80, 120, 3), np.uint8)
    image[:, :, 0] = np.arange(120)
    photo = image.transpose(1, 0, 2) if turned else image
    first, last = (fitted(Sample("a", photo), Recipe(80, "halves"), view).image for view in (0, 1))
    pictures = [each.transpose(1, 0, 2) if turned else each for each in (first, last)]
    assert np.array_equal(pictures[0], image[:, :80])
    assert np.array_equal(pictures[1], image[:, -80:])


@pytest.mark.parametrize("size", [(50, 100), (480, 640), (700, 300)])
def test_validation_shows_the_whole_photo_as_predict_does(size: tuple[int, int]) -> None:
    made = fitted(Sample("a", np.full((*size, 3), 9, np.uint8), np.full(size, 255, np.uint8)), Recipe(64))
    assert made.image.shape[:2] == net_shape(size, 64)
    assert (made.image == 9).all()
    assert (mask_of(made) == 1).all()


def test_a_photo_without_labels_is_not_judged() -> None:
    made = augment(Sample("a", np.zeros((50, 60, 3), np.uint8)), Recipe(32), np.random.default_rng(0))
    assert made.mask is not None
    assert (made.mask == 255).all()


def test_sides_tell_of_hands_where_there_is_no_mask() -> None:
    sides = np.zeros((32, 32), np.uint8)
    sides[:8], sides[8:16] = 1, 2
    parts = np.ones((32, 32), np.uint8)  # of which the first may be no hand at all
    sample = Sample("a", np.zeros((32, 32, 3), np.uint8), sides=sides, parts=parts)
    made = fitted(bare(sample, ("mask",), ()), Recipe(32, "squash"))
    assert made.mask is not None
    assert np.array_equal(made.mask == 1, sides > 0)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 64), (301, 17)])
def test_photos_of_any_shape_make_pictures_of_one_size(fit: Fit, strength: Strength, size: tuple[int, int]) -> None:
    sample = Sample("a", np.zeros((*size, 3), np.uint8), np.full(size, 255, np.uint8))
    cutout = Cutout(np.full((40, 30, 3), 200, np.uint8), np.full((40, 30), 255, np.uint8))
    recipe = Recipe(48, fit, strength)
    for seed in range(4):
        made = augment(sample, recipe, np.random.default_rng(seed), [cutout])
        assert made.image.shape == (48, 48, 3)
        assert mask_of(made).shape == (48, 48)
        assert made.image.dtype == mask_of(made).dtype == np.uint8
        assert set(np.unique(mask_of(made))) <= {0, 1, 255}


def test_photo_and_labels_of_the_sample_stay_as_they_were() -> None:
    sample = disc((128, 128), np.array([60, 60], np.float32))
    before = sample.image.copy(), mask_of(sample).copy()
    square = Recipe(128, "squash")
    for name, (_, step) in steps(square).items():
        step(fitted(sample, square), np.random.default_rng(0))
        assert np.array_equal(sample.image, before[0]), name
    assert np.array_equal(mask_of(sample), before[1])


def test_chance_alone_tells_what_is_made() -> None:
    sample = disc((100, 140), np.array([60, 50], np.float32))
    first, again = (augment(sample, Recipe(64), np.random.default_rng([1, 2]), classes=PARTS) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(mask_of(first), mask_of(again))


def test_scaling_keeps_borders() -> None:
    assert np.allclose(scale(0.5, 0.25) @ (-0.5, -0.5, 1), (-0.5, -0.5, 1))
    assert np.allclose(scale(0.5, 0.25) @ (99.5, 99.5, 1), (49.5, 24.5, 1))
