"""What glass and movement do to light before it is recorded: focus, shake, moving hands, glare, dim corners, fringes.

Light is linear RGB (H, W, 3); lengths on the picture are shares of its longer side, so that any size looks alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Mask
from handseg_cli.synth.labels import ARMS, FIRST
from handseg_cli.synth.photos.plate import Plate, covered

Light = NDArray[np.float32]

SHARP = 0.7  # pixels of blur that nobody sees
WIDEST = 0.035  # of the picture's longer side: the radius of the greatest blur
EDGES = (-np.inf, -0.02, -0.008, -0.0025, 0.0025, 0.008, 0.02, np.inf)  # of blur, negative before the focus
LARGEST_DISC = 3.0  # pixels: larger ones are drawn on a smaller picture
DOUBLINGS = 3  # of a movement: eight moments of it are seen


@dataclass(frozen=True)
class Optics:
    """A lens, and what moves while the shutter is open."""

    aperture: float = 0.0  # mm across, 0 for a pinhole
    focus: float = 1.0  # distance in focus as a share of the hands' distance
    softness: float = 0.0  # pixels of blur everywhere, as a deviation
    shake: tuple[float, float] = (0.0, 0.0)  # by how much the whole picture moves (x, y)
    wave: tuple[float, float] = (0.0, 0.0)  # and the hands of `waving`
    waving: tuple[int, ...] = ()  # LEFT, RIGHT
    glare: float = 0.0  # share of all light that strays
    spread: float = 0.03  # how far it strays
    falloff: float = 0.0  # how much light the corners lack, as a share
    fringe: float = 0.0  # by how much red is larger than green, and green than blue, as a share


def through(plate: Plate, optics: Optics, focal: float) -> Light:
    """Return the light (H, W, 3) of a scene behind a lens with this focal length in pixels."""
    light = plate.light
    if any(optics.wave):
        light = waved(light, moving(plate.parts, optics.waving), optics.wave)
    if optics.aperture > 0:
        light = focused(light, plate.depth, blur_radius(plate, optics, focal))
    if any(optics.shake):
        light = moved(light, optics.shake)
    if optics.softness > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), optics.softness), np.float32)
    if optics.fringe:
        light = fringed(light, optics.fringe)
    if optics.glare > 0:
        light = glared(light, optics)
    if optics.falloff > 0:
        light = light * (1 - np.float32(optics.falloff) * corners(light.shape[:2]))
    return light


def blur_radius(plate: Plate, optics: Optics, focal: float) -> Light:
    """Return how far each point is spread (H, W) in pixels, negative before the distance in focus."""
    depth = plate.depth
    known = depth[(plate.parts > 1) & np.isfinite(depth)]
    if not len(known):
        known = depth[np.isfinite(depth)]
    if not len(known):
        return np.zeros_like(depth)
    distance = np.float32(max(optics.focus * float(np.median(known)), 30.0))
    nearness = 1 / np.maximum(np.nan_to_num(depth, nan=np.inf), 30)
    widest = WIDEST * max(depth.shape)
    return np.clip(np.float32(focal * optics.aperture / 2) * (1 / distance - nearness), -widest, widest)


def focused(light: Light, depth: Light, radius: Light) -> Light:
    """Blur light by its radius (H, W) in pixels; what is sharp keeps its outline before what is not."""
    if np.abs(radius).max(initial=0) < SHARP:
        return light
    side = max(depth.shape)
    number = np.zeros(radius.shape, np.uint8)
    for edge in EDGES[1:-1]:
        number += radius >= np.float32(edge * side)
    found = np.flatnonzero(np.bincount(number.ravel(), minlength=len(EDGES) - 1))
    result: Light | None = None
    solid = np.asarray(cv2.merge([*cv2.split(light), np.ones_like(radius)]), np.float32)
    for each in found[::-1]:  # from the farthest
        mine = number == each
        reach = float(np.abs(radius[mine]).mean())
        layer = disc_blurred(np.asarray(cv2.copyTo(solid, mine.astype(np.uint8)), np.float32), reach)
        if result is None:
            # What is hidden is not known: let the colours beside it stand for it.
            wide = cv2.blur(layer, (2 * (side // 16) + 1,) * 2)
            filled = wide[..., :3] / np.maximum(wide[..., 3:], 1e-4)
            result = np.asarray(np.where(wide[..., 3:] > 1e-3, filled, light), np.float32)
        result = covered(result, layer)
    assert result is not None
    return np.asarray(result, np.float32)


def disc_blurred(layer: Light, radius: float) -> Light:
    """Blur (H, W, C) by a disc of this radius in pixels."""
    if radius < SHARP:
        return layer
    factor = max(1.0, radius / LARGEST_DISC)
    size = layer.shape[1::-1]
    if factor > 1:
        small = (max(1, round(size[0] / factor)), max(1, round(size[1] / factor)))
        layer = np.asarray(cv2.resize(layer, small, interpolation=cv2.INTER_AREA), np.float32)
    kernel = disc(round(radius / factor, 1))
    layer = np.asarray(cv2.filter2D(layer, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)
    return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_LINEAR) if factor > 1 else layer, np.float32)


@lru_cache(maxsize=64)
def disc(radius: float) -> Light:
    """Return a disc with a soft rim that sums to one."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weights = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(weights / weights.sum(), np.float32)


