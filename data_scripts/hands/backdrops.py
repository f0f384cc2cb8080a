"""Procedural rooms, desks and things on them, as linear RGB pictures: no photograph is used."""

from __future__ import annotations

import cv2
import numpy as np
from hands.body import Floats, floats

Size = tuple[int, int]


def fractal(size: Size, rng: np.random.Generator, stretch: float = 1.0, coarse: int = 3) -> Floats:
    """Return noise (H, W) of several octaves, mean 0 and deviation 1, longer along x by `stretch`."""
    height, width = size
    total = np.zeros(size, np.float32)
    for octave in range(7):
        rows = max(2, int(coarse * 2**octave))
        columns = max(2, int(rows * width / height / stretch))
        layer = rng.normal(0, 1, (rows, columns)).astype(np.float32)
        total += cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC) * 0.62**octave
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def wood(size: Size, rng: np.random.Generator, colour: tuple[float, float, float]) -> Floats:
    """Return boards that run along x, with grain, rings and seams."""
    height, width = size
    base = floats(colour) * np.ones((*size, 3), np.float32)
    board = height // 3
    for top in range(0, height, board):
        part = (min(board, height - top), width)
        rings = np.sin(6 * fractal(part, rng, 9.0, 1)) * 0.12
        grain = fractal(part, rng, 40.0, 6) * 0.1
        shade = np.exp(rings + grain + rng.normal(0, 0.08)).astype(np.float32)
        base[top : top + board] *= shade[..., None] ** floats([0.8, 1.0, 1.25])
        base[top : top + 3] *= 0.45
    return base


def plaster(size: Size, rng: np.random.Generator, colour: tuple[float, float, float], rough: float = 0.06) -> Floats:
    """Return a wall or table top of one colour with clouds and fine grain."""
    clouds = fractal(size, rng, 1.0, 2) * rough + rng.normal(0, rough / 2, size)
    return np.asarray(floats(colour) * np.exp(clouds)[..., None], np.float32)


def marble(size: Size, rng: np.random.Generator, colour: tuple[float, float, float]) -> Floats:
    """Return a stone top with dark veins."""
    veins = (
        np.exp(-np.abs(fractal(size, rng, 1.3, 2)) * 9) * 0.5 + np.exp(-np.abs(fractal(size, rng, 0.8, 4)) * 14) * 0.3
    )
    return np.asarray(plaster(size, rng, colour, 0.05) * (1 - veins)[..., None] ** floats([1.1, 1.0, 0.9]), np.float32)


def bokeh(size: Size, rng: np.random.Generator, colour: tuple[float, float, float]) -> Floats:
    """Return a far, defocused evening scene: blobs of `colour` and discs of light."""
    height, width = size
    picture = floats(colour) * np.exp(0.9 * fractal(size, rng, 0.7, 2))[..., None]
    picture *= np.linspace(1.4, 0.5, height, dtype=np.float32)[:, None, None]
    for _ in range(45):
        disc = np.zeros(size, np.float32)
        centre = (int(rng.integers(width)), int(rng.integers(int(height * 0.75))))
        cv2.circle(disc, centre, int(rng.uniform(0.012, 0.045) * width), 1.0, -1, cv2.LINE_AA)
        picture += (
            disc[..., None] * rng.uniform(0.03, 0.35) * rng.choice([[1, 0.75, 0.4], [0.6, 0.8, 1], [1, 0.4, 0.3]])
        )
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), width / 160), np.float32)


def lay(scene: Floats, sprite: Floats, centre: tuple[float, float], angle: float, lift: float = 6.0) -> None:
    """Put a sprite (h, w, 4) with its shadow on a scene, in place, turned by `angle` degrees about `centre` (x, y)."""
    height, width = sprite.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    matrix[:, 2] += np.array(centre) - [width / 2, height / 2]
    size = (scene.shape[1], scene.shape[0])
    padded = sprite.copy()
    padded[..., :3] *= padded[..., 3:]
    placed = floats(cv2.warpAffine(padded, matrix, size, flags=cv2.INTER_AREA))
    cast_shadow(scene, placed[..., 3], lift, 0.5)
    scene *= 1 - placed[..., 3:]
    scene += placed[..., :3]


def cast_shadow(scene: Floats, alpha: Floats, lift: float, depth: float) -> None:
    """Darken a scene in place where something of this alpha (H, W) keeps the light away, `lift` px above it."""
    moved = floats([[1, 0, 0.7 * lift], [0, 1, lift]])
    soft = cv2.GaussianBlur(cv2.warpAffine(alpha, moved, alpha.shape[::-1]), (0, 0), 0.6 * lift + 1)
    scene *= 1 - depth * soft[..., None]


