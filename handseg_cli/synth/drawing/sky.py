"""Surroundings of our own making, for when there are no panoramas: rooms, skies, studios and nights."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.drawing.light import Environment, environment_of, sky_of
from handseg_cli.synth.turning import unit

SIZE = (128, 256)
Panorama = NDArray[np.float32]


def made_environment(rng: np.random.Generator) -> Environment:
    """Draw surroundings: a room more often than not."""
    kinds: tuple[Callable[[np.random.Generator], Panorama], ...] = (room, outdoors, studio, night)
    return environment_of(kinds[rng.choice(4, p=[0.55, 0.25, 0.1, 0.1])](rng))


def room(rng: np.random.Generator) -> Panorama:
    """Draw a room with furniture, lamps at its ceiling and at times windows: (h, w, 3) radiance, linear RGB."""
    middle = rng.uniform([-1.5, -1.4, -1.5], [1.5, -0.6, 1.5])
    half = rng.uniform([1.7, 1.2, 1.7], [4.0, 1.5, 4.0])
    hit, face = _walls(middle, half)
    wall, ceiling = rng.uniform(0.35, 0.8) * _tint(rng, 0.06), rng.uniform(0.5, 0.85) * _tint(rng, 0.02)
    colours = np.stack([wall, wall, ceiling, rng.uniform(0.08, 0.4) * _tint(rng, 0.2)])
    radiance = colours[face] * _cloudy(rng, 6, 0.15)
    for _ in range(rng.integers(4, 12)):
        low = rng.uniform([-4, -2.5, -4], [4, 0, 4])
        there = (np.abs(hit - low) < rng.uniform(0.2, 0.9, 3)).all(axis=-1) & (face < 2)
        radiance[there] = rng.uniform(0.03, 0.6) * _tint(rng, 0.35)
    windows, lamps = rng.choice([0, 1, 2], p=[0.35, 0.45, 0.2]), rng.integers(1, 5)
    for _ in range(windows):
        pane = (np.abs(hit - rng.uniform([-3, -0.2, -3], [3, 0.4, 3])) < [0.9, 0.7, 0.9]).all(axis=-1) & (face < 2)
        radiance[pane] = rng.uniform(4, 20) * np.array([0.9, 0.97, 1.08])
    warm = _warm(rng)
    for _ in range(lamps if windows == 0 or rng.uniform() < 0.5 else 0):
        size = rng.choice([rng.uniform(0.05, 0.15), rng.uniform(0.2, 0.6)])
        place = middle + rng.uniform(-0.8, 0.8, 3) * half
        glow = np.abs(hit[..., [0, 2]] - place[[0, 2]]).max(axis=-1) < size * rng.uniform(0.7, 1.3)
        radiance[glow & (face == 2)] = rng.uniform(0.4, 1.5) / size**2 * warm
    return np.asarray(radiance, np.float32)


def _walls(middle: Floats, half: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return where each direction meets a room (h, w, 3), seen from its inside, and which side: 2 is up, 3 is down."""
    sky, _ = sky_of(*SIZE)
    ways = (middle + np.sign(sky) * half) / np.where(np.abs(sky) < 1e-6, 1e-6, sky)
    axis = ways.argmin(axis=-1)
    hit = sky * ways.min(axis=-1, keepdims=True)
    return hit, np.where(axis == 1, np.where(sky[..., 1] > 0, 2, 3), np.minimum(axis, 1))


def outdoors(rng: np.random.Generator) -> Panorama:
    """Draw sky and ground, at times with a sun and clouds: (h, w, 3) radiance, linear RGB."""
    sky, _ = sky_of(*SIZE)
    up = sky[..., 1:2]
    clear = float(rng.uniform(0, 1))
    blue, white = np.array([0.35, 0.55, 1.0]), np.array([0.9, 0.95, 1.0])
    high = np.clip(up, 0, 1) ** 0.5
    above = white + (blue * 0.6 - white) * (clear * high)
    above = above * np.exp(rng.uniform(0, 0.5) * _cloudy(rng, 8, 1.0))
    ground = rng.uniform(0.08, 0.4) * np.array([[0.9, 1.0, 0.6], [1.0, 0.95, 0.85], [0.9, 0.9, 0.9]])[rng.integers(3)]
    horizon = 0.05 * _cloudy(rng, 16, 1.0) + rng.uniform(-0.05, 0.25)
    radiance = np.where(up > horizon, above, ground * _cloudy(rng, 24, 0.3))
    if rng.uniform() < 0.6:
        height = rng.uniform(0.12, 1.3)
        sun = np.array([np.cos(height), np.sin(height), 0.0])
        near = np.clip(sky @ sun, 0, 1)[..., None]
        # The lower it stands, the redder and weaker it is.
        colour = np.array([1.0, 0.93, 0.82]) ** (0.6 / np.sin(height))
        disc = np.clip((near - np.cos(0.04)) / (1 - np.cos(0.04)), 0, 1)
        radiance = radiance + colour * (disc * rng.uniform(300, 2500) * clear + 1.5 * near**60)
    return np.asarray(radiance, np.float32)


def studio(rng: np.random.Generator) -> Panorama:
    """Draw a dark room with two or three bright boxes: (h, w, 3) radiance, linear RGB."""
    sky, _ = sky_of(*SIZE)
    radiance = rng.uniform(0.03, 0.3) * _cloudy(rng, 6, 0.3) * np.ones((*SIZE, 3))
    for _ in range(rng.integers(2, 4)):
        way = unit(rng.normal([0, 0.6, 0], [1, 0.5, 1]))
        side = unit(np.cross(way, [0, 1.0, 0.01]))
        ahead = sky @ way
        x, y = sky @ side / np.maximum(ahead, 1e-3), sky @ np.cross(side, way) / np.maximum(ahead, 1e-3)
        size = rng.uniform(0.15, 0.5, 2)
        box = (ahead > 0) & (np.abs(x) < size[0]) & (np.abs(y) < size[1])
        radiance[box] = rng.uniform(5, 30) * _tint(rng, 0.04)
    return np.asarray(radiance, np.float32)


def night(rng: np.random.Generator) -> Panorama:
    """Draw darkness with a few small lamps: (h, w, 3) radiance, linear RGB."""
    sky, _ = sky_of(*SIZE)
    radiance = 0.02 * _cloudy(rng, 8, 0.8) * np.ones((*SIZE, 3))
    for _ in range(rng.integers(2, 8)):
        way = unit(rng.normal([0, 0.25, 0], [1, 0.3, 1]))
        radiance[sky @ way > np.cos(rng.uniform(0.02, 0.12))] = rng.uniform(3, 60) * _warm(rng)
    return np.asarray(radiance, np.float32)


def _cloudy(rng: np.random.Generator, cells: int, strength: float) -> Floats:
    """Return smooth noise (h, w, 1) of mean about one that meets itself at the sides."""
    coarse = rng.normal(1, strength, (cells, 2 * cells)).astype(np.float32)
    wrapped = np.concatenate([coarse, coarse[:, :1]], axis=1)
    fine = cv2.resize(wrapped, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(fine, 0.05)[..., None])


def _tint(rng: np.random.Generator, strength: float) -> Floats:
    return np.asarray(np.exp(rng.normal(0, strength, 3)))


def _warm(rng: np.random.Generator) -> Floats:
    """Draw the colour of a lamp, from that of a candle to that of daylight."""
    cold = rng.uniform(0, 1)
    return np.array([1.0, 0.55 + 0.45 * cold, 0.2 + 0.85 * cold])
