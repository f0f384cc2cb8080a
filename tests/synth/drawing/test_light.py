"""Panoramas as lights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from handseg_cli.errors import HandsegError
from handseg_cli.synth.drawing.light import (
    Environment,
    environment_of,
    evenly,
    random_environment,
    read_environment,
    sky_of,
    with_lamp,
)
from handseg_cli.synth.turning import unit
from tests.synth.still import overcast, sunny

SUN = unit(np.array([0.5, 0.6, -0.4]))


def sky(sun: float = 0.0) -> Environment:
    """Return a sky, bluer above, with a sun of this radiance."""
    towards, _ = sky_of(64, 128)
    radiance = np.array([0.6, 0.7, 0.9]) * (1.2 + towards[..., 1:2])
    radiance = radiance + sun * (towards @ SUN > np.cos(0.06))[..., None]
    return environment_of(radiance.astype(np.float32))


def on_white(environment: Environment, normal: np.ndarray) -> np.ndarray:
    """Return the colour of a white surface in the open."""
    lights = environment.lights
    return np.asarray(np.maximum(lights.towards @ normal, 0) @ lights.power)


def test_an_even_panorama_lights_white_as_bright_as_itself() -> None:
    environment = environment_of(np.full((20, 40, 3), 7, np.float32))
    assert environment.panorama.mean() == pytest.approx(1, abs=0.01)
    assert environment.lights.power.sum(axis=0) == pytest.approx([4, 4, 4], rel=1e-3)
    for normal in evenly(6):
        assert on_white(environment, normal) == pytest.approx([1, 1, 1], abs=0.06)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_scale_of_a_panorama_is_of_no_account(scale: float) -> None:
    one, other = sky(), environment_of(sky().panorama * np.float32(scale))
    assert np.allclose(one.lights.power, other.lights.power, rtol=1e-3)


def test_a_sun_is_a_sharp_light_with_its_place_and_power() -> None:
    plain, environment = sky(), sky(1000)
    lights = environment.lights
    assert len(lights.sharp) == 1
    assert lights.towards[0] @ SUN > 0.999
    assert 0.02 < lights.sharp[0] < 0.07
    ratio = lights.power[0].sum() / lights.power[1:].sum()
    assert ratio == pytest.approx(1000 * 0.06**2 / 4 / plain.panorama.mean() / 0.73, rel=0.5)
    assert not plain.lights.sharp


def test_no_light_is_lost() -> None:
    assert sky(1000).lights.power.sum() == pytest.approx(12, rel=1e-3)


def test_turned_lights_come_from_where_the_turned_panorama_is_bright() -> None:
    environment = random_environment(sky(5000), np.random.default_rng(3))
    assert (environment.turn @ environment.lights.towards[0]) @ SUN > 0.99


def test_the_same_dice_make_the_same_light() -> None:
    one, other = (random_environment(sky(50), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one.lights.power, other.lights.power)
    assert np.array_equal(one.turn, other.turn)


def test_random_light_is_bright_and_nearly_white() -> None:
    for seed in range(30):
        lights = random_environment(sky(300), np.random.default_rng(seed)).lights
        total = lights.power.sum(axis=0)
        assert 2 < total.mean() < 9
        assert np.all(lights.power >= 0)
        assert total.max() < 1.35 * total.min()
        assert len(lights.sharp) <= 2


def test_only_the_two_strongest_lamps_stay_sharp() -> None:
    lights = sunny((0, 1, 0))
    for strength in (1.0, 5.0):
        lights = with_lamp(lights, np.array([1.0, 1, strength]), np.full(3, strength), 0.02)
    assert lights.power[:3, 0].tolist() == [5, 2, 1]
    assert lights.sharp == (0.02, 0.005)
    assert len(lights.power) == len(overcast().power) + 3


@pytest.mark.parametrize("size", [(8, 16), (33, 71), (400, 800)])
def test_panoramas_of_any_size_are_read(tmp_path: Path, size: tuple[int, int]) -> None:
    cv2.imwrite(str(tmp_path / "a.hdr"), np.full((*size, 3), (3.0, 2.0, 1.0), np.float32))
    environment = read_environment(tmp_path / "a.hdr")
    assert environment.panorama.shape == (*size, 3)
    assert environment.lights.power.sum(axis=0) == pytest.approx([2, 4, 6], rel=0.02)


@pytest.mark.parametrize("data", [b"", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 9 +X", b"no picture"])
def test_a_damaged_panorama_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "sky.hdr").write_bytes(data)
    with pytest.raises(HandsegError, match=r"sky\.hdr: .*download assets"):
        read_environment(tmp_path / "sky.hdr")


def test_a_missing_or_black_panorama_is_named(tmp_path: Path) -> None:
    with pytest.raises(HandsegError, match=r"none\.hdr"):
        read_environment(tmp_path / "none.hdr")
    cv2.imwrite(str(tmp_path / "black.hdr"), np.zeros((8, 16, 3), np.float32))
    with pytest.raises(HandsegError, match=r"black\.hdr"):
        read_environment(tmp_path / "black.hdr")


def test_a_panorama_cut_short_is_named_or_dark_at_its_end(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.hdr"), np.random.default_rng(0).uniform(0, 1, (64, 128, 3)).astype(np.float32))
    data = (tmp_path / "a.hdr").read_bytes()
    (tmp_path / "a.hdr").write_bytes(data[: len(data) // 2])
    with pytest.raises(HandsegError, match=r"a\.hdr"):
        read_environment(tmp_path / "a.hdr")
