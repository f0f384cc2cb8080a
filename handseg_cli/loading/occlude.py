"""Things in front of a picture, which hide hands as cups, sleeves and tools do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.loading.geometry import HAND, IGNORED
from handseg_cli.sample import Image, Mask, Sample

MOST = 3
NEAR_HANDS = 0.6  # the share of them that is held where a hand is


def occluded(sample: Sample, rng: np.random.Generator) -> Sample:
    """Hold one to three things in front of a picture; what they hide is background in every label."""
    image, hidden = sample.image.copy(), np.zeros(sample.image.shape[:2], np.uint8)
    for _ in range(rng.integers(1, MOST + 1)):
        shape = np.zeros_like(hidden)
        cv2.fillPoly(shape, [outline(sample, rng)], 255)
        thing, usable = THINGS[rng.integers(len(THINGS))](sample, rng)
        shape &= usable
        cv2.copyTo(thing, shape, image)
        hidden |= shape
    seen = hidden == 0
    mask, sides, parts, arms = sample.mask, sample.sides, sample.parts, sample.arms
    return replace(
        sample,
        image=image,
        mask=None if mask is None else mask * (seen | (mask == IGNORED)),
        sides=None if sides is None else sides * seen,
        parts=None if parts is None else parts * seen,
        arms=None if arms is None else arms * seen,
    )


def outline(sample: Sample, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw the corners of a bar or of a lump, (N, 2) in pixels."""
    size = len(sample.image)
    if rng.random() < 0.3:
        long, wide, turn = size * rng.uniform(0.3, 1.2), size * rng.uniform(0.02, 0.08), rng.uniform(0, math.pi)
        along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 @ np.stack([long * along, wide * across])
    else:
        turns = np.sort(rng.uniform(0, 2 * math.pi, rng.integers(4, 11)))
        reach = size * rng.uniform(0.04, 0.16) * rng.uniform(0.6, 1.4, (len(turns), 1))
        corners = reach * np.column_stack([np.cos(turns), np.sin(turns)])
    return np.rint(corners + place(sample, rng)).astype(np.int32)


def place(sample: Sample, rng: np.random.Generator) -> NDArray[np.float64]:
    """Choose a point (x, y), often on a hand."""
    if sample.mask is not None and rng.random() < NEAR_HANDS:
        hands = np.flatnonzero(sample.mask == HAND)
        if len(hands):
            y, x = divmod(int(hands[rng.integers(len(hands))]), sample.mask.shape[1])
            return np.array([x, y], np.float64)
    return rng.uniform(0, len(sample.image), 2)


def ground(sample: Sample, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Take what is elsewhere in the picture, usable where that is known to be no hand, and not to be an arm."""
    shift = (int(rng.integers(len(sample.image))), int(rng.integers(len(sample.image))))
    elsewhere = np.roll(sample.image, shift, (0, 1))
    free = np.zeros(elsewhere.shape[:2], np.bool_) if sample.mask is None else sample.mask == 0
    if sample.arms is not None:
        free &= sample.arms == 0
    return elsewhere, np.roll(free, shift, (0, 1)) * np.uint8(255)


def cloth(sample: Sample, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Draw soft blotches of colours that are near each other."""
    size, cells = len(sample.image), int(rng.integers(2, 9))
    colours = some_colour(rng) + rng.uniform(0, 50) * rng.standard_normal((cells, cells, 3))
    blotches = cv2.resize(colours.clip(0, 255).astype(np.uint8), (size, size), interpolation=cv2.INTER_CUBIC)
    return blotches.astype(np.uint8, copy=False), np.full((size, size), 255, np.uint8)


def stripes(sample: Sample, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Draw stripes of two colours."""
    size = len(sample.image)
    first, second = some_colour(rng), some_colour(rng)
    turn, periods = rng.uniform(0, math.pi), rng.uniform(10, 100)
    across = np.linspace(0, 2 * periods, size, dtype=np.float32)
    bands = (math.cos(turn) * across + math.sin(turn) * across[:, None]).astype(np.int32) & 1
    drawn, over = (np.full((size, size, 3), colour, np.uint8) for colour in (first, second))
    cv2.copyTo(over, bands.astype(np.uint8), drawn)
    return drawn, np.full((size, size), 255, np.uint8)


def some_colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """Choose a colour, seldom a loud one, as (3,) levels."""
    loudness = rng.beta(1.5, 3)
    return rng.uniform(0, 255) * (1 - loudness) + loudness * rng.uniform(0, 255, 3)


THINGS: tuple[Callable[[Sample, np.random.Generator], tuple[Image, Mask]], ...] = (ground, cloth, stripes)
