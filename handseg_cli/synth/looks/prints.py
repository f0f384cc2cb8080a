"""Printed matter: labels, covers, pages, screens and keyboards, drawn once a process as 8-bit sRGB pictures.

The n-th of a kind is always the same. They hold lines, letters and shapes that mean nothing.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.looks.colours import Colour, clothing, painted
from handseg_cli.synth.looks.tiles import POWER, noise
from handseg_cli.synth.surface import Material

Bytes = NDArray[np.uint8]
KINDS = ("label", "cover", "page", "screen", "keyboard", "dial", "buttons", "fruit", "sports")
EACH = 12
LETTERS = "ABCDEFGHIKLMNOPRSTUVXYZ"


def printed(kind: str, rng: np.random.Generator, gloss: float = 0.04, rough: float = 0.4) -> Material:
    """Return one of the pictures of a kind of KINDS, a little lighter or darker."""
    gain = float(rng.uniform(0.75, 1.0))
    texture = picture(kind, int(rng.integers(EACH)))
    return Material(texture, POWER, (gain, gain, gain), gloss=gloss, rough=rough)


@lru_cache(maxsize=len(KINDS) * EACH)
def picture(kind: str, number: int) -> Bytes:
    """Return the `number`-th picture (H, W, 3) of a kind of KINDS."""
    rng = np.random.default_rng([100 + KINDS.index(kind), number])
    drawers = {
        "label": _label, "cover": _cover, "page": _page, "screen": _screen, "keyboard": _keyboard,
        "dial": _dial, "buttons": _buttons, "fruit": _fruit, "sports": _sports,
    }  # fmt: skip
    return drawers[kind](rng)


def ink(colour: Colour) -> tuple[int, int, int]:
    """Return a linear colour as 8-bit sRGB."""
    red, green, blue = (round(255 * channel ** (1 / POWER)) for channel in colour)
    return red, green, blue


def _blank(height: int, width: int, colour: Colour) -> Bytes:
    return np.full((height, width, 3), ink(colour), np.uint8)


def _word(rng: np.random.Generator, longest: int = 8) -> str:
    return "".join(rng.choice(list(LETTERS), int(rng.integers(3, longest + 1))))


def _letter(sheet: Bytes, at: tuple[int, int], size: float, colour: Colour, text: str) -> None:
    thick = max(1, round(size * 2.5))
    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, ink(colour), thick, cv2.LINE_AA)


def _shapes(sheet: Bytes, rng: np.random.Generator, count: int) -> None:
    height, width = sheet.shape[:2]
    for _ in range(count):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        reach = int(rng.uniform(0.05, 0.4) * width)
        colour = ink(painted(rng))
        kind = rng.integers(4)
        if kind == 0:
            cv2.circle(sheet, (x, y), reach // 2, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(sheet, (x, y), (x + reach, y + int(rng.uniform(0.03, 0.3) * height)), colour, -1)
        elif kind == 2:
            cv2.ellipse(sheet, (x, y), (reach, reach // 3), float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        else:
            corners = np.array([x, y]) + rng.normal(0, reach / 2, (3, 2))
            cv2.fillPoly(sheet, [corners.astype(np.int32)], colour, cv2.LINE_AA)


def _label(rng: np.random.Generator) -> Bytes:
    sheet = _blank(128, 256, painted(rng))
    for top in sorted(int(v) for v in rng.integers(0, 128, 3)):
        sheet[top : top + int(rng.integers(3, 40))] = ink(painted(rng))
    _shapes(sheet, rng, 4)
    for x in (0, 128):
        _letter(sheet, (x + 8, int(rng.integers(40, 90))), float(rng.uniform(0.8, 1.4)), painted(rng), _word(rng, 5))
    return sheet


def _cover(rng: np.random.Generator) -> Bytes:
    sheet = _blank(256, 180, clothing(rng))
    if rng.uniform() < 0.6:
        _shapes(sheet, rng, int(rng.integers(3, 12)))
        sheet = np.asarray(cv2.GaussianBlur(sheet, (0, 0), float(rng.uniform(0.3, 3))), np.uint8)
    colour = painted(rng)
    for line in range(int(rng.integers(1, 4))):
        _letter(sheet, (14, 46 + 34 * line), float(rng.uniform(0.7, 1.2)), colour, _word(rng))
    return np.asarray(sheet, np.uint8)


def _page(rng: np.random.Generator) -> Bytes:
    sheet = _blank(320, 226, (0.8, 0.79, float(rng.uniform(0.6, 0.78))))
    columns = int(rng.integers(1, 3))
    wide = (226 - 40) // columns
    for column in range(columns):
        left = 20 + column * wide
        for row in range(26, 300, int(rng.integers(8, 11))):
            if rng.uniform() < 0.12:
                continue
            stop = left + wide - 10 if rng.uniform() < 0.85 else left + int(wide * rng.uniform(0.3, 0.8))
            x = left
            while x < stop:
                word = int(rng.integers(5, 22))
                cv2.line(sheet, (x, row), (min(x + word, stop), row), (70, 70, 76), 2, cv2.LINE_AA)
                x += word + 5
    if rng.uniform() < 0.4:
        top = int(rng.integers(30, 180))
        _shapes(sheet[top : top + 80, 24:200], rng, 8)
    return sheet


def _screen(rng: np.random.Generator) -> Bytes:
    dark = rng.uniform() < 0.5
    sheet = _blank(256, 128, (0.012,) * 3 if dark else (0.7,) * 3)
    if rng.uniform() < 0.3:
        return sheet if dark else _blank(256, 128, (0.01,) * 3)
    _shapes(sheet, rng, int(rng.integers(2, 9)))
    for row in range(20, 240, 22):
        cv2.line(sheet, (12, row), (int(rng.uniform(40, 116)), row), ink(painted(rng)), 4, cv2.LINE_AA)
    return sheet


def _keyboard(rng: np.random.Generator) -> Bytes:
    dark = rng.uniform() < 0.6
    back, cap, sign = ((0.02,) * 3, (0.05,) * 3, (0.6,) * 3) if dark else ((0.5,) * 3, (0.82,) * 3, (0.05,) * 3)
    key = 24
    sheet = _blank(5 * key + 8, 15 * key + 8, back)
    for row in range(5):
        shift = (0, 10, 16, 24, 0)[row]
        for column in range(15 if row in (0, 4) else 14):
            x, y = 5 + column * key + shift, 5 + row * key
            wide = 6 * key if row == 4 and column == 4 else key
            if row == 4 and 4 < column < 10:
                continue
            cv2.rectangle(sheet, (x, y), (min(x + wide - 4, 15 * key + 2), y + key - 4), ink(cap), -1, cv2.LINE_AA)
            if row < 4:
                _letter(sheet, (x + 5, y + 14), 0.35, sign, str(rng.choice(list(LETTERS))))
    return sheet


def _dial(rng: np.random.Generator) -> Bytes:
    dark = rng.uniform() < 0.6
    sheet = _blank(96, 96, (0.01,) * 3 if dark else (0.75, 0.74, 0.7))
    mark = (0.7,) * 3 if dark else (0.02,) * 3
    if rng.uniform() < 0.35:
        _letter(sheet, (14, 58), 0.9, painted(rng), "".join(str(d) for d in rng.integers(0, 10, 4)))
        return sheet
    for hour in range(12):
        way = np.array([np.sin(hour * np.pi / 6), np.cos(hour * np.pi / 6)])
        a, b = (48 + 36 * way).astype(int), (48 + 43 * way).astype(int)
        cv2.line(sheet, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), ink(mark), 2, cv2.LINE_AA)
    for reach in (22, 34):
        angle = float(rng.uniform(0, 6.3))
        end = (int(48 + reach * np.sin(angle)), int(48 + reach * np.cos(angle)))
        cv2.line(sheet, (48, 48), end, ink(mark), 2, cv2.LINE_AA)
    return sheet


def _buttons(rng: np.random.Generator) -> Bytes:
    sheet = _blank(256, 72, (0.02,) * 3 if rng.uniform() < 0.7 else (0.5,) * 3)
    for row in range(20, 250, int(rng.integers(18, 28))):
        for column in (14, 36, 58):
            colour = painted(rng) if rng.uniform() < 0.2 else (0.3,) * 3
            cv2.ellipse(sheet, (column, row), (7, 5), 0, 0, 360, ink(colour), -1, cv2.LINE_AA)
    return sheet


def _fruit(rng: np.random.Generator) -> Bytes:
    """A peel: two colours that pass into each other, with specks."""
    pairs = (
        ((0.5, 0.03, 0.02), (0.65, 0.4, 0.06)), ((0.3, 0.42, 0.04), (0.42, 0.5, 0.1)),
        ((0.8, 0.3, 0.02), (0.75, 0.26, 0.02)), ((0.8, 0.32, 0.12), (0.6, 0.08, 0.05)),
        ((0.75, 0.55, 0.04), (0.7, 0.5, 0.05)), ((0.3, 0.2, 0.1), (0.36, 0.25, 0.13)),
    )  # fmt: skip
    first, second = (np.array(colour) for colour in pairs[rng.integers(len(pairs))])
    share = np.clip(0.5 + 0.35 * noise(128, rng, (2, 4), 5), 0, 1)[..., None]
    peel = (first + (second - first) * share) * np.exp(0.06 * noise(128, rng, (30, 30), 2))[..., None]
    return np.asarray(np.round(255 * np.clip(peel, 0, 1) ** (1 / POWER)), np.uint8)


def _sports(rng: np.random.Generator) -> Bytes:
    sheet = _blank(128, 256, painted(rng))
    seam = ink(painted(rng))
    for start in range(0, 256, 64):
        across = np.arange(0, 65)
        down = 64 + 34 * np.sin(across / 64 * 2 * np.pi)
        cv2.polylines(sheet, [np.column_stack([across + start, down]).astype(np.int32)], False, seam, 3, cv2.LINE_AA)
    for x in range(0, 256, 64):
        cv2.line(sheet, (x, 0), (x, 127), seam, 3, cv2.LINE_AA)
    return sheet
