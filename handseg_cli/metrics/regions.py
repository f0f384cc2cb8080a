"""How well two masks cover each other. A pixel is on where the value is not zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def iou(prediction: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Return intersection over union of two (H, W) masks; 1 where both are empty."""
    predicted, true = prediction != 0, truth != 0
    union = np.count_nonzero(predicted | true)
    return 1.0 if union == 0 else np.count_nonzero(predicted & true) / union


def dice(prediction: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Return twice the intersection over the sum of two (H, W) masks; 1 where both are empty."""
    predicted, true = prediction != 0, truth != 0
    total = np.count_nonzero(predicted) + np.count_nonzero(true)
    return 1.0 if total == 0 else 2 * np.count_nonzero(predicted & true) / total
