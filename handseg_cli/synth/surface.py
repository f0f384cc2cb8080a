"""What a scene is drawn from and what a drawing tells: surfaces, a camera, and the pixels.

The world has y up, in millimetres; the camera's frame has x right, y down and z forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.body import Floats, Ints, Marks


class Kind(IntEnum):
    """What a surface is, as far as labels care."""

    SKIN = 1  # hand, arm or other skin, as its marks say
    WORN = 2  # a glove, ring or nail: hand where its marks say so
    CLOTH = 3  # sleeves, cuffs, watches, shirts, hair: part of the person, no hand and no arm
    THING = 4  # tables, walls, objects


@dataclass(frozen=True)
class Material:
    """What a surface looks like: linear colours are gain * (texture / 255) ** power, or a float texture as it is."""

    texture: NDArray[np.uint8] | NDArray[np.float32]  # (h, w, 3)
    power: float = 1.0
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    repeat: bool = False  # uv beyond 0..1 wraps
    gloss: float = 0.04  # strength of the highlight
    rough: float = 0.5  # its width, 0 mirror to 1 dull
    grain: float = 0.0  # strength of fine relief: pores, threads
    soft: float = 0.0  # how far light creeps around the terminator, 0 cloth to 1 skin
    double: bool = False  # seen from inside as well


@dataclass(frozen=True)
class Surface:
    """V posed points with T triangles; where `keep` (V,), interpolated, is negative there is a hole."""

    kind: Kind
    points: Floats  # (V, 3) world
    triangles: Ints  # (T, 3)
    uv: Floats  # (T, 3, 2), rows running down
    material: Material
    marks: Marks | None = None
    keep: Floats | None = None


@dataclass(frozen=True)
class Camera:
    """A pinhole: x_camera = turn @ (x_world - eye), and pixels = matrix @ x_camera; pixel centres lie at +0.5."""

    eye: Floats  # (3,)
    turn: Floats  # (3, 3)
    matrix: Floats  # (3, 3) pixels
    size: tuple[int, int]  # (height, width)


@dataclass(frozen=True)
class Lights:
    """Directions towards N lights (N, 3), world, and the linear RGB power of each (N, 3): a white surface that faces
    one has its power as colour. The first S are small, as sun and lamps are, and cast crisp shadows.
    """

    towards: Floats
    power: Floats
    sharp: tuple[float, ...] = ()  # (S,) how large they look: radius, rad


@dataclass(frozen=True)
class Drawing:
    """What a camera sees. Labels and depth are those of the nearest surface at each pixel's centre; colour is smooth.

    Where nothing is seen: surface -1, depth inf, the other labels 0.
    """

    colour: NDArray[np.float32]  # (H, W, 4) linear RGB times coverage, and coverage
    surface: NDArray[np.int16]  # (H, W) index into the surfaces drawn
    depth: NDArray[np.float32]  # (H, W) z in mm
    side: NDArray[np.uint8]  # (H, W) these four as in Marks
    along: NDArray[np.float32]  # (H, W)
    finger: NDArray[np.uint8]  # (H, W)
    reach: NDArray[np.float32]  # (H, W)
