"""Samples of photos into pictures of one size: by chance for training, always the same for validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from handseg_cli.loading import colours
from handseg_cli.loading.framing import by_chance, whole
from handseg_cli.loading.geometry import hands_of, moved
from handseg_cli.loading.occlude import occluded
from handseg_cli.loading.pairs import pair_by_chance, pair_fitted
from handseg_cli.loading.paste import Cutout, pasted
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.windows import hand_by_chance, hand_fitted
from handseg_cli.sample import Image, Sample

Step = Callable[[Sample, np.random.Generator], Sample]


def augment(
    sample: Sample,
    recipe: Recipe,
    rng: np.random.Generator,
    cutouts: Sequence[Cutout] = (),
    classes: Sequence[str] = (),
) -> Sample:
    """Make a training picture of size x size pixels, all labels moved along; its mask is 0, 1 or 255: not judged.

    `classes` names the numbers of `parts`, so that left and right change places where the picture is mirrored.
    """
    if recipe.fit == "pair":
        sample = pair_by_chance(sample, recipe, rng)
    elif recipe.shows_hands:
        sample = hand_by_chance(sample, recipe, rng)
    else:
        matrix = by_chance(sample.image.shape[:2], hands_of(sample), recipe, rng)
        sample = moved(sample, matrix, (recipe.size, recipe.size), classes)
    for chance, step in steps(recipe, cutouts).values():
        if rng.random() < chance:
            sample = step(sample, rng)
    return sample


def fitted(sample: Sample, recipe: Recipe, view: int = 0) -> Sample:
    """Make the picture that validation looks at, the mask as `augment` leaves it.

    "crop": the whole photo, at the size at which predict looks at it; "halves": the half that `view` says, 0 or 1;
    "hand": the hand, or as view 1 a place without one.
    """
    if recipe.fit == "pair":
        return pair_fitted(sample, recipe)
    if recipe.shows_hands:
        return hand_fitted(sample, recipe, view)
    return moved(sample, *whole(sample.image.shape[:2], recipe, view))


def steps(recipe: Recipe, cutouts: Sequence[Cutout] = ()) -> dict[str, tuple[float, Step]]:
    """Return what is done to a picture after it is cut, in this order: by name, how often and what."""
    if recipe.augment == "none":
        return {"turn": (1.0, seen(colours.turn))} if "hue" in recipe.noise else {}
    if recipe.fit == "pair":
        return {"gains": (1.0, seen(colours.gains))}
    if recipe.augment == "light":
        return {"tone": (0.5, seen(mild(colours.tone))), "hue": (0.5, seen(mild(colours.hue)))}
    pasting: dict[str, tuple[float, Step]] = {
        "paste": (0.35, lambda sample, rng: pasted(sample, cutouts, rng)),
    }
    return {
        **(pasting if cutouts else {}),
        "occlude": (0.25, occluded),
        "tone": (0.8, seen(colours.tone)),
        "hue": (0.5, seen(colours.hue)),
        "grey": (0.05, seen(colours.grey)),
        "blur": (0.15, seen(colours.blur)),
        "motion": (0.1, seen(colours.motion)),
        "noise": (0.3, seen(colours.noise)),
        "jpeg": (0.25, seen(colours.compress)),
    }


def seen(alter: Callable[[Image, np.random.Generator], Image]) -> Step:
    """Make a step of what alters the photo alone."""
    return lambda sample, rng: replace(sample, image=alter(sample.image, rng))


def mild(alter: Callable[[Image, np.random.Generator, float], Image]) -> Callable[[Image, np.random.Generator], Image]:
    """Let less than half of an alteration happen."""
    return lambda image, rng: alter(image, rng, 0.4)
