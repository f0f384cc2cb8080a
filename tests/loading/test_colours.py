"""Each alteration of a photo changes what it says it does, and no more."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from handseg_cli.loading import colours
from handseg_cli.sample import Image

Alter = Callable[[Image, np.random.Generator], Image]
ALL: tuple[Alter, ...] = (
    *(colours.tone, colours.hue, colours.grey, colours.blur, colours.motion, colours.noise, colours.compress),
)


@pytest.fixture
def photo() -> Image:
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.uniform(50, 205, (8, 8, 3)), (256, 256), interpolation=cv2.INTER_CUBIC)
    return np.asarray((smooth + rng.normal(0, 6, smooth.shape)).clip(0, 255), np.uint8)


@pytest.mark.parametrize("alter", ALL)
def test_a_photo_changes_but_stays_what_it_shows(alter: Alter, photo: Image) -> None:
    before = photo.copy()
    for seed in range(10):
        made = alter(photo, np.random.default_rng(seed))
        assert made.shape == photo.shape
        assert made.dtype == np.uint8
        assert not np.array_equal(made, photo)
        light = [each.mean(axis=2) - each.mean() for each in (made, photo)]
        assert (light[0] * light[1]).sum() > 0.8 * np.linalg.norm(light[0]) * np.linalg.norm(light[1])
    assert np.array_equal(photo, before)


def test_greys_stay_grey_whatever_the_hue() -> None:
    grey = np.repeat(np.arange(0, 256, 5, dtype=np.uint8), 3).reshape(1, -1, 3)
    assert np.abs(colours.mixed(grey, 1.7, 0.3).astype(int) - grey).max() <= 1


def test_without_saturation_no_colour_is_left(photo: Image) -> None:
    made = colours.mixed(photo, 0, 0)
    assert (made == made[..., :1]).all()


def test_noise_keeps_the_mean(photo: Image) -> None:
    made = colours.noise(photo, np.random.default_rng(3))
    assert abs(made.mean() - photo.mean()) < 1


def test_motion_smears_along_one_line() -> None:
    dot = np.zeros((257, 257, 3), np.uint8)
    dot[126:131, 126:131] = 255
    made = colours.motion(dot, np.random.default_rng(1))[..., 0] > 20
    spread = np.linalg.eigvalsh(np.cov(np.argwhere(made).T))
    assert spread[1] > 1.2 * spread[0]
