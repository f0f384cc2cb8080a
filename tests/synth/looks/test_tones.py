"""Skin of all tones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.synth.looks import tones
from handseg_cli.synth.looks.colours import lightness
from handseg_cli.synth.looks.tones import atlas, random_tone, skin
from handseg_cli.synth.surface import Material


def middle(material: Material) -> np.ndarray:
    texel = np.median(material.texture.reshape(-1, 3), axis=0) / 255
    return np.array(material.gain) * texel**material.power


def test_dark_and_fair_skin_are_both_common() -> None:
    rng = np.random.default_rng(0)
    light = lightness(np.array([random_tone(rng) for _ in range(2000)]))
    share, _ = np.histogram(light, (24, 37.75, 50.5, 63.25, 77))
    assert (share / len(light) > 0.2).all()
    assert light.min() < 27
    assert light.max() > 74


def test_skin_is_redder_than_green_and_greener_than_blue() -> None:
    rng = np.random.default_rng(0)
    red, green, blue = np.array([random_tone(rng) for _ in range(500)]).T
    assert (red > green).all()
    assert (green > blue).all()


@pytest.fixture
def atlases(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, colour in (("dark.png", (90, 57, 41)), ("fair.jpg", (215, 173, 141))):
        picture = np.clip(np.array(colour[::-1]) + rng.normal(0, 6, (64, 64, 3)), 0, 255).astype(np.uint8)
        picture[:8, :8] = 255
        cv2.imwrite(str(tmp_path / name), picture)
    (tmp_path / "readme.txt").write_text("skins")
    return tmp_path


def test_an_atlas_is_brought_to_the_tone_drawn(atlases: Path) -> None:
    for seed in range(30):
        tone = random_tone(np.random.default_rng(seed))
        assert middle(skin(np.random.default_rng(seed), atlases)) == pytest.approx(tone, rel=0.15)


def test_no_texel_sends_back_more_light_than_it_gets(atlases: Path) -> None:
    for seed in range(60):
        for folder in (atlases, None):
            made = skin(np.random.default_rng(seed), folder)
            assert max(made.gain) <= 1.0001
            assert 0 <= made.gloss <= 0.2
            assert made.soft == 1


def test_dark_skin_is_mostly_made_from_a_dark_atlas(atlases: Path) -> None:
    rng = np.random.default_rng(0)
    dark = [skin(rng, atlases) for _ in range(100)]
    dark = [made for made in dark if lightness(middle(made)) < 38]
    from_dark = [made for made in dark if np.median(made.texture) < 128]
    assert len(from_dark) > 0.7 * len(dark)


def test_an_atlas_is_read_once(atlases: Path) -> None:
    assert atlas(atlases / "dark.png") is atlas(atlases / "dark.png")
    assert tones.atlas.cache_parameters()["maxsize"] == tones.MOST_ATLASES


def test_a_folder_without_atlases_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no skin atlas .* run `handseg download assets`"):
        skin(np.random.default_rng(0), tmp_path)


def test_a_broken_atlas_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.jpg").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"torn\.jpg"):
        skin(np.random.default_rng(0), tmp_path)


def test_skin_needs_no_assets() -> None:
    made, again = (skin(np.random.default_rng(3)) for _ in range(2))
    assert made.gain == again.gain
    assert made.repeat
