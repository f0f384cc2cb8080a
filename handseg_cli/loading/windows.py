"""Windows that show one hand, or none where a net is to tell hands from other things, and the pictures of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from handseg_cli.loading.framing import on_a_hand
from handseg_cli.loading.geometry import Matrix, carried, move, shrunk
from handseg_cli.loading.recipe import Recipe
from handseg_cli.pose.window import SIZE, Jitter, Window, around_joints, draw_jitter, true_window, truncated_normal
from handseg_cli.sample import Image, Sample

GREY = 128  # beyond the photo, as the third system has it, for which that is 0

POINT_NOISE = 2.5  # pixels of the photo by which Zimmermann & Brox moved joints

ELSEWHERE = 0.2  # the share of pictures that show no hand, where a net is to tell that
NEAR_BODIES = 0.75  # the share of these that are cut around a point on an arm or a person
EXTENTS = (0.15, 0.8)  # of them, as shares of the photo's shorter side
ROOM = 1.4  # times their extent in which there is hardly a hand
FREE = 0.01  # of what is there at most
TRIES = 12


@dataclass(frozen=True)
class Reach:
    """How far chance may go with a window; shift is a deviation, a share of its side."""

    zoom: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.0
    turn: float = 0.0  # degrees
    flip: float = 0.0


# Nothing is stretched: the picture stays what a camera sees. Hands point any way; what is never turned is found badly
# where they point down.
REACHES = {
    "none": Reach(),
    "light": Reach(zoom=(0.87, 1.15), shift=0.03, flip=0.5),
    "full": Reach(zoom=(0.8, 1.25), shift=0.05, turn=70.0, flip=0.5),
}


def hand_by_chance(sample: Sample, recipe: Recipe, rng: np.random.Generator) -> Sample:
    """Make a training picture of one hand or, where a net is to tell, sometimes of a place without one."""
    if recipe.fit == "hand3d":
        return as_published(noisy(sample, rng) if "points" in recipe.noise else sample, recipe, jitter_of(recipe, rng))
    reach = REACHES[recipe.augment]
    is_elsewhere = "hand" in recipe.targets and sample.mask is not None and rng.random() < ELSEWHERE
    window = elsewhere(sample, recipe.size, rng) if is_elsewhere else around(sample, recipe.size)
    zoom, turn = math.exp(rng.uniform(*np.log(reach.zoom))), math.radians(rng.normal(0, reach.turn))
    flip = -1 if rng.random() < reach.flip else 1
    x, y = rng.normal(0, reach.shift * recipe.size, 2)
    cos, sin, half = zoom * math.cos(turn), zoom * math.sin(turn), recipe.size // 2
    linear: Matrix = np.array([[cos * flip, -sin, 0], [sin * flip, cos, 0], [0, 0, 1]])
    matrix = move(half, half) @ linear @ move(-half - x, -half - y) @ window.matrix
    return shown(without_hand(sample) if is_elsewhere else sample, matrix, recipe.size)


def hand_fitted(sample: Sample, recipe: Recipe, view: int) -> Sample:
    """Make the picture that validation looks at: view 0 is of the hand, view 1 of a place without one."""
    if recipe.fit == "hand3d":
        return as_published(sample, recipe, Jitter())
    if view == 0:
        return shown(sample, around(sample, recipe.size).matrix, recipe.size)
    # By the key alone, so that it is always the same place.
    chance = np.random.default_rng(list(sample.key.encode()))
    return shown(without_hand(sample), elsewhere(sample, recipe.size, chance).matrix, recipe.size)


def around(sample: Sample, size: int) -> Window:
    """Return the window around the joints of one hand."""
    assert sample.points is not None
    assert sample.valid is not None
    return around_joints(sample.points, sample.valid, size)


def elsewhere(sample: Sample, size: int, rng: np.random.Generator) -> Window:
    """Choose a window of a photo without a hand in it, near arms and people if the dataset tells of these.

    Where there is no room, or nothing tells where hands are, it is beyond the photo: nothing but grey.
    """
    height, width = sample.image.shape[:2]
    extent = min(height, width) * math.exp(rng.uniform(*np.log(EXTENTS)))
    for _ in range(TRIES if sample.mask is not None else 0):
        body = on_a_hand(sample.arms, rng) if rng.random() < NEAR_BODIES else None
        x, y = (rng.uniform(0, (width, height)) if body is None else body).tolist()
        if is_free(sample, (x, y), ROOM * extent):
            return Window((x, y), size / extent, size)
        extent *= 0.85
    return Window((-width, -height), size / extent, size)


def is_free(sample: Sample, centre: tuple[float, float], extent: float) -> bool:
    """Tell whether there is hardly a hand in a square of a photo."""
    assert sample.mask is not None
    left, top = (max(0, round(place - extent / 2)) for place in centre)
    right, bottom = (max(0, round(place + extent / 2)) for place in centre)
    return cv2.countNonZero(np.ascontiguousarray(sample.mask[top:bottom, left:right])) <= FREE * extent**2


def without_hand(sample: Sample) -> Sample:
    """Return a sample of which no joint is judged, and that shows neither hand."""
    assert sample.valid is not None
    return replace(sample, valid=np.zeros_like(sample.valid), hands="")


def shown(sample: Sample, matrix: Matrix, size: int) -> Sample:
    """Return the picture that a matrix makes of a photo, grey beyond it, with all labels moved along."""
    return carried(sample, seen(sample.image, matrix, size), matrix)


def seen(image: Image, matrix: Matrix, size: int) -> Image:
    """Return the (size, size, 3) uint8 that a matrix makes of a photo; where that shrinks it, by areas."""
    corners = np.linalg.inv(matrix) @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]])
    margin = 2 * math.ceil(1 / math.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    # Only what the window shows is looked at: photos may be large.
    left, top = (max(0, math.floor(low) - margin) for low in corners[:2].min(axis=1))
    right, bottom = (max(0, math.ceil(high) + margin) for high in corners[:2].max(axis=1))
    part = image[top:bottom, left:right]
    if not part.size:
        return np.full((size, size, 3), GREY, np.uint8)
    part, matrix = shrunk(part, matrix @ move(left, top), (size, size))
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_CONSTANT
    made = cv2.warpAffine(part, matrix[:2], (size, size), flags=flags, borderMode=border, borderValue=(GREY,) * 3)
    return made.astype(np.uint8, copy=False)


def as_published(sample: Sample, recipe: Recipe, jitter: Jitter) -> Sample:
    """Make the picture that the third system's nets see, with its window and its way to read between pixels."""
    points, valid = sample.points, sample.valid
    assert points is not None
    assert valid is not None
    height, width = sample.image.shape[:2]
    window = true_window(points, valid, (height, width), jitter)
    window = replace(window, scale=window.scale * recipe.size / SIZE, size=recipe.size)
    image = np.rint(window.crop(sample.image, GREY)).astype(np.uint8)
    return carried(sample, image, window.matrix)


def noisy(sample: Sample, rng: np.random.Generator) -> Sample:
    """Move the joints of a photo a little, and with them all that is made of them."""
    assert sample.points is not None
    moved = sample.points + truncated_normal(rng, POINT_NOISE, sample.points.shape)
    return replace(sample, points=moved.astype(np.float32))


def jitter_of(recipe: Recipe, rng: np.random.Generator) -> Jitter:
    """Draw how the window is disturbed, as far as the recipe names it."""
    drawn = draw_jitter(rng)
    return Jitter(
        centre=drawn.centre if "centre" in recipe.noise else (0.0, 0.0),
        zoom=drawn.zoom if "scale" in recipe.noise else 1.0,
        offset=drawn.offset if "offset" in recipe.noise else (0.0, 0.0),
    )
