"""Windows that show all hands of a photo, as the fourth system has them, by chance or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from handseg_cli.loading.geometry import Matrix, carried
from handseg_cli.loading.recipe import Recipe
from handseg_cli.pose.pairs import PARTS, Box, box_of_joints, box_of_mask, seen, squared, window_matrix
from handseg_cli.sample import Sample


@dataclass(frozen=True)
class Reach:
    """How far chance may go with a window: shift and zoom are shares of its side, turns are at most twice the angle."""

    shift: float = 0.0
    zoom: float = 0.0
    turn: float = 0.0  # degrees
    often: float = 0.0  # it is turned
    flip: float = 0.0


# "full" is what Fan et al. (3DV 2021) do.
REACHES = {
    "none": Reach(),
    "light": Reach(shift=0.05, zoom=0.1, flip=0.5),
    "full": Reach(shift=0.15, zoom=0.25, turn=45.0, often=0.6, flip=0.5),
}


def pair_by_chance(sample: Sample, recipe: Recipe, rng: np.random.Generator) -> Sample:
    """Make a training picture of all hands of a photo; where it is mirrored, left hands become right ones."""
    matrix = matrix_by_chance(square_of(sample), recipe.size, REACHES[recipe.augment], rng)
    return carried(sample, seen(sample.image, matrix, recipe.size), matrix, PARTS)


def matrix_by_chance(square: Box, size: int, reach: Reach, rng: np.random.Generator) -> Matrix:
    """Draw the matrix that leads from a photo to a window of `size` x `size` pixels around about this square."""
    left, top, width, height = square
    across, down = rng.uniform(-reach.shift, reach.shift, 2).tolist()
    zoom, turn = rng.standard_normal(2).tolist()
    is_turned, is_flipped = rng.random(2) < (reach.often, reach.flip)
    matrix = window_matrix(
        (left + across * width, top + down * height, width, height),
        size,
        zoom=1 + reach.zoom * min(max(zoom, -1.0), 1.0),
        turn=math.radians(reach.turn * min(max(turn, -2.0), 2.0)) if is_turned else 0.0,
    )
    return np.array([[-1.0, 0, size], [0, 1, 0], [0, 0, 1]]) @ matrix if is_flipped else matrix


def pair_fitted(sample: Sample, recipe: Recipe) -> Sample:
    """Make the picture that validation looks at."""
    matrix = window_matrix(square_of(sample), recipe.size)
    return carried(sample, seen(sample.image, matrix, recipe.size), matrix, PARTS)


def square_of(sample: Sample) -> Box:
    """Return the square around the joints of a photo's hands, around their parts where none is valid, else all of it.

    InterHand2.6M's boxes are not among what is prepared.
    """
    assert sample.points is not None
    assert sample.valid is not None
    height, width = sample.image.shape[:2]
    box = box_of_joints(sample.points, sample.valid)
    if box is None and sample.parts is not None:
        box = box_of_mask(sample.parts)
    return squared(box or (0.0, 0.0, float(width), float(height)))
