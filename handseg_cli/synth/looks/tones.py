"""Skin from very dark to very fair: an atlas of the assets brought to a tone, or a mottled texture of our own."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.synth.looks.colours import Colour, from_lab, lightness
from handseg_cli.synth.looks.picture_files import read_picture
from handseg_cli.synth.looks.skin_picture import EACH, skin_picture
from handseg_cli.synth.looks.tiles import POWER
from handseg_cli.synth.surface import Material

# Of light that skin sends back, as CIE lightness: very dark to very fair people, each as often as the next.
DARKEST, FAIREST = 25.0, 76.0
PICTURES = (".jpg", ".jpeg", ".png")
ADVICE = "run `handseg download assets`, or give --assets"
# The atlases of the assets are eleven, of 12 MB each; strangers' hands have ten of 3 MB.
MOST_ATLASES = 24


def random_tone(rng: np.random.Generator) -> Colour:
    """Draw the mean colour of somebody's skin, linear RGB."""
    light = float(rng.uniform(DARKEST, FAIREST))
    # Brown skin is the most colourful: both very dark and very fair skin is greyer.
    yellow = 16.5 + 7 * np.exp(-(((light - 52) / 18) ** 2)) + rng.normal(0, 1.8)
    red = 12.5 + 2 * np.exp(-(((light - 45) / 18) ** 2)) + rng.normal(0, 1.5)
    if light < 40:
        yellow, red = yellow * (0.55 + 0.45 * light / 40), red * (0.55 + 0.45 * light / 40)
    return from_lab(light, float(red), float(yellow))


def skin(rng: np.random.Generator, folder: Path | None = None) -> Material:
    """Return somebody's skin: from an atlas in `folder`, laid out as MakeHuman's mesh, or without one our own."""
    tone = random_tone(rng)
    if folder is None:
        own = skin_picture(int(rng.integers(EACH)))
        # Dark skin has paler palms: more contrast makes it so.
        dark = np.clip((50 - lightness(np.array(tone))) / (50 - DARKEST), 0, 1)
        look = _toned(own, _typical(own), tone, rng, POWER * (1 + 1.2 * float(dark)))
        return replace(look, repeat=True)
    atlases = atlases_in(folder)
    # A tone is best made from an atlas near to it: the palms of dark skin are pale, those of fair skin are not.
    medians = np.array([typical(path) for path in atlases])
    apart = np.abs(lightness(medians**POWER) - lightness(np.array(tone)))
    likely = np.exp(-apart / 12)
    chosen = atlases[rng.choice(len(atlases), p=likely / likely.sum())]
    return _toned(atlas(chosen), np.array(typical(chosen)), tone, rng, POWER)


@lru_cache(maxsize=2)
def atlases_in(folder: Path) -> tuple[Path, ...]:
    """Return the skin atlases of a folder, by name."""
    found = tuple(sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES))
    if not found:
        raise DatasetError(f"{folder}: holds no skin atlas (.jpg or .png); {ADVICE}")
    return found


@lru_cache(maxsize=MOST_ATLASES)
def atlas(path: Path) -> NDArray[np.uint8]:
    """Return a skin atlas (H, W, 3) as 8-bit sRGB."""
    return _read(path, cv2.IMREAD_COLOR_RGB)


@lru_cache(maxsize=256)
def typical(path: Path) -> Colour:
    """Return the middle colour of an atlas, sRGB 0 to 1: most of it is the skin of trunk and limbs."""
    blue, green, red = _typical(_read(path, cv2.IMREAD_REDUCED_COLOR_8))
    return float(red), float(green), float(blue)


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    found = read_picture(path, flags)
    if found is None:
        raise DatasetError(f"{path}: is no whole picture; delete it and {ADVICE}")
    return found


def _typical(texture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(np.clip(np.median(texture.reshape(-1, 3), axis=0) / 255, 0.05, 0.97), np.float64)


def _toned(
    texture: NDArray[np.uint8], middle: NDArray[np.float64], tone: Colour, rng: np.random.Generator, contrast: float
) -> Material:
    """Return the material whose middle colour is `tone`; a greater contrast brings out blotches."""
    power = contrast * float(rng.uniform(0.85, 1.2))
    # No texel may send back more light than it gets.
    power = min(power, float(np.min(np.log(tone) / np.log(middle))))
    red, green, blue = (float(v) for v in np.array(tone) / middle**power)
    oily = float(rng.beta(1.5, 4))
    return Material(
        texture, power, (red, green, blue), gloss=0.025 + 0.06 * oily, rough=0.6 - 0.25 * oily,
        grain=float(rng.uniform(0.05, 0.25)), soft=1.0,
    )  # fmt: skip
