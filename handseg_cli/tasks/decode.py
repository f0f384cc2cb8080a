"""What the hand net's logits mean: a probability at the photo's size, a mask and the hands in it. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Hand, Mask
from handseg_cli.tasks.sides import Sides

LEVELS = np.arange(256) / 255  # what each byte of a probability means
CLEARLY = 2.0  # log-odds by which a pixel has to be more of a hand than of an arm

Logits = NDArray[np.float32]  # (1, h, w) of hand, or (2, h, w) of background and hand


def asked(outputs: Mapping[str, Logits], label: str, trusted: bool = True) -> Logits:
    """Return the logits of what is asked of a net: "hand", "arm", or "hand+arm", wherever either is likely.

    What may as well be an arm is no hand: wrists are where a net is least sure where hands end. But only if what is
    said of arms can be `trusted`.
    """
    if label == "arm" or "arm" not in outputs or (label == "hand" and not trusted):
        return outputs["arm" if label == "arm" else "mask"]
    hand, arm = single(outputs["mask"])[None], outputs["arm"]
    found = np.maximum(hand, arm) if label == "hand+arm" else hand - np.maximum(arm + CLEARLY, 0)
    return np.asarray(found, np.float32)


def probability(logits: Logits, size: tuple[int, int]) -> Mask:
    """Turn (1, h, w) or (2, h, w) logits into the hand's probability at size (H, W): uint8, 255 for certainty."""
    logit = single(logits)
    if 2 * logit.shape[0] <= size[0] and 2 * logit.shape[1] <= size[1]:
        # A border between logits lies where they say; one between probabilities lies nearer to what is less sure.
        logit = doubled(logit)
    return resized(sigmoid(logit), size)


def sigmoid(logit: NDArray[np.float32]) -> Mask:
    """Turn logits into probabilities: uint8, 255 for certainty."""
    # tanh is a sigmoid that cannot overflow.
    return np.asarray(cv2.convertScaleAbs(np.tanh(0.5 * logit), alpha=127.5, beta=127.5), dtype=np.uint8)


def doubled(logit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Resize (h, w) logits to twice the size, linearly between the centres of the pixels."""
    size = (2 * logit.shape[1], 2 * logit.shape[0])
    return np.asarray(cv2.resize(logit, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def single(logits: Logits) -> NDArray[np.float32]:
    """Return the one (h, w) logit whose sigmoid is the softmax of two: their difference."""
    logit: NDArray[np.float32] = logits[0] if len(logits) == 1 else logits[1] - logits[0]
    return logit


def resized(array: Mask, size: tuple[int, int]) -> Mask:
    """Resize (h, w) uint8 to size (H, W), linearly between the centres of the pixels."""
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def find_hands(mask: Mask, probability: Mask, min_area: float = 0.0, sides: Sides | None = None) -> tuple[Hand, ...]:
    """Return the hands of a mask, largest first; those smaller than `min_area`, a fraction of it, are wiped out.

    With `sides`, each has its side.
    """
    least = min_area * mask.size
    hands = []
    for contours in regions(mask):
        (left, top, width, height), region = filled(contours)
        window = np.s_[top : top + height, left : left + width]
        pixels = cv2.countNonZero(region)
        if pixels < least:
            mask[window][region > 0] = 0
        else:
            confidence = round(cv2.mean(probability[window], mask=region)[0] / 255, 4)
            side, certainty = sides.judge(window, region) if sides else ("", 0.0)
            hands.append(Hand((left, top, left + width, top + height), pixels, confidence, side, certainty))
    return tuple(sorted(hands, key=lambda hand: -hand.pixels))


def binary(probability: Mask, threshold: float) -> Mask:
    """Return the mask: 255 where a probability of so many 255ths is at least the threshold, else 0."""
    level = int(np.count_nonzero(threshold > LEVELS))
    # OpenCV's threshold is "greater than".
    return np.asarray(cv2.threshold(probability, level - 1, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def filled(contours: Sequence[NDArray[np.int32]]) -> tuple[tuple[int, int, int, int], Mask]:
    """Return the box (left, top, width, height) of a region by its outlines, and its mask there."""
    left, top, width, height = cv2.boundingRect(contours[0])
    region = np.zeros((height, width), np.uint8)
    cv2.fillPoly(region, contours, (255,), offset=(-left, -top))
    return (left, top, width, height), region


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
