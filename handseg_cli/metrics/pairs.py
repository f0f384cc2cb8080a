"""How well two hands, their joints, sides and parts, are found: what the fourth system tells, and a short form of it.

Errors of joints and the 131 figures are in `joints`; here is what is measured of photos one by one, put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.metrics.joints import (
    MILLIMETRES,
    WRISTS,
    TwoHands,
    auc,
    between_wrists,
    handedness,
    mean_error,
    mpjpe,
    wrist_distances,
)
from handseg_cli.metrics.scores import Scores

PARTS = 33  # background, 16 of the right hand, 16 of the left
LEAST_UNION = 1  # pixels, from which on a part counts

Floats = NDArray[np.float64]
Points = NDArray[np.floating[Any]]
Bits = NDArray[np.bool_]
Numbers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Pairs:
    """N photos: what was found of them, or what is true; joints are InterHand2.6M's in order, mm before the camera."""

    joints: Points  # (N, 42, 3)
    wrists: Points  # (N, 2, 3), right first: found by the depth of the right one and that between them
    hands: Points  # (N, 2) the chances of a right and of a left hand; in truth 0 or 1


@dataclass(frozen=True)
class Known:
    """What is known of N photos."""

    joints: Bits  # (N, 42), wherever the window was
    hands: Bits  # (N,) which hands there are
    interacting: Bits  # (N,) whether both are there


def judge(found: Pairs, truth: Pairs, known: Known) -> TwoHands:
    """Measure what was found of N photos."""
    judged = known.interacting & known.joints[:, WRISTS].all(axis=1)
    return TwoHands(
        wrist_distances(found.joints, truth.joints, known.joints),
        between_wrists(found.wrists, truth.wrists, judged),
        handedness(found.hands, truth.hands > 0.5, known.hands),
        known.interacting,
    )


def joined(rows: Sequence[TwoHands]) -> TwoHands:
    """Return what was measured of all photos out of what was measured of some, perhaps of none."""
    empty = TwoHands(np.empty((0, 42)), np.empty(0), np.empty(0), np.empty(0, np.bool_))
    columns = zip(*((row.errors, row.between, row.handedness, row.interacting) for row in [empty, *rows]), strict=True)
    errors, between, sides, interacting = map(np.concatenate, columns)
    return TwoHands(errors, between, sides, interacting.astype(np.bool_))


def short_scores(judged: TwoHands) -> Scores:
    """Return the figures that training tells: mpjpe as DIGIT counts it and, as mpjpe40, without the two wrists.

    "auc_0_50_mm" is the area below the shares of joints but wrists within 0 to 50 mm. All but that and the last are mm.
    """
    groups = {"all": np.ones_like(judged.interacting), "sh": ~judged.interacting, "ih": judged.interacting}
    means = {
        f"{name}_{group}": mpjpe(judged.errors[chosen], wrists)
        for name, wrists in (("mpjpe", True), ("mpjpe40", False))
        for group, chosen in groups.items()
    }
    area = auc(np.delete(judged.errors, WRISTS, axis=1), MILLIMETRES)
    sides = mean_error(judged.handedness[:, None])
    between = mean_error(judged.between[:, None])
    return Scores({**means, "mrrpe": between, "auc_0_50_mm": area, "handness_acc": sides})


def overlaps(found: Numbers, true: Numbers) -> NDArray[np.int64]:
    """Count of (N, H, W) numbers of parts how many pixels both have and either has: (N, 2, 33)."""
    pairs = found.astype(np.int64) * PARTS + true
    tables = [np.bincount(each.ravel(), minlength=PARTS**2).reshape(PARTS, PARTS) for each in pairs]
    both = [np.stack([table.diagonal(), table.sum(0) + table.sum(1) - table.diagonal()]) for table in tables]
    return np.array(both, np.int64).reshape(-1, 2, PARTS)


def part_iou(counts: NDArray[np.int64], least: int = LEAST_UNION) -> float:
    """Return the mean over photos of the mean IoU of the parts, background left out, from `overlaps` (N, 2, 33).

    Of a photo only parts count whose union has `least` pixels; one without such counts nowhere.
    """
    shared, either = counts[:, 0, 1:].astype(np.float64), counts[:, 1, 1:]
    each = np.where(either >= max(1, least), shared / np.maximum(either, 1), np.nan)
    known = each[~np.isnan(each).all(axis=1)]
    return mean_error(known.T) if len(known) else float("nan")
