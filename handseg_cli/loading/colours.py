"""What cameras, light and files do to a photo: each function alters (H, W, 3) uint8 RGB by chance."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import simplejpeg

from handseg_cli.sample import Image

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601

GRAIN_LEVELS = 40.0  # of the kept grain, which is halved and less before it is added
GRAIN_MARGIN = 64  # pixels, within which chance puts a picture on the grain


def tone(image: Image, rng: np.random.Generator, amount: float = 1.0) -> Image:
    """Change exposure, contrast, gamma and the colour of the light."""
    gains = np.exp(amount * (rng.normal(0, 0.18) + rng.normal(0, 0.07, 3)))
    gamma, contrast = np.exp(amount * rng.normal(0, (0.2, 0.14)))
    levels = np.clip(np.linspace(0, 1, 256)[:, None] * gains, 0, 1) ** gamma
    levels = 0.5 + (levels - 0.5) * contrast
    table = np.rint(255 * levels.clip(0, 1)).astype(np.uint8)
    return cv2.LUT(image, table[:, None]).astype(np.uint8, copy=False)


def hue(image: Image, rng: np.random.Generator, amount: float = 1.0) -> Image:
    """Turn the hues a little and change how strong the colours are."""
    return mixed(image, math.exp(amount * rng.normal(0, 0.3)), math.radians(amount * rng.normal(0, 6)))


def turn(image: Image, rng: np.random.Generator) -> Image:
    """Turn the hues by a tenth of their circle at most, as the third system does."""
    return mixed(image, 1.0, 2 * math.pi * rng.uniform(-0.1, 0.1))


def gains(image: Image, rng: np.random.Generator) -> Image:
    """Make each of the three colours up to a fifth stronger or weaker, as the fourth system does."""
    levels = np.arange(256)[:, None] * rng.uniform(0.8, 1.2, 3)
    return cv2.LUT(image, np.rint(levels.clip(0, 255)).astype(np.uint8)[:, None]).astype(np.uint8, copy=False)


def grey(image: Image, rng: np.random.Generator) -> Image:
    """Take nearly all or all of the colour away."""
    return mixed(image, max(0.0, rng.uniform(-0.3, 0.3)), 0)


def mixed(image: Image, saturation: float, turn: float) -> Image:
    """Multiply colours by a saturation and turn them around the axis of greys by radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    about_grey = cos * np.eye(3) + sin * across + (1 - cos) / 3
    matrix = about_grey @ (saturation * np.eye(3) + (1 - saturation) * LUMA)
    return cv2.transform(image, matrix.astype(np.float32)).astype(np.uint8, copy=False)


def blur(image: Image, rng: np.random.Generator) -> Image:
    """Put the picture out of focus, as far as a picture of its size can be and still show hands."""
    sigma = len(image) / 256 * rng.uniform(0.4, 2.0)
    return cv2.GaussianBlur(image, (0, 0), sigma).astype(np.uint8, copy=False)


def motion(image: Image, rng: np.random.Generator) -> Image:
    """Smear the picture along a line, as hands and cameras that move do."""
    reach = len(image) / 256 * rng.uniform(1.0, 5.0)
    middle = math.ceil(reach)
    angle = rng.uniform(0, math.pi)
    end = 16 * reach * np.array([math.cos(angle), math.sin(angle)])
    kernel = np.zeros((2 * middle + 1, 2 * middle + 1), np.uint8)
    first, last = (np.rint(16 * middle + sign * end).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, first, last, 255, 1, cv2.LINE_AA, shift=4)
    weights = kernel / np.float32(kernel.sum())
    return cv2.filter2D(image, -1, weights).astype(np.uint8, copy=False)


def noise(image: Image, rng: np.random.Generator) -> Image:
    """Add the noise of a sensor, more often a little than much."""
    strength = (1 + 15 * rng.random() ** 2) / GRAIN_LEVELS
    side = max(image.shape[:2])
    top, left = rng.integers(0, GRAIN_MARGIN + 1, 2)
    grains = grain(side)[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
    cut = grains[top : top + image.shape[0], left : left + image.shape[1]]
    return cv2.addWeighted(image, 1, cut, strength, -128 * strength).astype(np.uint8, copy=False)


@cache
def grain(side: int) -> Image:
    """Return noise around 128 to cut squares of `side` pixels out of: drawing it anew would take longer than all else.

    Its colours are weaker than its light and it is a little soft, as cameras leave it.
    """
    rng, shape = np.random.default_rng(0), (side + GRAIN_MARGIN, side + GRAIN_MARGIN)
    rough = rng.standard_normal((*shape, 1), np.float32) + 0.7 * rng.standard_normal((*shape, 3), np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), 0.5)
    levels = 128 + GRAIN_LEVELS * soft / soft.std()
    return np.asarray(levels.clip(0, 255), np.uint8)


def compress(image: Image, rng: np.random.Generator) -> Image:
    """Leave the traces of a JPEG of low quality."""
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=int(rng.integers(20, 80)), fastdct=True)
    return np.asarray(simplejpeg.decode_jpeg(data, "RGB", fastdct=True), np.uint8)
