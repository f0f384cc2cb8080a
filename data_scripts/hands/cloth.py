"""Skin tones and procedural cloth tiles, as linear RGB textures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hands.body import Floats, read_skin
from numpy.typing import NDArray


@dataclass(frozen=True)
class Skin:
    """An 8-bit atlas and a tone: linear colours are `gain * (atlas / 255) ** power`."""

    atlas: NDArray[np.uint8]
    power: float
    gain: Floats


def random_skin(path: Path, rng: np.random.Generator) -> Skin:
    """Return a skin atlas in a random tone."""
    # A power darkens and saturates together, as melanin does; the gains tint.
    gain = 0.9 * np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, [0.02, 0.05, 0.08]))
    return Skin(read_skin(path), 2.2 * float(rng.uniform(0.8, 1.25)), gain.astype(np.float32))


def fabric(rng: np.random.Generator, size: int = 128) -> Floats:
    """Return a repeating cloth tile, linear RGB: plain, knitted, striped, checked or speckled."""
    colour = random_colour(rng)
    other = np.clip(colour * rng.uniform(0.2, 2.5) + rng.uniform(-0.05, 0.1, 3), 0.005, 0.9)
    row, column = np.mgrid[:size, :size] / size
    kind = rng.choice(["plain", "knit", "stripe", "check", "speckle"], p=[0.35, 0.2, 0.15, 0.15, 0.15])
    count = int(rng.integers(1, 4))
    if kind == "stripe":
        share = np.sin(2 * np.pi * count * (row if rng.uniform() < 0.6 else column)) > rng.uniform(-0.6, 0.8)
    elif kind == "check":
        share = (np.sin(2 * np.pi * count * row) > 0.4) * 0.5 + (np.sin(2 * np.pi * count * column) > 0.4) * 0.5
    elif kind == "knit":
        share = 0.35 + 0.35 * np.sin(2 * np.pi * 16 * column) + 0.15 * np.sin(2 * np.pi * 16 * row)
    else:
        share = (rng.uniform(size=(size, size)) > (0.7 if kind == "speckle" else 2)) * 1.0
    tile = colour + (other - colour) * np.asarray(share, np.float64)[..., None]
    tile = tile * np.exp(rng.normal(0, 0.12, (size, size, 1)))
    return tile.astype(np.float32)


def random_colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a colour of clothing, linear RGB: often grey, dark or blue, at times vivid."""
    value = float(
        rng.choice([rng.uniform(0.01, 0.08), rng.uniform(0.05, 0.4), rng.uniform(0.4, 0.85)], p=[0.4, 0.4, 0.2])
    )
    hue = np.clip(np.abs((rng.choice([rng.uniform(0, 6), 4.0]) + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    vivid = float(rng.choice([rng.uniform(0, 0.25), rng.uniform(0.3, 0.9)], p=[0.6, 0.4]))
    return np.asarray(np.clip(value * (1 - vivid + vivid * hue), 0.005, 0.9))
