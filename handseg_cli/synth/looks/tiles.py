"""Patterns that repeat, drawn once a process and coloured for each scene by a material's gain.

All are 8-bit, shares of a colour with power 2.2; the n-th of a kind is always the same.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.looks.colours import Colour, metallic
from handseg_cli.synth.surface import Material

Bytes = NDArray[np.uint8]
KINDS = ("wood", "plaster", "stone", "leather", "tiles", "paper", "brushed", "carpet", "speckle", "smooth")
EACH = 6  # how many there are of a kind
POWER = 2.2


def noise(size: int, rng: np.random.Generator, coarse: tuple[int, int] = (3, 3), octaves: int = 6) -> Floats:
    """Return noise (size, size) that repeats, mean 0 and deviation 1, beginning with `coarse` (rows, columns) waves."""
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        rows, columns = (min(count * 2**octave, size) for count in coarse)
        layer = np.pad(rng.normal(0, 1, (rows, columns)).astype(np.float32), 2, mode="wrap")
        fine = cv2.warpAffine(layer, _stretch(rows, columns, size), (size, size), flags=cv2.INTER_CUBIC)
        total += np.float32(0.6**octave) * fine
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def _stretch(rows: int, columns: int, size: int) -> Floats:
    """Return the matrix that makes a padded layer fill a square."""
    x, y = size / columns, size / rows
    return np.array([[x, 0, (x - 1) / 2 - 2 * x], [0, y, (y - 1) / 2 - 2 * y]])


def material(kind: str, colour: Colour, rng: np.random.Generator, gloss: float = 0.04, rough: float = 0.5) -> Material:
    """Return one of the tiles of a kind of KINDS in a colour (its brightest places), repeating."""
    texture = tile(kind, int(rng.integers(EACH)))
    return Material(texture, POWER, colour, repeat=True, gloss=gloss, rough=rough, grain=0.15)


def flat(colour: Colour, gloss: float = 0.05, rough: float = 0.4) -> Material:
    """Return a material of one colour."""
    return Material(np.broadcast_to(np.array(colour, np.float32), (2, 2, 3)).copy(), gloss=gloss, rough=rough)


def metal(rng: np.random.Generator, colour: Colour | None = None) -> Material:
    """Return brushed or polished metal."""
    gloss, rough = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.15, 0.4))
    return material("brushed", colour or metallic(rng), rng, gloss=gloss, rough=rough)


@lru_cache(maxsize=len(KINDS) * EACH)
def tile(kind: str, number: int) -> Bytes:
    """Return the `number`-th repeating pattern (256 or 512 px square, 3 channels) of a kind of KINDS."""
    rng = np.random.default_rng([KINDS.index(kind), number])
    drawers = {
        "wood": _wood, "plaster": _plaster, "stone": _stone, "leather": _leather, "tiles": _tiles,
        "paper": _paper, "brushed": _brushed, "carpet": _carpet, "speckle": _speckle, "smooth": _smooth,
    }  # fmt: skip
    return encoded(drawers[kind](rng))


def encoded(share: Floats) -> Bytes:
    """Return shares (H, W) or (H, W, 3) of a colour as 8-bit with power 2.2, the brightest hundredth at 1."""
    if share.ndim == 2:
        share = np.repeat(share[..., None], 3, axis=2)
    bright = share / max(float(np.percentile(share, 99)), 1e-6)
    return np.asarray(np.round(255 * np.clip(bright, 0, 1) ** (1 / POWER)), np.uint8)


def _tinted(log: Floats) -> Floats:
    """Return exp(log) with more colour where it is dark, as in wood and leather."""
    return np.asarray(np.exp(log[..., None] * np.array([0.8, 1.0, 1.25], np.float32)), np.float32)


def _wood(rng: np.random.Generator) -> Floats:
    size = 512
    boards = int(rng.choice([1, 3, 4, 5]))
    broad = noise(size, rng, (2 * boards, 1), 4)
    grain = noise(size, rng, (64, 3), 3)
    row = np.arange(size)[:, None] * boards // size
    shift = rng.uniform(0, 6.3, boards)[row]
    rings = np.sin(rng.uniform(3, 7) * broad + shift + np.arange(size)[:, None] / size * 6.2832 * 8)
    log = float(rng.uniform(0.04, 0.16)) * rings + float(rng.uniform(0.04, 0.12)) * grain + 0.05 * broad
    if boards > 1:
        log = log + rng.normal(0, 0.1, boards)[row]
        edge = np.arange(size) % (size / boards) < 2.5
        log[edge] -= rng.uniform(0.3, 1.0)
    return _tinted(np.asarray(log, np.float32))


def _plaster(rng: np.random.Generator) -> Floats:
    rough = float(rng.uniform(0.02, 0.08))
    return np.exp(rough * noise(256, rng) + 0.4 * rough * rng.normal(0, 1, (256, 256)).astype(np.float32))


def _smooth(rng: np.random.Generator) -> Floats:
    return np.asarray(np.exp(0.015 * noise(64, rng, (2, 2), 4)))


def _speckle(rng: np.random.Generator) -> Floats:
    fine = cv2.GaussianBlur(np.pad(rng.normal(0, 1, (256, 256)).astype(np.float32), 8, mode="wrap"), (0, 0), 1.2)
    spots = fine[8:-8, 8:-8] / fine.std() > rng.uniform(1.2, 2.0)
    return np.where(spots, np.float32(rng.uniform(0.3, 0.75)), np.exp(0.02 * noise(256, rng)))


def _stone(rng: np.random.Generator) -> Floats:
    broad, fine = noise(512, rng, (2, 2)), noise(512, rng, (4, 3))
    veins = 0.55 * np.exp(-np.abs(broad) * rng.uniform(8, 20)) + 0.3 * np.exp(-np.abs(fine) * rng.uniform(10, 25))
    return _tinted(np.log(1 - veins) * float(rng.uniform(0.4, 1.2)) + 0.06 * noise(512, rng))


def _leather(rng: np.random.Generator) -> Floats:
    cells = np.minimum(np.abs(noise(256, rng, (24, 24), 2)), np.abs(noise(256, rng, (20, 20), 2)))
    return _tinted(0.14 * np.clip(cells * 3, 0, 1) + 0.09 * noise(256, rng))


def _tiles(rng: np.random.Generator) -> Floats:
    count, size = int(rng.choice([2, 3, 4])), 512
    cell = np.arange(size) * count / size
    joint = np.minimum(cell % 1, 1 - cell % 1) < 0.02
    number = cell.astype(int)
    shade = np.exp(rng.normal(0, 0.06, (count, count)))[number[:, None], number[None, :]]
    share = shade * np.exp(0.04 * noise(size, rng))
    return np.asarray(np.where(joint[:, None] | joint[None, :], rng.uniform(0.3, 0.85), share), np.float32)


def _paper(rng: np.random.Generator) -> Floats:
    fibres = noise(256, rng, (60, 12), 2) * float(rng.uniform(0.01, 0.04))
    return _tinted(fibres + 0.03 * noise(256, rng, (2, 2)))


def _brushed(rng: np.random.Generator) -> Floats:
    return np.exp(0.1 * noise(256, rng, (90, 2), 2) + 0.06 * noise(256, rng, (2, 2), 3))


def _carpet(rng: np.random.Generator) -> Floats:
    pile = rng.normal(0, 0.25, (256, 256)).astype(np.float32)
    return _tinted(np.asarray(pile + 0.05 * noise(256, rng, (3, 3)), np.float32))
