"""Pasting hands that were cut out of other photos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from handseg_cli.loading.geometry import HAND, Matrix, move, smooth
from handseg_cli.sample import Image, Mask, Sample

MOST_PASTED = 2
UNKNOWN_SIDE = 3  # of `Sample.sides`


@dataclass(frozen=True)
class Cutout:
    """A hand to paste, cut to its bounding box: (H, W, 3) uint8 RGB and where it is, (H, W) uint8 0 or 255."""

    image: Image
    mask: Mask


def pasted(sample: Sample, cutouts: Sequence[Cutout], rng: np.random.Generator) -> Sample:
    """Paste one or two hands into a picture.

    Of a cut-out only the mask is known: it is no arm, and a hand of unknown side. A sample with parts or joints stays
    as it is.
    """
    known = (sample.parts, sample.joints, sample.points)
    if not cutouts or sample.mask is None or any(each is not None for each in known):
        return sample
    image, hands = sample.image, np.zeros_like(sample.mask)
    for _ in range(rng.integers(1, MOST_PASTED + 1)):
        cutout = cutouts[int(rng.integers(len(cutouts)))]
        hand, alpha = placed(cutout, len(image), rng)
        image = blended(image, in_light_of(hand, alpha, image), alpha)
        hands |= cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)
    return replace(
        sample,
        image=image,
        mask=covered(sample.mask, hands, HAND),
        sides=covered(sample.sides, hands, UNKNOWN_SIDE),
        arms=covered(sample.arms, hands, 0),
    )


def covered(labels: Mask | None, hands: Mask, value: int) -> Mask | None:
    """Return (H, W) labels that have one value where pasted hands are."""
    return None if labels is None else np.where(hands > 0, np.uint8(value), labels)


def placed(cutout: Cutout, size: int, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Turn, scale and mirror a cut-out to its place on an empty picture: colours and alpha, soft along its border."""
    height, width = cutout.mask.shape
    factor = size * math.exp(rng.uniform(math.log(0.2), math.log(0.75))) / max(height, width)
    angle, flip = rng.uniform(-math.pi, math.pi), rng.choice((-1, 1))
    cos, sin = factor * math.cos(angle), factor * math.sin(angle)
    turn: Matrix = np.array([[cos * flip, -sin, 0], [sin * flip, cos, 0], [0, 0, 1]])
    x, y = rng.uniform(0, size, 2)
    matrix = move(x, y) @ turn @ move(-(width - 1) / 2, -(height - 1) / 2)
    alpha = smooth(cutout.mask, matrix, (size, size), cv2.BORDER_CONSTANT)
    return smooth(cutout.image, matrix, (size, size), cv2.BORDER_REPLICATE), alpha


def in_light_of(hand: Image, alpha: Mask, image: Image) -> Image:
    """Bring the brightness of what is pasted nearer to that of its new place."""
    left, top, width, height = cv2.boundingRect(alpha)
    if not width:
        return hand
    around = image[top : top + height, left : left + width].mean()
    own = cv2.mean(hand, alpha)[:3]
    gain = (max(around, 20) / max(sum(own) / 3, 20)) ** 0.4
    return cv2.convertScaleAbs(hand, alpha=gain).astype(np.uint8, copy=False)


def blended(image: Image, other: Image, alpha: Mask) -> Image:
    """Lay a picture over another by its alpha, (H, W) uint8."""
    weight = cv2.merge([alpha, alpha, alpha])
    front = cv2.multiply(other, weight, scale=1 / 255)
    return cv2.add(front, cv2.multiply(image, cv2.bitwise_not(weight), scale=1 / 255)).astype(np.uint8, copy=False)
