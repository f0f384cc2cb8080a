"""What the hand net's logits mean: a probability at the photo's size, a mask and the hands in it. Needs no torch."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Hand, Mask

LEVELS = np.arange(256) / 255  # what each byte of a probability means

Logits = NDArray[np.float32]  # (1, h, w) of hand, or (2, h, w) of background and hand


def probability(logits: Logits, size: tuple[int, int]) -> Mask:
    """Turn (1, h, w) or (2, h, w) logits into the hand's probability at size (H, W): uint8, 255 for certainty."""
    # The softmax of two logits is the sigmoid of their difference; tanh is a sigmoid that cannot overflow.
    logit = logits[0] if len(logits) == 1 else logits[1] - logits[0]
    coarse = cv2.convertScaleAbs(np.tanh(0.5 * logit), alpha=127.5, beta=127.5)
    return resized(np.asarray(coarse, dtype=np.uint8), size)


def resized(array: Mask, size: tuple[int, int]) -> Mask:
    """Resize (h, w) uint8 to size (H, W), linearly between the centres of the pixels."""
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def find_hands(mask: Mask, probability: Mask, min_area: float = 0.0) -> tuple[Hand, ...]:
    """Return the hands of a mask, largest first; those smaller than `min_area`, a fraction of it, are wiped out."""
    least = min_area * mask.size
    hands = []
    for contours in regions(mask):
        left, top, width, height = cv2.boundingRect(contours[0])
        window = np.s_[top : top + height, left : left + width]
        region = np.zeros((height, width), np.uint8)
        cv2.fillPoly(region, contours, (255,), offset=(-left, -top))
        pixels = cv2.countNonZero(region)
        if pixels < least:
            mask[window][region > 0] = 0
        else:
            confidence = round(cv2.mean(probability[window], mask=region)[0] / 255, 4)
            hands.append(Hand((left, top, left + width, top + height), pixels, confidence))
    return tuple(sorted(hands, key=lambda hand: -hand.pixels))


def binary(probability: Mask, threshold: float) -> Mask:
    """Return the mask: 255 where a probability of so many 255ths is at least the threshold, else 0."""
    level = int(np.count_nonzero(threshold > LEVELS))
    # OpenCV's threshold is "greater than".
    return np.asarray(cv2.threshold(probability, level - 1, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def regions(mask: Mask) -> list[list[NDArray[np.int32]]]:
    """Return the outlines of each 8-connected region: its border first, then those of its holes.

    Following borders takes a twentieth of the time of labelling every pixel.
    """
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found: dict[int, list[NDArray[np.int32]]] = {}
    for index, contour in enumerate(contours):
        parent = int(tree[0][index][3])
        if parent < 0:
            found.setdefault(index, []).insert(0, np.asarray(contour, dtype=np.int32))
        else:
            found.setdefault(parent, []).append(np.asarray(contour, dtype=np.int32))
    return list(found.values())
