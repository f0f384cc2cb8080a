"""What both engines know of how light leaves surfaces: highlights, surroundings, relief and shadows of sharp lights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats
from handseg_cli.synth.drawing.mesh import turned
from handseg_cli.synth.drawing.soup import Soup
from handseg_cli.synth.surface import Lights
from handseg_cli.synth.turning import unit

SHADOW_SIZE = 512  # pixels of what a sharp light sees
KEYS = 4  # lights that make highlights: sharp ones, then the strongest soft ones
WIDE = 0.12  # how much wider highlights of soft lights are, in squared roughness
DARK = 0.4  # what light is left inside double-sided surfaces
GRAIN_SIZE = 32  # cells of the noise
GRAIN_MM = 0.45  # one cell's width
COARSER = 3.3  # how much wider the cells of its second layer are
STRETCH = 0.006  # depths that differ by a smaller share are of one stretch of a surface
SHADOW_MM = 1.5  # how deep light gets under skin at the edge of a sharp light's shadow
LIFT_MM = 1.2  # shadow rays start so far above the surface
# A pixel's nine samples are its middle, its corners and the middles of its edges, which neighbours share; by weight.
SAMPLES = np.array([1, 2, 1, 2, 4, 2, 1, 2, 1], np.float32) / 16
FARTHEST = 200.0  # mm between a shadow and its cause beyond which its edge gets no wider


# Eight places all over a disc of radius one, in the order of their distance from its middle.
_RADIUS, _ANGLE = np.sqrt((np.arange(8) + 0.5) / 8), 2.39996 * np.arange(8)
DISC = np.stack([_RADIUS * np.cos(_ANGLE), _RADIUS * np.sin(_ANGLE)], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Sheen:
    """What highlights come from: K <= KEYS lights (sharp ones first), and the rest of the light as a quadric."""

    towards: NDArray[np.float32]  # (KEYS, 3)
    power: NDArray[np.float32]  # (KEYS, 3), zero beyond the K-th
    wide: NDArray[np.float32]  # (KEYS,) added to squared roughness
    sky: NDArray[np.float32]  # (3, 4, 4) per channel: light on a white surface of normal n is (n, 1) @ sky @ (n, 1)
    lean: NDArray[np.float32]  # (3,) where soft light comes from, and by how much it varies


def sheen_of(lights: Lights) -> Sheen:
    """Return which of the lights make highlights of their own, and a smooth description of the others."""
    count = len(lights.sharp)
    power = lights.power.sum(axis=1)
    soft = count + np.argsort(-power[count:], kind="stable")
    chosen = np.concatenate([np.arange(count), soft])[:KEYS]
    rest = soft[KEYS - count :]
    towards, strength, wide = np.zeros((KEYS, 3)), np.zeros((KEYS, 3)), np.ones(KEYS)
    towards[: len(chosen)], strength[: len(chosen)] = lights.towards[chosen], lights.power[chosen]
    wide[: len(chosen)] = [*(0.5 * np.square(lights.sharp)), *[WIDE] * (len(chosen) - count)]
    lean = 1.5 * (power[count:] @ lights.towards[count:]) / max(float(power[count:].sum()), 1e-9)
    values = (towards, strength, wide, _quadric(lights.towards[rest], lights.power[rest]), lean)
    return Sheen(*(np.asarray(value, np.float32) for value in values))


def _quadric(towards: Floats, power: Floats) -> Floats:
    """Return (3, 4, 4) the light of directions (N, 3) on a white surface; Legendre's series of a cosine cut at zero."""
    square = np.zeros((3, 4, 4))
    square[:, :3, :3] = 15 / 32 * np.einsum("nc,ni,nj->cij", power, towards, towards)
    square[:, :3, 3] = square[:, 3, :3] = power.T @ towards / 4
    square[:, 3, 3] = 3 / 32 * power.sum(axis=0)
    return square


@dataclass(frozen=True)
class Shade:
    """How a sharp light sees a scene: (x, y, z) is matrix @ (place from the eye, 1), z from the light on.

    Places outside 0 to 1 are all lit.
    """

    towards: NDArray[np.float32]  # (3,)
    matrix: NDArray[np.float32]  # (3, 4)
    across: float  # mm of x from 0 to 1, and of y
    deep: float  # mm of z from 0 to 1
    radius: float  # of the light, rad


def shades_of(soup: Soup, lights: Lights) -> list[Shade]:
    """Return a view from each sharp light of what throws shadows where the camera may see them."""
    if not lights.sharp or not soup.parts:
        return []
    return [_shade(soup, *light) for light in zip(lights.towards, lights.sharp, strict=False)]


def _shade(soup: Soup, towards: Floats, radius: float) -> Shade:
    side = unit(np.cross(towards, [1.0, 0, 0] if abs(towards[0]) < 0.7 else [0, 1.0, 0]))
    axes = np.stack([side, np.cross(towards, side), -towards])
    margin = 8 * LIFT_MM
    low, high = _bounds(soup.seen, axes, margin)
    low[2] = min(low[2], turned(soup.shading_points, axes)[:, 2].min())
    # Large floors and walls are beyond what is worth looking at closely: on them, and by them, hardly any shadow falls.
    if len(soup.small):
        least, most = _bounds(soup.small, axes, margin)
        low[:2] = np.maximum(low[:2], least[:2])
        high[:2] = np.maximum(np.minimum(high[:2], most[:2]), low[:2] + margin)
    middle, extent = (low + high) / 2, high - low
    extent[:2] = extent[:2].max()
    matrix = np.concatenate([axes, -(middle - extent / 2)[:, None]], axis=1) / extent[:, None]
    size = float(extent[0]), float(extent[2])
    return Shade(towards.astype(np.float32), matrix.astype(np.float32), *size, radius)


def _bounds(places: Floats, axes: Floats, margin: float) -> tuple[Floats, Floats]:
    """Return how far places (N, 3) reach along axes (3, 3), and a margin beyond: lowest and highest (3,)."""
    columns = turned(places, axes).T
    # One by one: NumPy's own way along the first axis takes ten times as long.
    low, high = (np.array([ends(column) for column in columns]) for ends in (np.min, np.max))
    return low - margin, high + margin


@lru_cache(maxsize=1)
def grain() -> NDArray[np.uint8]:
    """Return smooth noise (n, n, n, 3) that repeats, 128 in the mean: how relief leans in each direction."""
    white = np.random.default_rng(0).normal(0, 1, (*[GRAIN_SIZE] * 3, 3))
    for axis in range(3):
        white = white * 0.6 + np.roll(white, 1, axis) * 0.2 + np.roll(white, -1, axis) * 0.2
    return np.asarray(np.clip(128 + 127 * white / (2.5 * white.std()), 0, 255), np.uint8)