def moved(light: Light, way: tuple[float, float]) -> Light:
    """Smear (H, W, C) evenly along a straight way that has its middle where things are."""
    step = np.array(way) * max(light.shape[:2]) / 2**DOUBLINGS / 2
    size = light.shape[1::-1]
    for _ in range(DOUBLINGS):
        pair = [
            cv2.warpAffine(light, np.array([[1, 0, x], [0, 1, y]]), size, borderMode=cv2.BORDER_REPLICATE)
            for x, y in (step, -step)
        ]
        light = np.asarray(cv2.addWeighted(pair[0], 0.5, pair[1], 0.5, 0), np.float32)
        step = 2 * step
    return light


def moving(parts: Mask, sides: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which pixels (H, W) show hands and arms of these sides."""
    table = np.zeros(256, bool)
    for side in sides:
        table[FIRST[side] : FIRST[side] + 16] = table[ARMS[side]] = True
    return table[parts]


def waved(light: Light, mine: NDArray[np.bool_], way: tuple[float, float]) -> Light:
    """Smear only some pixels along a way, over what else there is."""
    if not mine.any():
        return light
    layer = moved(np.dstack([light * mine[..., None], mine.astype(np.float32)]), way)
    weight = layer[..., 3:]
    side = 2 * (max(mine.shape) // 24) + 1
    rest = np.dstack([light * ~mine[..., None], (~mine).astype(np.float32)])
    wide = cv2.blur(rest, (side, side))
    beside = np.where(wide[..., 3:] > 1e-3, wide[..., :3] / np.maximum(wide[..., 3:], 1e-3), light)
    behind = np.where(mine[..., None], beside, light)
    return np.asarray(layer[..., :3] + (1 - weight) * behind, np.float32)


def glared(light: Light, optics: Optics) -> Light:
    """Let a share of all light stray over the picture."""
    size, share = light.shape[1::-1], optics.glare
    small = cv2.resize(light, (max(1, size[0] // 8), max(1, size[1] // 8)), interpolation=cv2.INTER_AREA)
    sigma = max(0.3, optics.spread * max(size) / 8)
    strayed = cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.addWeighted(light, 1 - share, strayed, share, 0), np.float32)


def fringed(light: Light, share: float) -> Light:
    """Scale red up and blue down about the middle."""
    channels = list(cv2.split(light))
    height, width = light.shape[:2]
    for number, factor in ((0, 1 + share), (2, 1 - share)):
        shift = (1 - factor) / 2 * np.array([width - 1, height - 1])
        matrix = np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])
        channels[number] = cv2.warpAffine(channels[number], matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.merge(channels), np.float32)


@lru_cache(maxsize=8)
def corners(size: tuple[int, int]) -> Light:
    """Return (H, W, 1) squared radii, 0 in the middle and 1 in the corners."""
    y, x = (np.linspace(-1, 1, length, dtype=np.float32) ** 2 / 2 for length in size)
    return np.asarray((y[:, None] + x)[..., None], np.float32)
