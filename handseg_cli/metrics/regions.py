"""How well two masks cover each other: pixels are counted once, and every measure is made of the four counts.

A pixel is on where the value is not zero. Measures differ in what they make of photos without hands; each says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED_EPSILON = 1e-8
SECOND_EPSILON = 1e-4
SECOND_THRESHOLD = 0.6  # of the second system, whose probabilities became masks from there on

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Counts:
    """Pixels rightly found, falsely found, missed, and rightly left alone; counts of several photos can be added."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)


def count(prediction: Pixels, truth: Pixels, judged: Pixels | None = None) -> Counts:
    """Count the pixels of two (H, W) masks, of those alone that are on in `judged` if it is given."""
    predicted, true = prediction != 0, truth != 0
    pixels = predicted.size
    if judged is not None:
        counted = judged != 0
        predicted, true, pixels = predicted & counted, true & counted, int(np.count_nonzero(counted))
    tp = int(np.count_nonzero(predicted & true))
    fp = int(np.count_nonzero(predicted)) - tp
    fn = int(np.count_nonzero(true)) - tp
    return Counts(tp, fp, fn, pixels - tp - fp - fn)


def iou(counts: Counts) -> float:
    """Return intersection over union of the hands; 1 where there is no hand and none was found."""
    return _share(counts.tp, counts.tp + counts.fp + counts.fn)


def dice(counts: Counts) -> float:
    """Return twice the intersection over the sum of both masks; 1 where there is no hand and none was found."""
    return _share(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def precision(counts: Counts) -> float:
    """Return which share of what was found is hand; 1 where nothing was found."""
    return _share(counts.tp, counts.tp + counts.fp)


def recall(counts: Counts) -> float:
    """Return which share of the hands was found; 1 where there is no hand."""
    return _share(counts.tp, counts.tp + counts.fn)


def accuracy(counts: Counts) -> float:
    """Return which share of the pixels was judged rightly; 1 of no pixels."""
    return _share(counts.tp + counts.tn, counts.tp + counts.fp + counts.fn + counts.tn)


def miou(counts: Counts) -> float:
    """Return the mean IoU of background and hand; a class that is in neither mask is left out of the mean."""
    unions = [counts.tp + counts.fp + counts.fn, counts.tn + counts.fp + counts.fn]
    found = [each / union for each, union in zip((counts.tp, counts.tn), unions, strict=True) if union]
    return sum(found) / len(found) if found else 1.0


def seed_miou(counts: Counts) -> float:
    """Return the mean IoU of background and hand as the first system counted it, for one photo.

    A class that is in neither mask scores 0: a photo without hands gets 0.5 at best.
    """
    wrong = counts.fp + counts.fn
    return sum(each / (each + wrong + SEED_EPSILON) for each in (counts.tp, counts.tn)) / 2


def second_dice(counts: Counts) -> float:
    """Return the dice of one photo as the second system counted it, on masks of SECOND_THRESHOLD.

    It added its epsilon before it doubled, so that a photo without hands gets 2. It also divided the sum over N photos
    by N - 1; means here are over N.
    """
    total = 2 * counts.tp + counts.fp + counts.fn
    return 2 * (counts.tp + SECOND_EPSILON) / (total + SECOND_EPSILON)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
