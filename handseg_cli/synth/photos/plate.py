"""A scene on its way to a photo: the light of each pixel and what it shows, and layers that come before others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Mask
from handseg_cli.synth.labels import parts_of
from handseg_cli.synth.surface import Drawing, Kind

RIM = np.ones((3, 3), np.uint8)
BRIGHTEST = 1e4  # of linear light: more would leave nothing but itself after a blur


@dataclass(frozen=True)
class Plate:
    """What falls on a camera's sensor, and labels that agree with it pixel for pixel."""

    light: NDArray[np.float32]  # (H, W, 3) linear RGB
    parts: Mask  # (H, W) as numbered in `labels`
    depth: NDArray[np.float32]  # (H, W) mm, inf where there is nothing


@dataclass(frozen=True)
class Layer:
    """Something to put into a scene; `solid` says whose pixels are its own for the labels."""

    colour: NDArray[np.float32]  # (H, W, 4) linear RGB times coverage, and coverage
    solid: NDArray[np.bool_]  # (H, W)
    parts: Mask  # (H, W)
    depth: NDArray[np.float32]  # (H, W) mm, known where there is any coverage


def within(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return light of 0 to BRIGHTEST, 0 for what is no number."""
    lit = np.fmax(light, np.float32(0))
    return np.fmin(lit, np.float32(BRIGHTEST), out=lit)


def empty(backdrop: NDArray[np.float32]) -> Plate:
    """Return a scene in which there is nothing but a backdrop (H, W, 3) in linear light."""
    light = within(np.asarray(backdrop, np.float32))
    size = light.shape[:2]
    return Plate(light, np.zeros(size, np.uint8), np.full(size, np.inf, np.float32))


def layer_of(drawing: Drawing, kinds: Sequence[Kind]) -> Layer:
    """Return what has been drawn, from surfaces of these kinds, as a layer."""
    colour = within(drawing.colour)
    np.minimum(colour[..., 3], 1, out=colour[..., 3])
    depth = np.nan_to_num(drawing.depth, nan=np.inf, posinf=np.inf, neginf=0.0)
    solid = drawing.surface >= 0
    # The soft rim beyond an outline is as near as what it belongs to.
    return Layer(colour, solid, parts_of(drawing, kinds), np.where(solid, depth, cv2.erode(depth, RIM)))


def covered(light: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return light (H, W, 3) behind colours (H, W, 4) that are multiplied by their coverage, the last of them."""
    # NumPy takes several times as long over pixels' own few values as over whole channels.
    through = 1 - colour[..., 3]
    own = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGBA2RGB), np.float32)
    return own + np.asarray(cv2.merge([through, through, through]), np.float32) * light


def over(plate: Plate, layer: Layer) -> Plate:
    """Put a layer into a scene: it hides what is farther away and is hidden by what is nearer."""
    colour, mine = layer.colour, layer.solid
    nearer = plate.depth < layer.depth
    if (nearer & (colour[..., 3] > 0)).any():
        mine = mine & ~nearer
        # What stands before it keeps its soft outline.
        let_through = cv2.blur((~nearer).astype(np.float32), (3, 3))
        colour = colour * np.minimum(let_through, ~nearer)[..., None]
    light = covered(plate.light, colour)
    parts = np.where(mine, layer.parts, plate.parts)
    return Plate(light, parts, np.where(mine, layer.depth, plate.depth))
