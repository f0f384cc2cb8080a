"""Stands in for the renderer where the picture does not matter: at once, slowly, or failing at one photo."""

from __future__ import annotations

import os
import time

import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import ImageError
from handseg_cli.sample import Mask, Sample
from handseg_cli.synth.labels import ARMS, FIRST, HANDS, SIDES, TO_DIGIT, hands_named, inside, projected
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.settings import SynthSettings, drawn_style, rng_of


def render(settings: SynthSettings, index: int) -> Rendered:
    """Make a picture of noise, in which the parts of one hand or two are patches."""
    time.sleep(float(os.environ.get("SCENE_TAKES_S", "0")))
    if os.environ.get("SCENE_FAILS") == str(index):
        raise ImageError("a.jpg: is empty")
    rng = rng_of(settings, index)
    style, (height, width) = drawn_style(settings, rng), settings.size
    parts = patches(settings.size, rng)
    depth = np.where(parts > 0, rng.uniform(300, 700, parts.shape), np.inf).astype(np.float32)
    camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], np.float32)
    joints = rng.uniform((-150, -150, 300), (150, 150, 400), (42, 3)).astype(np.float32)
    joints[~np.repeat([side in SIDES[parts] for side in FIRST], 21)] = np.nan
    points = projected(joints, camera)
    valid = inside(points, settings.size)
    sample = Sample(
        f"{index:06d}",
        rng.integers(0, 256, (height, width, 3), np.uint8),
        mask=HANDS[parts],
        sides=SIDES[parts],
        parts=parts,
        joints=joints,
        points=points,
        valid=valid,
        camera=camera,
        hands=hands_named(parts),
    )
    visible: NDArray[np.bool_] = valid & (rng.uniform(size=42) < 0.5)
    return Rendered(sample, depth, TO_DIGIT[parts], visible, style)


def patches(size: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Draw the parts of a left hand and arm on the left and of right ones on the right, or of one of the two."""
    height, width = size
    parts = np.zeros(size, np.uint8)
    chosen = [*FIRST.items()] if rng.uniform() < 0.5 else [[*FIRST.items()][rng.integers(2)]]
    for side, first in chosen:
        left = (side - 1) * width // 2
        tile = np.array([*range(first, first + 16), *[ARMS[side]] * 4], np.uint8).reshape(5, 4)
        parts[: height // 5 * 5, left : left + width // 8 * 4] = tile.repeat(height // 5, 0).repeat(width // 8, 1)
    return parts
