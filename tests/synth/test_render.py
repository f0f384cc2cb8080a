"""Whole photos without any assets: what their labels say of each other."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from handseg_cli.config.synth import STYLES
from handseg_cli.synth.labels import FIRST, HANDS, OWN_PARTS, PALM, SIDES, TO_DIGIT
from handseg_cli.synth.render import render
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.settings import SynthSettings

SETTINGS = SynthSettings(7, tuple((style, 1.0) for style in STYLES), (160, 160), engine="numpy", pinhole=True)
NUMBERS = range(6)


@cache
def photo(number: int) -> Rendered:
    return render(SETTINGS, number)


@pytest.mark.parametrize("number", NUMBERS)
def test_masks_sides_and_digits_parts_follow_the_parts_pixel_for_pixel(number: int) -> None:
    sample = photo(number).sample
    assert sample.parts is not None
    assert sample.mask is not None
    assert sample.sides is not None
    assert np.array_equal(sample.mask, HANDS[sample.parts])
    assert np.array_equal(sample.sides, SIDES[sample.parts])
    assert np.array_equal(photo(number).digit, TO_DIGIT[sample.parts])


@pytest.mark.parametrize("number", NUMBERS)
def test_whatever_is_labelled_has_a_depth(number: int) -> None:
    made = photo(number)
    assert made.sample.parts is not None
    assert np.isfinite(made.depth[made.sample.parts > 0]).all()
    assert (made.depth > 0).all()


@pytest.mark.parametrize("number", NUMBERS)
def test_points_are_the_joints_through_the_camera(number: int) -> None:
    sample = photo(number).sample
    assert sample.joints is not None
    assert sample.camera is not None
    assert sample.points is not None
    there = np.isfinite(sample.points[:, 0])
    flat = sample.joints[there] @ sample.camera.T
    assert there.any()
    assert np.abs(flat[:, :2] / flat[:, 2:] - sample.points[there]).max() < 0.01


@pytest.mark.parametrize("number", NUMBERS)
def test_a_visible_joint_lies_within_three_pixels_of_its_part(number: int) -> None:
    made = photo(number)
    parts, points = made.sample.parts, made.sample.points
    assert parts is not None
    assert points is not None
    for joint in np.flatnonzero(made.visible):
        far = cv2.distanceTransform((~OWN_PARTS[joint][parts]).astype(np.uint8), cv2.DIST_L2, 5)
        x, y = np.round(points[joint]).astype(int).clip(0, 159)
        assert far[y, x] <= 3


@pytest.mark.parametrize("number", NUMBERS)
def test_depth_at_a_visible_fingertip_is_that_of_the_tip(number: int) -> None:
    made = photo(number)
    assert made.sample.joints is not None
    assert made.sample.points is not None
    tips = [joint for joint in range(42) if joint % 21 and joint % 21 % 4 == 1 and made.visible[joint]]
    for joint in tips:
        x, y = np.round(made.sample.points[joint]).astype(int).clip(0, 159)
        assert abs(made.depth[y, x] - made.sample.joints[joint, 2]) < 25


@pytest.mark.parametrize("number", NUMBERS)
def test_the_hands_that_are_named_are_those_whose_parts_are_seen(number: int) -> None:
    sample = photo(number).sample
    assert sample.parts is not None
    seen = {side for side in (1, 2) if np.isin(sample.parts, range(FIRST[side], FIRST[side] + PALM + 1)).any()}
    assert seen == {"left": {1}, "right": {2}, "both": {1, 2}, "": set()}[sample.hands]


def test_the_same_number_gives_the_same_photo_whatever_was_made_before() -> None:
    again = render(SETTINGS, 3)
    first = photo(3)
    assert np.array_equal(first.sample.image, again.sample.image)
    assert np.array_equal(first.depth, again.depth)


def test_another_seed_gives_another_photo() -> None:
    other = render(replace(SETTINGS, seed=8), 3)
    assert not np.array_equal(photo(3).sample.image, other.sample.image)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_shows_a_hand_without_any_assets(style: str) -> None:
    made = render(replace(SETTINGS, styles=((style, 1.0),), size=(96, 128)), 0)
    assert made.style == style
    assert made.sample.image.shape == (96, 128, 3)
    assert made.sample.mask is not None
    assert made.sample.mask.any()
