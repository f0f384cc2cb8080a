"""Hands as lines from joint to joint, a colour for each finger, thin enough to show the hand and cased to be seen."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Image

# Of thumb to little finger: apart for the colour-blind, too, and none of them the colour of skin.
FINGERS = ((255, 140, 26), (255, 226, 64), (70, 220, 120), (64, 160, 255), (220, 110, 255))
WRIST = (255, 255, 255)
CASING = (16, 20, 28)
THICK = 0.014  # of a line, in sides of the hand

PARTS = 4  # bits of a pixel's fraction that OpenCV takes
LIMIT = 1 << 20  # pixels: OpenCV's numbers hold no places that are much farther off

Points = NDArray[np.floating[Any]]


def draw_skeleton(picture: Image, points: Points) -> None:
    """Draw a hand's 21 joints, (x, y) from the upper left corner of a (H, W, 3) picture, into it.

    They are the wrist and four of each finger, from base to tip.
    """
    extent = float(np.ptp(points, axis=0).max())
    line = max(1, min(round(THICK * extent), max(picture.shape[:2]) // 150))
    # The middle of a pixel is half a pixel off its corner.
    places = np.rint((np.clip(points, -LIMIT, LIMIT) - 0.5) * (1 << PARTS)).astype(np.int32)
    fingers = [places[[0, *range(first, first + 4)]] for first in range(1, 21, 4)]
    for colour, wider in ((CASING, 2), (None, 0)):
        for finger, own in zip(fingers, FINGERS, strict=True):
            drawn = colour or own
            cv2.polylines(picture, [finger], False, drawn, line + wider, cv2.LINE_AA, PARTS)
            for joint in finger[1:]:
                _dot(picture, joint, line + 0.5 + wider / 2, drawn)
        _dot(picture, places[0], line + 1.5 + wider / 2, colour or WRIST)


def _dot(picture: Image, place: NDArray[np.int32], radius: float, colour: tuple[int, int, int]) -> None:
    x, y = place.tolist()
    cv2.circle(picture, (x, y), round(radius * (1 << PARTS)), colour, -1, cv2.LINE_AA, PARTS)
