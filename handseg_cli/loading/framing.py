"""Which part of a photo a picture shows, and how it is turned: the matrices of `geometry.moved`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.shapes import Size, net_shape
from handseg_cli.loading.geometry import Matrix, move, scale
from handseg_cli.loading.recipe import Recipe
from handseg_cli.sample import Mask

AT_HANDS = 0.7  # the share of pictures that are cut around a point on a hand
STEP = 4  # pixels: points on hands are looked for on a grid


@dataclass(frozen=True)
class Reach:
    """How far chance may go: zoom is 1 where the photo is as large as a net sees it; shape and shear are deviations."""

    zoom: tuple[float, float] = (1.0, 1.0)
    shape: float = 0.0  # of the aspect, as a logarithm
    turn: float = 0.0  # degrees
    shear: float = 0.0
    flip: float = 0.0


REACHES = {
    "none": Reach(),
    # As often smaller as larger than when it is used: a net that has seen large hands wants them large.
    "light": Reach(zoom=(0.75, 1.35), shape=0.06, flip=0.5),
    "full": Reach(zoom=(0.6, 1.7), shape=0.12, turn=18.0, shear=0.08, flip=0.5),
}


@dataclass(frozen=True)
class Frame:
    """A photo scaled for the net, of which a picture is cut: its (width, height) and how it comes about."""

    matrix: Matrix
    extent: NDArray[np.float64]


def frame_of(size: Size, recipe: Recipe, view: int) -> Frame:
    """Scale a photo of (height, width) as a recipe says; `view` is 1 for the last half, else 0."""
    height, width = size
    if recipe.fit == "squash":
        return Frame(scale(recipe.size / width, recipe.size / height), np.array([recipe.size, recipe.size]))
    if recipe.fit == "halves":
        factor = recipe.size / min(height, width)
        beyond = view * (np.array([width, height]) * factor - recipe.size)
        return Frame(move(-beyond[0], -beyond[1]) @ scale(factor, factor), np.array([recipe.size, recipe.size]))
    factor = recipe.size / math.sqrt(height * width)
    return Frame(scale(factor, factor), factor * np.array([width, height]))


def whole(size: Size, recipe: Recipe, view: int) -> tuple[Matrix, Size]:
    """Return the matrix of one view without chance, and the (height, width) of the picture it makes.

    "crop" and "cut" show the whole photo, just as predict will.
    """
    if recipe.fit in ("crop", "cut"):
        side = recipe.size if recipe.fit == "crop" else round(math.sqrt(size[0] * size[1]))
        height, width = shape = net_shape(size, side)
        return scale(width / size[1], height / size[0]), shape
    return frame_of(size, recipe, view).matrix, (recipe.size, recipe.size)


def shape_of(size: Size, recipe: Recipe) -> Size:
    """Return the (height, width) of the pictures that validation looks at of a photo of (height, width)."""
    return (recipe.size, recipe.size) if recipe.shows_hands else whole(size, recipe, 0)[1]


def by_chance(size: Size, hands: Mask | None, recipe: Recipe, rng: np.random.Generator) -> Matrix:
    """Draw the matrix of a training picture of a photo of (height, width) with its (H, W) hands."""
    if recipe.fit == "cut":
        return piece(size, recipe.size, rng)
    reach = REACHES[recipe.augment]
    frame = frame_of(size, recipe, int(rng.integers(recipe.views)))
    zoom = math.exp(rng.uniform(*np.log(reach.zoom)))
    shape = math.exp(rng.normal(0, reach.shape))
    across = np.array([zoom * shape, zoom / shape])
    turn, shear = math.radians(rng.normal(0, reach.turn)), rng.normal(0, reach.shear)
    flip = -1 if rng.random() < reach.flip else 1
    cos, sin = math.cos(turn), math.sin(turn)
    linear: Matrix = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    linear = linear @ np.array([[1, shear, 0], [0, 1, 0], [0, 0, 1]]) @ np.diag([flip * across[0], across[1], 1])
    centre = middle(frame, hands, recipe.size / across / 2, rng)
    return move(*[(recipe.size - 1) / 2] * 2) @ linear @ move(*(0.5 - centre)) @ frame.matrix


def piece(size: Size, side: int, rng: np.random.Generator) -> Matrix:
    """Draw which piece of a photo of (height, width) is cut, all as likely; a smaller photo is in its middle."""
    height, width = size
    room = np.array([width - side, height - side])
    x, y = np.where(room > 0, rng.integers(0, np.maximum(room, 0), endpoint=True), room // 2)
    return move(-x, -y)


def middle(
    frame: Frame, hands: Mask | None, half: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Choose what is in the middle of a picture that shows `half` to each side of it, all in pixels of the frame.

    No more than needed is beyond the border of the frame; where all of the frame is shown, chance says where.
    """
    target = rng.uniform(0, frame.extent)
    hand = on_a_hand(hands, rng) if rng.random() < AT_HANDS else None
    if hand is not None:
        target = (frame.matrix @ (*hand, 1))[:2] + rng.normal(0, 0.35, 2) * half
    low, high = np.minimum(half, frame.extent - half), np.maximum(half, frame.extent - half)
    return np.where(half < frame.extent / 2, target.clip(low, high), rng.uniform(low, high))


def on_a_hand(hands: Mask | None, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """Choose a point (x, y) on a hand, None where there is none."""
    if hands is None:
        return None
    grid = hands[::STEP, ::STEP]
    found = np.flatnonzero(grid)
    if not len(found):
        return None
    return STEP * np.array(divmod(int(found[rng.integers(len(found))]), grid.shape[1])[::-1], np.float64)
