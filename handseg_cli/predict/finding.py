"""Which hands a mask shows, one by one, and what of the photo is shown of each to the net that looks for joints."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from handseg_cli.pose.region import regions
from handseg_cli.pose.window import MARGIN, SCALES, Window
from handseg_cli.sample import Hand, Mask, Prediction
from handseg_cli.tasks.sides import NUMBERS

SEEN = 1024  # pixels, of the longer side of what hands are looked for in: masks know no finer detail
GAPS = 100  # of the longer side: parts of a mask that are nearer to each other than this share are one hand
LEAST = 0.0005  # of the photo: in fewer pixels there are no joints to be seen


def found_hands(prediction: Prediction) -> list[Hand]:
    """Return the hands of a photo, largest first; where sides are known, no hand has parts of two."""
    likely = cv2.bitwise_and(np.maximum(prediction.probability, 128), prediction.mask)
    shrink = max(1.0, max(likely.shape) / SEEN)
    size = tuple(max(1, round(side / shrink)) for side in likely.shape)
    hands = []
    for side, level in by_side(np.asarray(likely, np.uint8), prediction.sides):
        small = np.asarray(cv2.resize(level, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        for region in regions(small, max(1, round(max(size) / GAPS))):
            if region.hand.pixels >= LEAST * small.size:
                whole = enlarged(region.hand, (level.shape[1] / size[1], level.shape[0] / size[0]))
                hands.append(replace(whole, side=side, certainty=certainty(prediction, whole, side)))
    return sorted(hands, key=lambda hand: -hand.pixels)


def by_side(likely: Mask, sides: Mask | None) -> list[tuple[str, Mask]]:
    """Return the parts of a probability (H, W) that are of left hands, of right ones, and of those of unknown side."""
    if sides is None:
        return [("", likely)]
    masks = ((side, (sides == number).astype(np.uint8) * np.uint8(255)) for side, number in NUMBERS.items())
    return [(side, np.asarray(cv2.bitwise_and(likely, mask), np.uint8)) for side, mask in masks]


def enlarged(hand: Hand, factors: tuple[float, float]) -> Hand:
    """Return a hand of a shrunk photo as it is in the photo itself, (x, y) times as large."""
    (across, down), (left, top, right, bottom) = factors, hand.box
    box = (math.floor(left * across), math.floor(top * down), math.ceil(right * across), math.ceil(bottom * down))
    return replace(hand, box=box, pixels=round(hand.pixels * across * down))


def certainty(prediction: Prediction, hand: Hand, side: str) -> float:
    """Return how sure the side of a hand is: as that of the largest part of the mask within it."""
    left, top, right, bottom = hand.box
    parts = (
        part
        for part in prediction.hands
        if part.side == side and left <= part.box[0] and top <= part.box[1] and part.box[2] <= right
    )
    largest = max((part for part in parts if part.box[3] <= bottom), key=lambda part: part.pixels, default=None)
    return largest.certainty if largest else 0.0


def window_around(hand: Hand, size: int) -> Window:
    """Return the window around a found hand, however large; one of a few pixels is not blown up further."""
    left, top, right, bottom = hand.box
    extent = MARGIN * max(right - left, bottom - top)
    return Window(((left + right - 1) / 2, (top + bottom - 1) / 2), min(size / extent, SCALES[1]), size)