def panel(height: int, width: int, colour: tuple[float, float, float], corner: int) -> Floats:
    """Return a rounded rectangle (h, w, 4)."""
    alpha = np.zeros((height, width), np.float32)
    cv2.rectangle(alpha, (corner, 1), (width - corner - 1, height - 2), 1.0, -1)
    cv2.rectangle(alpha, (1, corner), (width - 2, height - corner - 1), 1.0, -1)
    for x in (corner, width - corner - 1):
        for y in (corner, height - corner - 1):
            cv2.circle(alpha, (x, y), corner - 1, 1.0, -1, cv2.LINE_AA)
    return np.dstack([floats(colour) * np.ones((height, width, 3), np.float32), alpha]).astype(np.float32)


def paper(height: int, rng: np.random.Generator) -> Floats:
    """Return a printed sheet."""
    width = int(height * 0.71)
    sheet = panel(height, width, (0.82, 0.81, 0.78), 3)
    margin, step = width // 9, height // 34
    for row in range(height // 10, height - height // 10, step):
        if rng.uniform() < 0.14:
            continue
        x = margin
        end = width - margin if rng.uniform() < 0.8 else int(width * rng.uniform(0.4, 0.8))
        while x < end:
            word = int(rng.uniform(0.015, 0.07) * width)
            cv2.line(
                sheet, (x, row), (min(x + word, end), row), (0.12, 0.12, 0.14, 1.0), max(1, step // 4), cv2.LINE_AA
            )
            x += word + max(2, width // 90)
    return sheet


def keyboard(width: int, dark: bool) -> Floats:
    """Return a keyboard seen from above."""
    key = width // 16
    back, top = ((0.02,) * 3, (0.045,) * 3) if dark else ((0.55,) * 3, (0.8,) * 3)
    board = panel(key * 5 + key // 2 + 6, width, back, key // 4)
    for row in range(5):
        shift = (0, key // 2, key * 3 // 4, key, 0)[row]
        for column in range(15 if row in (0, 4) else 14):
            x, y = key // 3 + column * key + shift // 2, key // 4 + row * key
            cap = panel(key - key // 7, key - key // 7, top, key // 7)
            place = board[y : y + cap.shape[0], x : x + cap.shape[1]]
            place[...] = (
                place * (1 - cap[: place.shape[0], : place.shape[1], 3:]) + cap[: place.shape[0], : place.shape[1]]
            )
    return board


def mug(size: int, colour: tuple[float, float, float]) -> Floats:
    """Return a mug of coffee seen from above."""
    cup = np.zeros((size, int(size * 1.3), 4), np.float32)
    middle, radius = (size // 2, size // 2), size // 2 - 2
    handle = (int(size * 1.0), size // 2)
    cv2.ellipse(cup, handle, (size // 5, size // 8), 0, 0, 360, (*colour, 1.0), size // 14, cv2.LINE_AA)
    for share, factor in ((1.0, 1.0), (0.94, 1.25), (0.86, 0.5)):
        tint = tuple(float(min(c * factor, 0.95)) for c in colour)
        cv2.circle(cup, middle, int(radius * share), (*tint, 1.0), -1, cv2.LINE_AA)
    cv2.circle(
        cup,
        (middle[0] + size // 40, middle[1] + size // 40),
        int(radius * 0.8),
        (0.035, 0.014, 0.006, 1.0),
        -1,
        cv2.LINE_AA,
    )
    return cup


def phone(height: int) -> Floats:
    """Return a dark phone that lies on its back."""
    body = panel(height, height // 2, (0.012, 0.012, 0.014), height // 14)
    glow = np.linspace(0.02, 0.1, height // 2, dtype=np.float32)[None, :, None] * floats([0.5, 0.7, 1.0])
    inset = height // 30
    body[inset:-inset, inset:-inset, :3] += glow[:, inset:-inset]
    return body


def book(height: int, colour: tuple[float, float, float]) -> Floats:
    """Return a closed book with a title block."""
    cover = panel(height, int(height * 0.68), colour, 4)
    width = cover.shape[1]
    cover[:, : width // 14, :3] *= 0.6
    cv2.rectangle(cover, (width // 4, height // 6), (width * 5 // 6, height // 3), (0.7, 0.65, 0.5, 1.0), -1)
    return cover
