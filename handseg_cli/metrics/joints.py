"""How far joints are from where they should be: the measures of the third and of the fourth system.

Errors are (N, J) over photos and joints, NaN where a joint is not judged; a joint that never is counts nowhere. One
that was not found is infinitely far: leaving it out would make a net the better the less it finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.metrics.scores import Scores

# Zimmermann & Brox 2017 count how many joints are within each of 20 distances.
PIXELS = np.linspace(0, 30, 20)
MILLIMETRES = np.linspace(0, 50, 20)
UPPER_MILLIMETRES = MILLIMETRES[8:]  # "20 to 50 mm", from 21.05 on

# InterHand's order of two hands: 21 of the right, its wrist last, then the same of the left.
WRISTS = (20, 41)
HAND = 21

Floats = NDArray[np.float64]
Points = NDArray[np.floating[Any]]
Bits = NDArray[np.bool_]


def distances(predicted: Points, truth: Points, judged: Bits) -> Floats:
    """Return how far (...,) predicted points (..., D) are from the true ones, NaN of those not `judged` (...,)."""
    apart = np.linalg.norm(predicted.astype(np.float64) - truth, axis=-1)
    return np.where(judged, np.nan_to_num(apart, nan=np.inf, posinf=np.inf), np.nan)


def rooted_distances(predicted: Points, truth: Points, judged: Bits) -> Floats:
    """Return the errors (N, J) of hands (N, J, 3) once the first joint of each, predicted and true, is the origin."""
    return distances(predicted - predicted[:, :1], truth - truth[:, :1], judged)


def mean_error(errors: Floats) -> float:
    """Return the mean over joints of each joint's mean error."""
    return _over_joints([each.mean() for each in _judged(errors)])


def median_error(errors: Floats) -> float:
    """Return the mean over joints of each joint's median error."""
    return _over_joints([float(np.median(each)) for each in _judged(errors)])


def pck(errors: Floats, limits: Floats) -> Floats:
    """Return which share of joints is within each limit (L,): the mean over joints of each joint's share."""
    shares = [(each[:, None] <= limits).mean(axis=0) for each in _judged(errors)]
    return np.asarray(np.mean(shares, axis=0)) if shares else np.full(len(limits), np.nan)


def auc(errors: Floats, limits: Floats) -> float:
    """Return the area below the shares within each limit, 1 if all errors are below the first."""
    return float(np.trapezoid(pck(errors, limits), limits) / (limits[-1] - limits[0]))


def pixel_scores(errors: Floats) -> Scores:
    """Return the figures of 2D joints from errors (N, J) in pixels."""
    means = {"epe_mean_px": mean_error(errors), "epe_median_px": median_error(errors)}
    return Scores({**means, "auc_0_30_px": auc(errors, PIXELS)})


def millimetre_scores(errors: Floats) -> Scores:
    """Return the figures of 3D joints from errors (N, J) in millimetres."""
    means = {"epe_mean_mm": mean_error(errors), "epe_median_mm": median_error(errors)}
    areas = {"auc_0_50_mm": auc(errors, MILLIMETRES), "auc_20_50_mm": auc(errors, UPPER_MILLIMETRES)}
    return Scores({**means, **areas})


@dataclass(frozen=True)
class TwoHands:
    """What is judged of N photos of InterHand2.6M, NaN where it is not."""

    errors: Floats  # (N, 42) mm, of `wrist_distances`
    between: Floats  # (N,) mm, of `between_wrists`
    handedness: Floats  # (N,) of `handedness`
    interacting: Bits  # (N,) whether two hands are there


def wrist_distances(predicted: Points, truth: Points, valid: Bits) -> Floats:
    """Return the errors (N, 42) of both hands (N, 42, 3), each seen from its own wrist, InterHand's joints in order.

    A joint is judged if it and its wrist are `valid` (N, 42); where wrists are, their own error is 0.
    """
    hands = (len(valid), 2, HAND)
    predicted, truth = (each.reshape(*hands, 3) - each[:, WRISTS, None] for each in (predicted, truth))
    judged = valid.reshape(hands) & valid[:, WRISTS, None]
    return distances(predicted, truth, judged).reshape(valid.shape)


def between_wrists(predicted: Points, truth: Points, judged: Bits) -> Floats:
    """Return how wrong (N,) the way from right to left wrist is: both are (N, 2, 3), right first, in mm.

    Photos are to be `judged` (N,) that show two hands and have both wrists.
    """
    return distances(predicted[:, 1] - predicted[:, 0], truth[:, 1] - truth[:, 0], judged)


def handedness(probability: Points, hands: Bits, judged: Bits) -> Floats:
    """Return 1 where both hands (N, 2), right first, are rightly said to be there or not, else 0; NaN if not `judged`.

    A probability of one half says neither.
    """
    right = np.where(hands, probability > 0.5, probability < 0.5).all(axis=1)
    return np.where(judged, right.astype(np.float64), np.nan)


def mpjpe(errors: Floats, wrists: bool = True) -> float:
    """Return the mean over joints of each joint's mean of errors (N, 42).

    As DIGIT counts it, the two wrists, whose errors are 0, are in the mean: without them it is 42 / 40 times that.
    """
    return mean_error(errors if wrists else np.delete(errors, WRISTS, axis=1))


def digit_scores(judged: TwoHands, names: Sequence[str]) -> Scores:
    """Return the 131 figures that DIGIT prints, over all photos, those of a single and of interacting hands."""
    groups = {"all": np.ones_like(judged.interacting), "sh": ~judged.interacting, "ih": judged.interacting}
    errors = {group: judged.errors[chosen] for group, chosen in groups.items()}
    firsts = {"handness_acc": mean_error(judged.handedness[:, None]), "mrrpe": mean_error(judged.between[:, None])}
    of_joints = {
        f"{name}_{group}": mean_error(errors[group][:, [joint]]) for joint, name in enumerate(names) for group in groups
    }
    return Scores({**firsts, **of_joints, **{f"mpjpe_{group}": mpjpe(errors[group]) for group in groups}})


def _judged(errors: Floats) -> list[Floats]:
    """Return the errors of each joint of (N, J) that is judged at all."""
    found = [each[~np.isnan(each)] for each in errors.T]
    return [each for each in found if len(each)]


def _over_joints(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
