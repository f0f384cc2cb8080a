"""The skin of the hand of our own making as a picture: creases, knuckles, palm, nails, veins; see procedural_skin.

Columns run along arm and palm, then along each finger; rows run around the limb, the back at half height.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.figures.procedural_skin import BANDS, FORE_END, PALM_END
from handseg_cli.synth.looks.tiles import encoded, noise

EACH = 4
HEIGHT, WIDTH = 256, 1024
RED, PALE, DARK = (0.02, -0.2, -0.16), (0.22, 0.26, 0.3), (-0.3, -0.5, -0.5)
NAIL, VEIN = (0.12, 0.1, 0.12), (-0.1, -0.03, 0.02)
# Of a left palm, mm beyond the wrist and share around from the palm's middle towards the little finger.
LINES = (
    ((78, -0.13), (62, -0.06), (40, -0.02), (18, -0.04), (6, -0.06)),
    ((77, -0.14), (66, -0.04), (52, 0.06), (42, 0.12)),
    ((70, 0.18), (70, 0.08), (76, -0.01), (86, -0.04)),
    ((-2, -0.12), (-3, 0.0), (-1, 0.12)),
    ((-8, -0.1), (-9, 0.0), (-8, 0.1)),
)


@lru_cache(maxsize=EACH)
def skin_picture(number: int) -> NDArray[np.uint8]:
    """Return the `number`-th skin (256, 1024, 3) as 8-bit sRGB."""
    rng = np.random.default_rng([300, number])
    log = _blotches(rng)
    row = np.abs(np.arange(HEIGHT) / HEIGHT - 0.5)[:, None]
    low, high = (round(edge * WIDTH) for edge in BANDS[0])
    mm = np.linspace(FORE_END, PALM_END, high - low)[None, :]
    log[:, low:high] += _colour(PALE, _smooth(row, 0.26, 0.36) * _smooth(mm, -12, 12))
    log[:, low:high] += _colour(RED, 0.6 * _bump(mm, 92, 9) * _bump(row, 0, 0.16))
    log[:, low:high] += _drawn(rng, mm.shape[1])
    for band in BANDS[1:]:
        left, right = (round(edge * WIDTH) for edge in band)
        log[:, left:right] += _finger(np.linspace(0, 1, right - left)[None, :], row, rng)
    return encoded(np.exp(np.asarray(log, np.float32)))


def _blotches(rng: np.random.Generator) -> Floats:
    blood, pigment = (_wide(noise(HEIGHT, rng, (5, 20), 4)) for _ in range(2))
    pores = _blurred(np.pad(rng.normal(0, 1, (HEIGHT, WIDTH)), ((4, 4), (0, 0)), mode="wrap"), 0.8)[4:-4]
    log = _colour((-0.01, -0.07, -0.05), blood) + _colour((-0.04, -0.05, -0.06), pigment) + 0.05 * pores[..., None]
    if rng.uniform() < 0.5:
        freckles = _wide(noise(HEIGHT, rng, (40, 160), 1)) > 2.3
        log += _colour((-0.1, -0.2, -0.24), freckles)
    return log


def _wide(square: Floats) -> Floats:
    return np.asarray(cv2.resize(square, (WIDTH, HEIGHT)), np.float64)


def _colour(colour: tuple[float, float, float], share: Floats | NDArray[np.bool_]) -> Floats:
    return np.asarray(np.asarray(share, np.float64)[..., None] * np.array(colour))


def _smooth(place: Floats, low: float, high: float) -> Floats:
    share = np.clip((place - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _bump(place: Floats, middle: float, wide: float) -> Floats:
    return np.asarray(np.exp(-(((place - middle) / wide) ** 2)))


def _finger(along: Floats, row: Floats, rng: np.random.Generator) -> Floats:
    """Return what a finger adds: paler pulps, red knuckles, creases at its joints, and a nail."""
    log = _colour(PALE, _smooth(row, 0.22, 0.34)) + _colour(
        RED, 0.8 * _smooth(along, 0.7, 1.0) * _smooth(row, 0.1, 0.4)
    )
    back, palm = _bump(row, 0, 0.17), _smooth(row, 0.2, 0.3)
    for joint in (1 / 3, 2 / 3):
        log += _colour(RED, 0.9 * _bump(along, joint, 0.05) * back)
        for _ in range(4):
            at = joint + rng.normal(0, 0.022) + 0.012 * np.sin(row * rng.uniform(10, 30))
            log += _colour(DARK, rng.uniform(0.2, 0.5) * _bump(along, at, 0.007) * back)
        log += _colour(DARK, 0.6 * _bump(along, joint + rng.normal(0, 0.006), 0.008) * palm)
    log += _colour(DARK, 0.4 * _bump(along, 0.03, 0.012) * palm)
    return log + _nail(along, row)


def _nail(along: Floats, row: Floats) -> Floats:
    far = np.hypot((along - 0.925) / 0.062, row / 0.125)
    on = _smooth(-far, -1.02, -0.94)
    moon, edge = _bump(along, 0.872, 0.014) * on, _smooth(along, 0.968, 0.976) * on
    rim = _bump(far, 1.03, 0.05) * (along < 0.96)
    return _colour(NAIL, on) + _colour(PALE, 0.6 * moon + 1.1 * edge) + _colour(DARK, 0.5 * rim)


def _drawn(rng: np.random.Generator, width: int) -> Floats:
    """Return the palm's lines and the veins of back and wrist, (256, width, 3), for arm and palm."""
    lines, veins = np.zeros((HEIGHT, width), np.float32), np.zeros((HEIGHT, width), np.float32)
    for line in LINES:
        _stroke(lines, [(mm + rng.normal(0, 2), 0.5 + turn + rng.normal(0, 0.01)) for mm, turn in line], 1)
    for turn in (0.38, 0.47, 0.55, 0.62):
        start = rng.normal(turn, 0.03)
        _stroke(veins, [(mm, start + 0.5 + rng.normal(0, 0.012)) for mm in range(-120, 90, 14)], 5)
    for _ in range(2):
        start = rng.normal(0.5, 0.05)
        _stroke(veins, [(mm, start + rng.normal(0, 0.01)) for mm in range(-150, 0, 16)], 4)
    # Both were drawn with the palm at half height.
    lined, veined = (np.roll(_blurred(*each), HEIGHT // 2, axis=0) for each in ((lines, 0.7), (veins, 2.5)))
    return _colour(DARK, 0.9 * lined) + _colour(VEIN, float(rng.uniform(0, 0.8)) * veined)


def _blurred(sheet: Floats, wide: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), wide), np.float64)


def _stroke(sheet: Floats, line: list[tuple[float, float]], thick: int) -> None:
    scale = sheet.shape[1] / (PALM_END - FORE_END)
    points = np.array([((mm - FORE_END) * scale, turn % 1 * HEIGHT) for mm, turn in line])
    cv2.polylines(sheet, [points.astype(np.int32)], False, 1.0, thick, cv2.LINE_AA)
