"""Putting pieces of photos into a scene: hands and what is no hand go the very same way.

Of a pasted hand nothing is known but where it is: its part is `labels.PASTED`. What is no hand has part 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from handseg_cli.synth.labels import PASTED
from handseg_cli.synth.photos.cutouts import Piece
from handseg_cli.synth.photos.plate import Layer, Plate, over
from handseg_cli.synth.photos.scenery import Light

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
SKIN = 0.3  # reflection of a piece of middling brightness
FLAT = 1e4  # mm: nothing is farther away than this


@dataclass(frozen=True)
class Place:
    """Where a piece goes: its centre (x, y) and length in pixels, its turn, and how far from the camera it is."""

    centre: tuple[float, float]
    length: float
    turn: float  # radians
    flip: bool
    depth: float  # mm


def random_place(plate: Plate, piece: Piece, depth: float, rng: np.random.Generator) -> Place:
    """Draw a place; where a piece was cut off, as at a wrist, it mostly reaches in from beyond the picture's border."""
    height, width = plate.parts.shape
    length = max(height, width) * math.exp(rng.uniform(math.log(0.15), math.log(0.8)))
    centre, turn = rng.uniform(0, 1, 2) * [width, height], rng.uniform(0, math.tau)
    flip = bool(rng.random() < 0.5)
    if piece.end >= 0 and rng.random() < 0.7:
        # The cut end faces the border that it lies at, 0 right, 1 below, 2 left, 3 above.
        border = int(rng.choice(4, p=[0.25, 0.4, 0.25, 0.1]))
        end = (2 - piece.end) % 4 if flip else piece.end
        turn = (border - end) * math.pi / 2 + rng.normal(0, 0.25)
        share = piece.outline.shape[1 - piece.end % 2] / max(piece.outline.shape)
        inwards = 0.5 * share * length * rng.uniform(0.6, 0.95)
        out = np.array([math.cos(border * math.pi / 2), math.sin(border * math.pi / 2)])
        rest = np.abs(out) * (np.array([width, height]) / 2 - inwards)
        centre = np.array([width, height]) / 2 + out * rest + (1 - np.abs(out)) * (centre - [width / 2, height / 2])
    return Place((float(centre[0]), float(centre[1])), length, turn, flip, depth)


def pasted(plate: Plate, piece: Piece, place: Place, rng: np.random.Generator) -> Plate:
    """Put a piece into a scene, in the scene's light, with its shadow on what is close behind."""
    colour = placed(piece, place, plate.parts.shape, rng)
    cover = colour[..., 3]
    if not (cover > 0.5).any():
        return plate
    colour[..., :3] *= lit(plate, colour, rng)
    solid = cover > 0.5
    parts = np.where(solid & piece.hand, np.uint8(PASTED), np.uint8(0))
    depth = np.full(cover.shape, min(place.depth, FLAT), np.float32)
    return over(shaded(plate, cover, place, rng), Layer(colour, solid, parts, depth))


def placed(piece: Piece, place: Place, size: tuple[int, ...], rng: np.random.Generator) -> Light:
    """Return a piece at its place in an empty picture (H, W, 4), softer or harder along its rim by chance."""
    tall, wide = piece.outline.shape
    scale = place.length / max(tall, wide)
    cos, sin = scale * math.cos(place.turn), scale * math.sin(place.turn)
    stretch = math.exp(rng.normal(0, 0.06))
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.diag([(-1 if place.flip else 1) * stretch, 1 / stretch])
    matrix = np.column_stack([turn, np.array(place.centre) - 0.5 - turn @ np.array([(wide - 1) / 2, (tall - 1) / 2])])
    light, outline = piece.light, piece.outline
    if scale < 0.7:
        small = max(4, round(wide * scale * 1.4)), max(4, round(tall * scale * 1.4))
        light = np.asarray(cv2.resize(light, small, interpolation=cv2.INTER_AREA), np.float32)
        outline = np.asarray(cv2.resize(outline, small, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix @ np.array([[wide / small[0], 0, 0], [0, tall / small[1], 0], [0, 0, 1]])
    frame = (size[1], size[0])
    seen = cv2.warpAffine(light, matrix, frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpAffine(outline, matrix, frame, flags=cv2.INTER_LINEAR)
    cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.4, 1.1)).astype(np.float32) / 255
    cover[cover < 0.02] = 0
    return np.asarray(np.dstack([seen * cover[..., None], cover]), np.float32)


def lit(plate: Plate, colour: Light, rng: np.random.Generator) -> Light:
    """Return what brings a piece (H, W, 4) to the scene's light (H, W, 3): level, tint, and a side that is brighter."""
    height, width = plate.parts.shape
    *sums, cover = cv2.sumElems(colour)
    own = np.array(sums) / max(cover, 1e-6)
    drawn = plate.parts > 0
    around = plate.light[drawn] if np.count_nonzero(drawn) > 50 else plate.light[::4, ::4].reshape(-1, 3)
    middle = np.median(around, axis=0) + 1e-4
    own_level, level = float(own @ LUMA) + 1e-4, float(middle @ LUMA)
    # Pieces differ in brightness themselves, and some of that is to stay.
    gain = level / own_level**0.7 / SKIN**0.3 * math.exp(rng.normal(0, 0.3))
    tint = (middle / middle.mean()) ** rng.uniform(0, 0.35) * np.exp(rng.normal(0, 0.05, 3))
    way, strength = rng.uniform(0, math.tau), rng.uniform(0, 0.7) / max(height, width)
    x = np.arange(width, dtype=np.float32) - np.float32(width / 2)
    y = (np.arange(height, dtype=np.float32) - np.float32(height / 2))[:, None]
    slope = np.exp(np.float32(strength * math.cos(way)) * x + np.float32(strength * math.sin(way)) * y)
    return np.asarray(slope[..., None] * (gain * tint).astype(np.float32), np.float32)


def shaded(plate: Plate, cover: Light, place: Place, rng: np.random.Generator) -> Plate:
    """Let a piece with this cover (H, W) take light from what lies behind it."""
    if rng.random() < 0.4:
        return plate
    reach = place.length * rng.uniform(0.01, 0.08)
    way = rng.uniform(0, math.tau)
    shift = np.array([[1, 0, reach * math.cos(way)], [0, 1, reach * abs(math.sin(way))]])
    shadow = cv2.warpAffine(cover, shift, cover.shape[::-1])
    shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), 0.7 * reach + 0.7), np.float32)
    shadow[plate.depth < place.depth] = 0
    light = plate.light * (1 - np.float32(rng.uniform(0.15, 0.6)) * shadow[..., None])
    return Plate(light, plate.parts, plate.depth)
