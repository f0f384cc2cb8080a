"""Fabrics: repeating tiles of threads, stripes, checks and prints in colours of clothing, linear RGB."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from handseg_cli.synth.body import Floats
from handseg_cli.synth.looks.colours import Colour, clothing, from_lch
from handseg_cli.synth.looks.tiles import noise
from handseg_cli.synth.surface import Material

# Each fabric: how often it is worn, and how long a side of its tile is in mm (range).
FABRICS: dict[str, tuple[float, tuple[float, float]]] = {
    "plain": (0.26, (60, 120)), "heather": (0.08, (60, 110)), "knit": (0.10, (28, 70)), "rib": (0.05, (25, 45)),
    "twill": (0.06, (25, 50)), "denim": (0.09, (50, 90)), "stripe": (0.09, (20, 110)), "check": (0.10, (30, 120)),
    "speckle": (0.03, (60, 120)), "dots": (0.03, (30, 80)), "camouflage": (0.04, (180, 300)),
    "flowers": (0.03, (80, 200)), "fleece": (0.04, (60, 100)),
}  # fmt: skip
SIZE = 128
EACH = 8
HI_VIS = ((0.75, 0.9, 0.04), (0.9, 0.22, 0.02), (0.9, 0.5, 0.03))
CAMOUFLAGE = (
    ((0.10, 0.11, 0.05), (0.05, 0.06, 0.03), (0.17, 0.12, 0.07), (0.015, 0.015, 0.012)),
    ((0.42, 0.32, 0.2), (0.27, 0.19, 0.11), (0.5, 0.42, 0.3), (0.16, 0.12, 0.08)),
    ((0.2, 0.21, 0.22), (0.08, 0.085, 0.09), (0.35, 0.36, 0.37), (0.02, 0.02, 0.02)),
)


def fabric(rng: np.random.Generator, colour: Colour | None = None, kind: str = "") -> tuple[Material, float]:
    """Return a fabric as a repeating material, and how long a side of its tile is in mm; what is not given is drawn."""
    if not kind:
        shares = np.array([share for share, _ in FABRICS.values()])
        kind = str(rng.choice(list(FABRICS), p=shares / shares.sum()))
    if colour is None:
        colour = HI_VIS[rng.integers(3)] if rng.uniform() < 0.03 else clothing(rng)
        if kind == "denim" and rng.uniform() < 0.8:
            colour = from_lch(float(rng.uniform(16, 55)), float(rng.uniform(8, 26)), float(rng.uniform(258, 285)))
    share = weave(kind, int(rng.integers(EACH)))
    if kind == "camouflage":
        four = np.array(CAMOUFLAGE[rng.integers(len(CAMOUFLAGE))])
        texture = four[share[..., 0].astype(int)] * share[..., 1:]
    else:
        first, second = np.array(colour), np.array(_second(colour, kind, rng))
        texture = (first + (second - first) * share[..., :1]) * share[..., 1:]
    shiny = rng.uniform() < 0.08
    material = Material(
        np.clip(texture, 0.002, 0.95).astype(np.float32), repeat=True, gloss=0.06 if shiny else 0.012,
        rough=0.45 if shiny else 0.9, grain=0.5 if kind in ("knit", "rib", "fleece") else 0.25, double=True,
    )  # fmt: skip
    return material, float(rng.uniform(*FABRICS[kind][1]))


def matching(material: Material, kind: str, rng: np.random.Generator) -> Material:
    """Return another weave in the mean colour of a material, as of the cuffs of the same garment."""
    red, green, blue = (float(v) for v in material.texture.reshape(-1, 3).mean(axis=0) * rng.uniform(0.8, 1.1))
    return fabric(rng, (red, green, blue), kind)[0]


def _second(colour: Colour, kind: str, rng: np.random.Generator) -> Colour:
    """Return the colour of stripes, checks or threads over a ground."""
    if kind in ("stripe", "check", "dots", "flowers", "speckle") and rng.uniform() < 0.75:
        return clothing(rng) if rng.uniform() < 0.6 else (0.8, 0.79, 0.76)
    lighter = rng.uniform(0.25, 0.7) if sum(colour) > 1.2 else rng.uniform(1.3, 2.2)
    red, green, blue = np.minimum(np.array(colour) * lighter + (0.02 if lighter > 1 else 0), 0.9)
    return float(red), float(green), float(blue)


@lru_cache(maxsize=len(FABRICS) * EACH)
def weave(kind: str, number: int) -> Floats:
    """Return the `number`-th pattern (128, 128, 2) of a fabric: the share of its second colour, and how light it is."""
    rng = np.random.default_rng([list(FABRICS).index(kind), number])
    share, light = PATTERNS[kind](rng)
    share, light = np.broadcast_to(share, (SIZE, SIZE)), np.broadcast_to(light, (SIZE, SIZE))
    return np.stack([share, light], axis=-1).astype(np.float32)


Pattern = tuple[Floats | float, Floats | float]
ROW, COLUMN = (axis.astype(np.float32) / SIZE for axis in np.mgrid[:SIZE, :SIZE])


def _wave(axis: Floats, count: int) -> Floats:
    return np.asarray(np.sin(2 * np.pi * count * axis), np.float32)


def _threads(rng: np.random.Generator, strength: float = 0.08) -> Floats:
    fine = rng.normal(0, strength, (SIZE, SIZE)) + 0.5 * strength * noise(SIZE, rng, (2, 2), 4)
    return np.asarray(np.exp(fine - fine.mean()), np.float32)


def _plain(rng: np.random.Generator) -> Pattern:
    return 0.0, _threads(rng, float(rng.uniform(0.03, 0.1)))


def _heather(rng: np.random.Generator) -> Pattern:
    return np.clip(0.5 + 0.3 * noise(SIZE, rng, (40, 8), 2), 0, 1), _threads(rng, 0.08)


def _knit(rng: np.random.Generator) -> Pattern:
    count = int(rng.choice([8, 10, 14]))
    # Stitches of stocking knit: columns of little v.
    slant = np.abs((COLUMN * count) % 1 - 0.5)
    stitch = 0.5 + 0.5 * np.sin(2 * np.pi * (ROW * count * 1.0 + slant))
    return 0.25 * stitch, (0.55 + 0.45 * np.sqrt(np.abs(np.sin(np.pi * COLUMN * count)))) * _threads(rng, 0.1)


def _rib(rng: np.random.Generator) -> Pattern:
    ridge = np.abs(np.sin(np.pi * COLUMN * int(rng.choice([6, 8, 10]))))
    return 0.0, (0.45 + 0.55 * ridge) * _threads(rng, 0.08)


def _twill(rng: np.random.Generator) -> Pattern:
    return 0.35 * (0.5 + 0.5 * _wave(ROW + COLUMN, 20)), _threads(rng, 0.06)


def _denim(rng: np.random.Generator) -> Pattern:
    worn = (
        0.22 * (1 + _wave(ROW + COLUMN, 22)) + 0.14 * noise(SIZE, rng, (50, 4), 2) + 0.1 * noise(SIZE, rng, (2, 2), 4)
    )
    return np.clip(worn, 0, 1), _threads(rng, 0.1)


def _stripe(rng: np.random.Generator) -> Pattern:
    axis = ROW if rng.uniform() < 0.6 else COLUMN
    wide = rng.uniform(-0.7, 0.85)
    lines = _wave(axis, int(rng.integers(1, 5))) > wide
    return np.asarray(lines, np.float32), _threads(rng, 0.06)


def _check(rng: np.random.Generator) -> Pattern:
    down, across = (_wave(axis, int(rng.integers(1, 4))) > rng.uniform(-0.2, 0.7) for axis in (ROW, COLUMN))
    share = 0.5 * down + 0.5 * across
    if rng.uniform() < 0.4:
        thin = (np.abs(ROW - 0.5) < 0.02) | (np.abs(COLUMN - 0.5) < 0.02)
        share = np.where(thin, 1.0, share)
    return np.asarray(share, np.float32), _threads(rng, 0.07)


def _speckle(rng: np.random.Generator) -> Pattern:
    return np.asarray(rng.uniform(size=(SIZE, SIZE)) < rng.uniform(0.05, 0.3), np.float32), _threads(rng, 0.06)


def _dots(rng: np.random.Generator) -> Pattern:
    count = int(rng.integers(2, 5))
    x, y = (COLUMN * count) % 1 - 0.5, (ROW * count) % 1 - 0.5
    return np.asarray(np.hypot(x, y) < rng.uniform(0.12, 0.33), np.float32), _threads(rng, 0.05)


def _camouflage(rng: np.random.Generator) -> Pattern:
    index = np.zeros((SIZE, SIZE), np.float32)
    for colour, level in ((1, 0.35), (2, 0.5), (3, 1.1)):
        index[noise(SIZE, rng, (3, 4), 4) > level] = colour
    return index, _threads(rng, 0.05)


def _flowers(rng: np.random.Generator) -> Pattern:
    sheet = np.zeros((3 * SIZE, 3 * SIZE), np.float32)
    for _ in range(int(rng.integers(4, 10))):
        x, y, size = *rng.integers(0, SIZE, 2), float(rng.uniform(5, 14))
        shade = float(rng.uniform(0.4, 1))
        for shift in np.ndindex(3, 3):
            for petal in range(5):
                angle = petal * 1.2566
                at = (x + shift[1] * SIZE + size * np.cos(angle), y + shift[0] * SIZE + size * np.sin(angle))
                cv2.circle(sheet, (int(at[0]), int(at[1])), int(size * 0.65), shade, -1, cv2.LINE_AA)
    return sheet[SIZE : 2 * SIZE, SIZE : 2 * SIZE], _threads(rng, 0.05)


def _fleece(rng: np.random.Generator) -> Pattern:
    return 0.0, np.exp(0.16 * noise(SIZE, rng, (14, 14), 3))


PATTERNS: dict[str, Callable[[np.random.Generator], Pattern]] = {
    "plain": _plain, "heather": _heather, "knit": _knit, "rib": _rib, "twill": _twill, "denim": _denim,
    "stripe": _stripe, "check": _check, "speckle": _speckle, "dots": _dots, "camouflage": _camouflage,
    "flowers": _flowers, "fleece": _fleece,
}  # fmt: skip
