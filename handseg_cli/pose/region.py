"""Which pixels belong to one hand: from the strongest on, all that are likely and near enough to one that belongs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.window import SIZE, Window, around
from handseg_cli.sample import Hand, Mask

GAP = 10  # rows and columns from one pixel of a hand to the next
GROWN = 2  # marks what has been reached

Probability = NDArray[np.float32] | NDArray[np.uint8]
Place = tuple[int, int]


@dataclass(frozen=True)
class Region:
    """One hand, its strongest pixel (x, y), and its pixels: (h, w) uint8 of the size of its box, 255 on the hand."""

    hand: Hand
    seed: Place
    pixels: Mask


def regions(probability: Probability, gap: int = GAP) -> Iterator[Region]:
    """Yield the hands of a probability (H, W), strongest pixel first; float from 0 to 1, or uint8, 255 for certainty.

    Pixels above one half belong to a hand. Unlike the original, growing does not end after H / 10 or W / 10 rounds.
    """
    likely = (probability > (127 if probability.dtype == np.uint8 else 0.5)).view(np.uint8)
    # Squares of `gap` pixels, put on two pixels, touch just where these are not more than `gap` apart.
    near = np.asarray(cv2.dilate(likely, np.ones((gap, gap), np.uint8), anchor=(0, 0)), np.uint8)
    while True:
        _, _, _, seed = cv2.minMaxLoc(probability, mask=likely)
        if seed[0] < 0:
            return
        _, _, _, (left, top, width, height) = cv2.floodFill(near, None, seed, GROWN, flags=8)
        inside = np.s_[top : top + height, left : left + width]
        pixels = likely[inside] & (near[inside] == GROWN)
        likely[inside] -= pixels
        yield _region(probability[inside], pixels * np.uint8(255), (left, top), (seed[0], seed[1]))


def strongest_window(probability: Probability, size: int = SIZE) -> Window | None:
    """Return the window around the hand that has the strongest pixel of a probability (H, W); None without a hand."""
    found = next(regions(probability), None)
    return None if found is None else around(found.hand.box, size)


def _region(probability: Probability, pixels: Mask, corner: Place, seed: Place) -> Region:
    """Return the hand of (h, w) pixels, whose upper left one is at `corner` (x, y) of the photo."""
    left, top, width, height = cv2.boundingRect(pixels)
    within = np.s_[top : top + height, left : left + width]
    mean = cv2.mean(probability[within], mask=pixels[within])[0]
    left, top = left + corner[0], top + corner[1]
    confidence = mean / 255 if probability.dtype == np.uint8 else mean
    hand = Hand((left, top, left + width, top + height), cv2.countNonZero(pixels), round(confidence, 4))
    return Region(hand, seed, pixels[within])
