"""Cameras: pictures stay pictures, whatever falls on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.synth.body import LEFT, RIGHT
from handseg_cli.synth.photos import coding, optics, sensor
from handseg_cli.synth.photos.coding import Coding
from handseg_cli.synth.photos.lens import MAKES, Lens, photo, random_lens
from handseg_cli.synth.photos.optics import Optics
from handseg_cli.synth.photos.plate import Plate
from handseg_cli.synth.photos.sensor import Sensor
from tests.tiny import drawn


def scene(seed: int = 0, size: tuple[int, int] = (96, 128)) -> Plate:
    rng = np.random.default_rng(seed)
    backdrop = rng.uniform(0.05, 0.6, (6, 8, 3)).repeat(16, axis=0).repeat(16, axis=1).astype(np.float32)
    return drawn.composed(drawn.at_random(rng, size), backdrop)


@pytest.mark.parametrize("kind", MAKES)
def test_every_kind_of_camera_takes_pictures_that_show_something(kind: str) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        image = photo(scene(seed), random_lens(rng, kind), 120.0, rng)
        assert image.shape == (96, 128, 3)
        assert image.dtype == np.uint8
        assert 15 < image.mean() < 235, seed
        assert image.std() > 6, seed


def test_most_photos_are_exposed_as_people_like_them() -> None:
    means = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        means.append(photo(scene(seed % 5), random_lens(rng), 120.0, rng).mean())
    assert 95 < np.median(means) < 150
    assert np.percentile(means, 5) > 35


def test_exposure_follows_the_light_whatever_its_scale() -> None:
    plate = scene()
    dim = replace(plate, light=plate.light * np.float32(1e-3))
    rng = np.random.default_rng(0)
    both = [photo(each, Lens(), 120.0, rng).astype(int) for each in (plate, dim)]
    assert np.abs(both[0] - both[1]).mean() < 3


def test_the_same_chance_makes_the_same_bytes() -> None:
    for seed in range(12):
        pair = []
        for _ in range(2):
            rng = np.random.default_rng(seed)
            pair.append(photo(scene(seed), random_lens(rng), 120.0, rng))
        assert np.array_equal(pair[0], pair[1])


@pytest.mark.parametrize("value", [0.0, 1e-20, 1e4])
def test_a_scene_of_one_light_does_no_harm(value: float) -> None:
    plate = replace(scene(), light=np.full((96, 128, 3), value, np.float32))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        assert photo(plate, random_lens(rng), 120.0, rng).shape == (96, 128, 3)


def test_a_scene_without_depth_or_with_broken_depth_is_still_focused() -> None:
    plate = scene()
    for level in (np.inf, np.nan, 0.0, -5.0):
        broken = replace(plate, depth=np.full_like(plate.depth, level))
        assert np.isfinite(optics.through(broken, Optics(aperture=20.0), 120.0)).all()


def two_depths() -> Plate:
    """Return a hand of even light before a fine pattern far away."""
    hand = drawn.disc((80, 60), 30)
    pattern = np.indices(drawn.SIZE).sum(axis=0) % 2
    light = np.where(hand, 0.5, pattern).astype(np.float32)[..., None].repeat(3, axis=2)
    return Plate(light, hand.astype(np.uint8) * np.uint8(17), np.where(hand, np.float32(300), np.float32(2000)))


def test_an_open_lens_blurs_what_is_far_and_keeps_the_hand() -> None:
    plate = two_depths()
    light = optics.through(plate, Optics(aperture=8.0), 200.0)
    assert light[5:40, 5:30].std() < 0.1
    inner = drawn.disc((80, 60), 26)
    assert np.abs(light - plate.light)[inner].max() < 0.02


def test_a_hand_in_focus_keeps_its_brightness_off_the_blurred_ground() -> None:
    plate = two_depths()
    bright = replace(plate, light=np.where(plate.parts > 0, 10, 0.1)[..., None].repeat(3, 2).astype(np.float32))
    light = optics.through(bright, Optics(aperture=8.0), 200.0)
    outside = ~drawn.disc((80, 60), 32)
    assert light[outside].max() < 0.2


def test_shake_smears_about_the_place_where_things_are() -> None:
    light = np.zeros((61, 81, 3), np.float32)
    light[30, 40] = 1
    smeared = optics.moved(light, (0.15, 0.1))
    y, x = np.indices(light.shape[:2])
    weight = smeared[..., 0] / smeared[..., 0].sum()
    assert ((weight * x).sum(), (weight * y).sum()) == pytest.approx((40, 30), abs=0.05)
    assert smeared.sum() == pytest.approx(3, rel=1e-3)
    assert np.ptp(x[weight > 1e-3]) == pytest.approx(0.15 * 81, abs=3)


def test_a_waving_hand_leaves_the_rest_of_the_picture_sharp() -> None:
    plate = two_depths()
    waved = optics.through(plate, Optics(wave=(0.05, 0.0), waving=(LEFT,)), 200.0)
    still = optics.through(plate, Optics(wave=(0.05, 0.0), waving=(RIGHT,)), 200.0)
    far = ~drawn.disc((80, 60), 45)
    assert np.abs(waved - plate.light)[far].max() < 1e-5
    assert np.abs(waved - plate.light)[~far].max() > 0.2
    assert np.array_equal(still, plate.light)


def test_corners_get_less_light_than_the_middle() -> None:
    plate = replace(scene(), light=np.ones((96, 128, 3), np.float32))
    light = optics.through(plate, Optics(falloff=0.4), 120.0)
    assert light[48, 64, 0] == pytest.approx(1, abs=0.01)
    assert light[0, 0, 0] == pytest.approx(0.6, abs=0.01)


def test_noise_is_as_strong_as_it_is_said_to_be() -> None:
    grey = np.full((200, 200, 3), sensor.GREY, np.float32)
    for grain in (0.0, 0.5, 0.8):
        settings = Sensor(noise=0.02, colour_noise=0.0, grain=grain)
        added = sensor.noisy(grey, settings, np.random.default_rng(0)) - grey
        assert added.std() == pytest.approx(0.02, rel=0.15)


@pytest.mark.parametrize("shape", [(40, 50), (1100, 1000)])
def test_noise_is_of_deviation_one_and_another_each_time(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    first, second = sensor.normals(shape, rng), sensor.normals(shape, rng)
    assert abs(float(first.mean())) < 0.1
    assert abs(float(first.std()) - 1) < 0.05
    assert abs(float((first * second).mean())) < 0.1


def test_the_tone_curve_never_falls() -> None:
    for seed in range(40):
        settings = random_lens(np.random.default_rng(seed)).sensor
        table = sensor.tone_table(settings).astype(int)
        assert (np.diff(table) >= 0).all(), settings
        assert table[-1] == 255


def test_phones_lift_what_is_dark_and_keep_what_is_middling() -> None:
    light = np.full((64, 64, 3), sensor.GREY, np.float32)
    light[:, 32:] = 0.01
    lifted = sensor.lifted(light, 0.5)
    assert lifted[32, 4, 0] == pytest.approx(sensor.GREY, rel=0.25)
    assert lifted[32, 60, 0] > 0.015


@pytest.mark.parametrize(
    "settings",
    [Coding(quality=30), Coding(video=30), Coding(scale=0.5), Coding(smear=3, sharpen=1), Coding(grey=True)],
)
def test_coding_keeps_the_picture_recognisable(settings: Coding) -> None:
    image = photo(scene(), Lens(optics=Optics(softness=1.0)), 120.0, np.random.default_rng(0))
    changed = coding.coded(image, settings)
    assert changed.shape == image.shape
    assert 0.05 < np.abs(changed.astype(int) - image).mean() < 25
    assert np.abs(changed.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() < 30


def test_colours_come_back_in_their_own_channels() -> None:
    image = np.full((64, 64, 3), (200, 90, 30), np.uint8)
    for settings in (Coding(quality=60), Coding(video=60)):
        assert np.abs(coding.coded(image, settings).astype(int) - (200, 90, 30)).max() < 12
