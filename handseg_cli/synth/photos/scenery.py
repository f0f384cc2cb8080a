"""Backdrops of our own making: walls, rooms, table tops, cloth, gardens and night lights, as linear RGB (H, W, 3).

They stand for what is behind a hand, so they are often out of focus; some are of skin's own hues.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.looks.cloth import fabric
from handseg_cli.synth.looks.colours import FLESH, Colour, clothing, draw, painted, wooden
from handseg_cli.synth.looks.prints import picture
from handseg_cli.synth.looks.tiles import material
from handseg_cli.synth.surface import Material

Light = NDArray[np.float32]
Rng = np.random.Generator
Size = tuple[int, int]

PRINTS = ("label", "cover", "page", "screen", "keyboard", "buttons")  # that lie about on tables
NUMBERS = 12  # of pictures of each kind
POWER = 2.2
DECODED = ((np.arange(256) / 255) ** POWER).astype(np.float32)


def scenery(size: Size, rng: Rng) -> Light:
    """Draw a backdrop of any kind; its mean is about that of a room under light of strength one."""
    shares = np.array([share for share, _ in KINDS.values()])
    kind = list(KINDS)[rng.choice(len(KINDS), p=shares / shares.sum())]
    return KINDS[kind][1](size, rng) * _fall_of_light(size, rng)


def clouds(size: Size, rng: Rng, coarse: int = 3, decay: float = 0.6) -> Light:
    """Return noise (H, W) of mean 0 and deviation about 1, from `coarse` waves across down to single pixels."""
    shape = (coarse, max(2, round(coarse * size[1] / size[0])))
    total = rng.standard_normal(shape, np.float32)
    strength = 1.0
    while shape[0] < size[0]:
        shape = (min(2 * shape[0], size[0]), min(2 * shape[1], size[1]) if 2 * shape[0] < size[0] else size[1])
        strength *= decay
        finer = cv2.resize(total, shape[::-1], interpolation=cv2.INTER_CUBIC)
        total = np.asarray(finer, np.float32) + np.float32(strength) * rng.standard_normal(shape, np.float32)
    return np.asarray((total - total.mean()) / (total.std() + 1e-6), np.float32)


def spread(paint: Material, size: Size, scale: float, rng: Rng) -> Light:
    """Cover a picture with a material, `scale` pixels to one of its texture's, turned at random."""
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    matrix = np.column_stack([turn, rng.uniform(0, 512, 2)])
    texture = cv2.blur(paint.texture, (max(1, round(1 / scale)),) * 2, borderType=cv2.BORDER_REFLECT)
    border = cv2.BORDER_WRAP if paint.repeat else cv2.BORDER_REFLECT
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    flat = cv2.warpAffine(texture, matrix, size[::-1], flags=how, borderMode=border)
    light = DECODED[flat] if flat.dtype == np.uint8 else np.asarray(flat, np.float32)
    return light * np.array(paint.gain, np.float32)


def _fall_of_light(size: Size, rng: Rng) -> Light:
    """Return how light varies over a scene (H, W, 1)."""
    height, width = size
    way, strength = rng.uniform(0, 2 * np.pi), 0.8 * rng.beta(1, 2)
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    slope = np.float32(strength * np.cos(way)) * x + np.float32(strength * np.sin(way)) * y
    patches = cv2.resize(rng.standard_normal((3, 4), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.exp(slope + np.float32(rng.uniform(0, 0.3)) * patches)[..., None], np.float32)


def _softened(light: Light, rng: Rng, most: float) -> Light:
    """Put out of focus by up to a share of the longer side."""
    sigma = most * rng.random() * max(light.shape)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), np.float32) if sigma > 0.5 else light


def _any_colour(rng: Rng) -> Colour:
    kind = rng.random()
    return draw(FLESH, rng) if kind < 0.3 else painted(rng) if kind < 0.6 else clothing(rng)


def _surface(size: Size, rng: Rng) -> Light:
    """A wall, a table top or a floor, near enough to see what it is made of."""
    kind = str(rng.choice(["plaster", "plaster", "smooth", "wood", "wood", "stone", "tiles", "carpet", "leather"]))
    colour = wooden(rng) if kind == "wood" else _any_colour(rng)
    return spread(material(kind, colour, rng), size, rng.uniform(0.4, 2.5) * size[0] / 320, rng)


def _cloth(size: Size, rng: Rng) -> Light:
    """Fabric with folds."""
    weave, _ = fabric(rng, _any_colour(rng))
    folds = np.exp(rng.uniform(0.1, 0.5) * clouds(size, rng, int(rng.integers(2, 5)), 0.35))
    flat = spread(weave, size, rng.uniform(0.7, 3) * size[0] / 320, rng)
    return flat * np.asarray(folds, np.float32)[..., None]


