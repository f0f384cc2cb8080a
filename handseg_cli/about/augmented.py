"""A contact sheet of training pictures: what each alteration does to photos of a prepared file, and all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from handseg_cli.about.prepared import places, require_png, write_png
from handseg_cli.io.draw import CASING, LINE, LOOKS, contact_sheet
from handseg_cli.io.hdf5 import Reader
from handseg_cli.loading.cutouts import read_cutouts
from handseg_cli.loading.geometry import HAND, IGNORED
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import OF_PIXELS, TARGETS, bare
from handseg_cli.loading.transforms import augment, fitted, steps
from handseg_cli.sample import Image, Sample

PHOTOS = 6
TOGETHER = 4  # rows of pictures as training sees them
ARM = (255, 130, 200)  # the colour of the outlines of arms


def write_augmented(path: Path, output: Path, recipe: Recipe) -> int:
    """Draw photos from all over a prepared file as one PNG, and return how many.

    The first row shows them whole, the next one cut, then one each alteration alone, and the last ones all together.
    """
    require_png(output)
    with Reader(path) as reader:
        samples = [bare(reader[at], OF_PIXELS, reader.header.classes) for at in places(len(reader), PHOTOS)]
    rows = rows_of(samples, recipe)
    tiles = [drawn(picture) for row in rows.values() for picture in row]
    captions = [name for name, row in rows.items() for _ in row]
    write_png(output, contact_sheet(tiles, len(samples), recipe.size, captions))
    return len(samples)


def rows_of(samples: Sequence[Sample], recipe: Recipe) -> dict[str, list[Sample]]:
    """Make the pictures of each row, by its name; the same every time."""
    cutouts = read_cutouts(recipe.cutouts) if recipe.cutouts else ()
    rows = {"whole": [fitted(sample, recipe) for sample in samples]}
    plain, cut = replace(recipe, augment="none"), [np.random.default_rng([0, at]) for at in range(len(samples))]
    rows["cut"] = [augment(sample, plain, rng) for sample, rng in zip(samples, cut, strict=True)]
    for name, (_, step) in steps(recipe, cutouts).items():
        rngs = [np.random.default_rng([1, at]) for at in range(len(samples))]
        rows[name] = [step(picture, rng) for picture, rng in zip(rows["cut"], rngs, strict=True)]
    for number in range(TOGETHER):
        rngs = [np.random.default_rng([2, number, at]) for at in range(len(samples))]
        made = [augment(sample, recipe, rng, cutouts) for sample, rng in zip(samples, rngs, strict=True)]
        rows[f"{recipe.augment} {number + 1}"] = made
    return rows


def drawn(picture: Sample) -> Image:
    """Outline what a training picture teaches and darken what is not judged, (H, W, 3) uint8 RGB.

    Hands have the colour of their side, if that is known, and arms their own.
    """
    mask, arms, sides = (TARGETS[name].array(picture) for name in OF_PIXELS)
    image = np.where((mask == IGNORED)[..., None], picture.image // 3, picture.image)
    hands = mask == HAND
    # At its border a hand may have pixels of unknown side: what is drawn later covers their outlines.
    outlined = {
        ARM: arms == HAND,
        LINE: hands & (sides == IGNORED),
        LOOKS["left"].line: hands & (sides == 0),
        LOOKS["right"].line: hands & (sides == 1),
    }
    # No tint as on other sheets: the colours of hands are what is to be looked at.
    for colour, shown in outlined.items():
        outlines, _ = cv2.findContours(shown.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for line, width in ((CASING, 3), (colour, 1)):
            cv2.drawContours(image, outlines, -1, line, width)
    return image
