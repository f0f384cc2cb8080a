"""Which found hand is which true one, how far its joints are off, and the figures of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from handseg_cli.evaluate.findings import Judged, Summed
from handseg_cli.evaluate.pose_truth import PoseShot, TrueHand
from handseg_cli.metrics.joints import MILLIMETRES, PIXELS, distances, millimetre_scores, pck, pixel_scores
from handseg_cli.metrics.scores import Scores
from handseg_cli.pose.skeleton import JOINTS
from handseg_cli.sample import Pose

BASE, NEXT = 9, 10  # ends of the middle finger's lowest bone, by which hands are made equally large
LEAST_EXTENT = 30.0  # pixels
REACH = 1.0  # sides of a true hand: a pose whose joints are, on average, farther from it is of something else

LIMITS = {"px": PIXELS, "mm": MILLIMETRES}

Floats = NDArray[np.float64]
Curves = Mapping[str, Floats]  # by units of `LIMITS`: shares of joints within each


@dataclass(frozen=True)
class HandRow(Judged):
    """One true hand, and what was said of it; errors (21,) are NaN where nothing is judged, infinite if not found."""

    side: str
    found: bool
    said: str  # which side; "" if none
    pixels: Floats = field(repr=False)
    millimetres: Floats = field(repr=False)

    @property
    def error(self) -> float:
        """Return the mean error in space, mm, or in the photo, pixels, where nothing is known of that."""
        in_space = mean_of(self.millimetres)
        return mean_of(self.pixels) if np.isnan(in_space) else in_space


@dataclass(frozen=True)
class Photo:
    """What came of one photo. `false` poses are of no hand; `seconds` were spent on `posed` windows."""

    rows: list[HandRow]
    false: int
    posed: int
    seconds: float


@dataclass(frozen=True)
class PoseFigures(Summed):
    """All that is said of many photos."""

    curves: Curves


def paired(poses: Sequence[Pose], hands: Sequence[TrueHand]) -> dict[int, int]:
    """Return which of the true hands is which pose, both by number: the nearest first, and none twice."""
    apart = [
        (mean_distance(pose, hand) / extent(hand), number, place)
        for number, hand in enumerate(hands)
        for place, pose in enumerate(poses)
    ]
    pairs: dict[int, int] = {}
    for distance, number, place in sorted(apart):
        if distance <= REACH and number not in pairs and place not in pairs.values():
            pairs[number] = place
    return pairs


def mean_distance(pose: Pose, hand: TrueHand) -> float:
    """Return how many pixels, on average, a pose is off a true hand."""
    return float(np.linalg.norm(pose.points[hand.judged] - hand.points[hand.judged], axis=1).mean())


def extent(hand: TrueHand) -> float:
    """Return the longer side of what is to be seen of a hand, in pixels; a few joints lie anywhere on one."""
    return max(LEAST_EXTENT, float(np.ptp(hand.points[hand.judged], axis=0).max()))


def judged(place: int, shot: PoseShot, poses: Sequence[Pose], pairs: dict[int, int], seconds: float) -> Photo:
    """Judge the poses of a photo by the hands that they are of. Those hardly in view need not be found, and may be."""
    rows = []
    for number, hand in enumerate(shot.hands):
        if hand.counts:
            pose = poses[pairs[number]] if number in pairs else None
            rows.append(hand_row(place, shot, hand, pose))
    return Photo(rows, len(poses) - len(pairs), len(poses), seconds)


def hand_row(place: int, shot: PoseShot, hand: TrueHand, pose: Pose | None) -> HandRow:
    """Judge one true hand by the pose that is its, if there is one."""
    known = hand.judged & np.isfinite(hand.joints).all(axis=1) & np.isfinite(true_scale(hand))
    lost = np.full(len(known), np.inf)
    pixels, millimetres = np.where(hand.judged, lost, np.nan), np.where(known, lost, np.nan)
    if pose is not None:
        pixels = distances(pose.points, hand.points, hand.judged)
        millimetres = distances(in_scale(pose, hand), hand.joints - hand.joints[0], known)
    said = pose.hand.side if pose and pose.hand.certainty else ""
    return HandRow(place, shot.key, shot.group, hand.side, pose is not None, said, pixels, millimetres)


def in_scale(pose: Pose, hand: TrueHand) -> Floats:
    """Return the joints (21, 3) of a pose, mm from its wrist, if it is as large as the true hand.

    As Zimmermann & Brox judge: by the lowest bone of the middle finger.
    """
    joints = pose.joints.astype(np.float64)
    length = max(float(np.linalg.norm(joints[BASE] - joints[NEXT])), 1e-9)
    return np.asarray((joints - joints[0]) * (true_scale(hand) / length), np.float64)


def true_scale(hand: TrueHand) -> float:
    """Return how long the lowest bone of the middle finger of a true hand is, mm; NaN if it or the wrist is unknown."""
    return float(np.linalg.norm(hand.joints[BASE] - hand.joints[NEXT]) + 0 * hand.joints[0].sum())


def pose_figures(photos: Sequence[Photo], failed: int, seconds: float) -> PoseFigures:
    """Return the figures of the photos of one split, which took so many seconds of wall time.

    Mean and median errors are of the hands that were found; shares and areas of all, those that were not included.
    """
    rows = [row for photo in photos for row in photo.rows]
    found = [row for row in rows if row.found]
    told = [row for row in found if row.said]
    pixels, millimetres = stacked([row.pixels for row in rows]), stacked([row.millimetres for row in rows])
    values: dict[str, float] = {
        "photos": len(photos),
        "failed": failed,
        "hands": len(rows),
        "found": len(found),
        "missed": len(rows) - len(found),
        "false": sum(photo.false for photo in photos),
        "side_told": len(told),
        "side_accuracy": sum(row.said == row.side for row in told) / len(told) if told else float("nan"),
    }
    is_found = np.array([row.found for row in rows], bool)
    for score, errors in ((pixel_scores, pixels), (millimetre_scores, millimetres)):
        of_all, of_found = score(errors), score(errors[is_found])
        values |= {name: (of_all if name.startswith("auc") else of_found)[name] for name in of_all.values}
    posed = sum(photo.posed for photo in photos)
    values["pose_ms"] = 1000 * sum(photo.seconds for photo in photos) / posed if posed else float("nan")
    values["photos_per_second"] = len(photos) / seconds if seconds else float("nan")
    return PoseFigures(Scores(values), {"px": pck(pixels, PIXELS), "mm": pck(millimetres, MILLIMETRES)})


def stacked(errors: Sequence[Floats]) -> Floats:
    """Return the errors (N, 21) of some hands."""
    return np.array(errors, np.float64).reshape(-1, JOINTS)


def mean_of(errors: Floats) -> float:
    """Return the mean of the errors of joints that are judged, NaN if none is."""
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if len(known) else float("nan")