def _blots(size: Size, rng: Rng) -> Light:
    """Two or three colours that run into each other: anything out of focus, often of skin's hues."""
    light = np.ones((*size, 3), np.float32) * np.array(_any_colour(rng), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        share = 1 / (1 + np.exp(-rng.uniform(1, 8) * (clouds(size, rng, int(rng.integers(1, 5)), 0.45) - rng.normal())))
        light += (np.array(_any_colour(rng), np.float32) - light) * np.asarray(share, np.float32)[..., None]
    return _softened(light, rng, 0.02)


def _room(size: Size, rng: Rng) -> Light:
    """A wall with things on and before it, above a floor."""
    height, width = size
    wall = material("plaster", _any_colour(rng) if rng.random() < 0.5 else (0.6, 0.58, 0.54), rng)
    light = spread(wall, size, size[0] / 320, rng)
    if rng.random() < 0.6:
        line = int(height * rng.uniform(0.55, 0.95))
        kind = str(rng.choice(["wood", "carpet", "tiles"]))
        floor = material(kind, wooden(rng) if kind == "wood" else _any_colour(rng), rng)
        light[line:] = spread(floor, (height - line, width), 0.5 * size[0] / 320, rng)
    for _ in range(int(rng.integers(2, 7))):
        thing = str(rng.choice(["panel", "panel", "print", "shelf", "window"]))
        tall, wide = (int(length * rng.uniform(0.1, 0.6)) + 4 for length in size)
        sprite = _thing(thing, (tall, wide), rng)
        _lay(light, sprite, (rng.uniform(0, width), rng.uniform(0, height)), rng.normal(0, 1.5), 0.01)
    return _softened(light, rng, 0.018)


def _thing(kind: str, size: Size, rng: Rng) -> Light:
    """Return something of a room (h, w, 3)."""
    if kind == "print":
        sheet = picture(str(rng.choice(["cover", "label", "screen"])), int(rng.integers(NUMBERS)))
        small = np.asarray(cv2.resize(sheet, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        return np.asarray(DECODED[small], np.float32)
    if kind == "window":
        sky = np.array([0.8, 0.95, 1.2], np.float32) * np.float32(rng.uniform(1, 6))
        light = np.asarray(np.exp(0.3 * clouds(size, rng, 3))[..., None] * sky, np.float32)
        light[:, :: max(4, size[1] // 2)] = 0.3
        return light
    if kind == "shelf":
        light = np.zeros((*size, 3), np.float32)
        left = 0
        while left < size[1]:
            wide = int(size[1] * rng.uniform(0.03, 0.12)) + 2
            top = int(size[0] * rng.uniform(0, 0.3))
            light[top:, left : left + wide - 1] = painted(rng)
            left += wide
        return light
    weave = material(str(rng.choice(["smooth", "wood", "leather", "brushed"])), _any_colour(rng), rng)
    return spread(weave, size, size[0] / 320, rng)


def _table(size: Size, rng: Rng) -> Light:
    """A table top from above, with printed things on it."""
    height, width = size
    top = material(str(rng.choice(["wood", "wood", "smooth", "stone"])), wooden(rng), rng)
    light = spread(top, size, rng.uniform(0.5, 1.5) * height / 320, rng)
    for _ in range(int(rng.integers(1, 7))):
        sheet = DECODED[picture(str(rng.choice(PRINTS)), int(rng.integers(NUMBERS)))]
        scale = max(size) * rng.uniform(0.15, 0.6) / max(sheet.shape)
        small = np.asarray(cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
        _lay(light, small, (rng.uniform(0, width), rng.uniform(0, height)), rng.uniform(0, 360), 0.015)
    return _softened(light, rng, 0.006)


def _lay(light: Light, sprite: Light, centre: tuple[float, float], angle: float, lift: float) -> None:
    """Put a sprite (h, w, 3) with its shadow into a picture, in place, turned by degrees about its centre (x, y)."""
    height, width = sprite.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    matrix[:, 2] += np.array(centre) - [width / 2, height / 2]
    size = light.shape[1::-1]
    cover = np.dstack([sprite, np.ones((height, width), np.float32)])
    placed = np.asarray(cv2.warpAffine(cover, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
    reach = lift * max(size)
    shifted = cv2.warpAffine(placed[..., 3], np.array([[1, 0, 0.7 * reach], [0, 1, reach]]), size)
    shadow = np.asarray(cv2.GaussianBlur(shifted, (0, 0), 0.7 * reach + 0.5), np.float32)
    light *= (1 - placed[..., 3:]) * (1 - np.float32(0.5) * shadow[..., None])
    light += placed[..., :3]


def _garden(size: Size, rng: Rng) -> Light:
    """Leaves and grass below a sky, mostly out of focus."""
    height = size[0]
    leaves = clouds(size, rng, 5, 0.85)
    green = np.array([0.11, 0.18, 0.045], np.float32) * np.exp(rng.normal(0, 0.3, 3)).astype(np.float32)
    light = green * np.exp(0.7 * leaves)[..., None].astype(np.float32)
    line = rng.uniform(-0.2, 0.7) + 0.06 * clouds(size, rng, 3, 0.7)
    above = np.linspace(0, 1, height, dtype=np.float32)[:, None] < line
    sky = np.array([0.75, 0.95, 1.3], np.float32) * np.float32(rng.uniform(0.6, 2))
    return _softened(np.where(above[..., None], sky, light).astype(np.float32), rng, 0.02)


def _night(size: Size, rng: Rng) -> Light:
    """A far evening scene out of focus, with discs of light."""
    height, width = size
    light = np.exp(0.8 * clouds(size, rng, 2, 0.5))[..., None] * np.array([0.06, 0.06, 0.08], np.float32)
    discs = np.zeros((*size, 3), np.float32)
    for _ in range(int(rng.integers(10, 50))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        hue = np.array([[1, 0.75, 0.4], [0.6, 0.8, 1], [1, 0.4, 0.3], [1, 0.95, 0.8]])[rng.integers(4)]
        colour = (hue * rng.uniform(0.2, 2)).tolist()
        cv2.circle(discs, centre, int(rng.uniform(0.008, 0.04) * width) + 1, colour, -1, cv2.LINE_AA)
    return _softened((light + discs).astype(np.float32), rng, 0.01)


KINDS: dict[str, tuple[float, Callable[[Size, Rng], Light]]] = {
    "surface": (0.22, _surface),
    "cloth": (0.12, _cloth),
    "blots": (0.14, _blots),
    "room": (0.26, _room),
    "table": (0.14, _table),
    "garden": (0.07, _garden),
    "night": (0.05, _night),
}
