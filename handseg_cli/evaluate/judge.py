"""What is kept of one photo, and the figures of many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.evaluate.candidates import Found
from handseg_cli.evaluate.findings import Ends, Judged, Summed
from handseg_cli.evaluate.sources import Shot
from handseg_cli.metrics.boundary import boundary_f
from handseg_cli.metrics.intervals import interval
from handseg_cli.metrics.regions import (
    SECOND_THRESHOLD,
    Counts,
    count,
    dice,
    iou,
    miou,
    precision,
    recall,
    second_dice,
    seed_miou,
)
from handseg_cli.metrics.scores import Scores
from handseg_cli.sample import Mask
from handseg_cli.tasks.decode import binary

# Hands by their share of the photo. In first-person video one hand covers some 2 to 10 %.
SIZES = {"small": (0.0, 0.02), "medium": (0.02, 0.1), "large": (0.1, 1.01)}

Levels = NDArray[np.int64]  # (2, 256): pixels of each probability, off and on the hands
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row(Judged):
    """The figures of one photo."""

    counts: Counts
    second: Counts  # at the second system's threshold
    boundary: float
    seconds: float

    @property
    def share(self) -> float:
        """Return which share of the photo is hand, 0 to 1."""
        counts = self.counts
        return (counts.tp + counts.fn) / max(1, counts.tp + counts.fp + counts.fn + counts.tn)


@dataclass(frozen=True)
class Figures(Summed):
    """All that is said of many photos."""

    intervals: dict[str, Ends]
    sizes: dict[str, Scores]


def judged(place: int, shot: Shot, found: Found) -> Row:
    """Judge the mask and the probability of one photo."""
    second = count(binary(found.probability, SECOND_THRESHOLD), shot.truth)
    border = boundary_f(found.mask, shot.truth)
    return Row(place, shot.key, shot.group, count(found.mask, shot.truth), second, border, found.seconds)


def levels(truth: Mask, probability: Mask) -> Levels:
    """Count how often each probability occurs, off the hands and on them."""
    everywhere, hands = (
        cv2.calcHist([probability], [0], where, [256], [0, 256]).ravel().round().astype(np.int64)
        for where in (None, (truth != 0).astype(np.uint8))
    )
    return np.stack([everywhere - hands, hands])


def figures(rows: Sequence[Row], failed: int, seconds: float, seed: int) -> Figures:
    """Return the figures of the rows of one split, which took so many seconds of wall time; `seed` is of the draws."""
    groups = [row.group for row in rows]
    counts = [row.counts for row in rows]
    ones = np.ones(len(rows))
    pooled = columns([(each.tp, each.tp + each.fp + each.fn) for each in counts])
    ratios = {
        "seed_miou": (over(seed_miou, counts), ones),
        "miou": (over(miou, counts), ones),
        "iou": (over(iou, counts), ones),
        "pooled_iou": (pooled[:, 0], pooled[:, 1]),
        "boundary_f": (np.array([row.boundary for row in rows]), ones),
    }
    # The same draws for every figure of every model: what differs between intervals is theirs.
    intervals = {name: interval(*ratio, groups, np.random.default_rng(seed)) for name, ratio in ratios.items()}
    return Figures(scores(rows, failed, seconds), intervals, by_size(rows))


def scores(rows: Sequence[Row], failed: int, seconds: float) -> Scores:
    """Return the figures of some photos, means over the photos unless their names say otherwise."""
    counts = [row.counts for row in rows]
    total = sum(counts, Counts())
    empty = sum((each for each in counts if each.tp + each.fn == 0), Counts())
    net = [row.seconds for row in rows if row.seconds == row.seconds]
    return Scores(
        {
            "photos": len(rows),
            "failed": failed,
            "groups": len({row.group for row in rows}),
            "without_hands": sum(row.share == 0 for row in rows),
            "seed_miou": mean(map(seed_miou, counts)),
            "miou": mean(map(miou, counts)),
            "iou": mean(map(iou, counts)),
            "pooled_iou": iou(total) if rows else float("nan"),
            "dice": mean(map(dice, counts)),
            "second_dice": mean(second_dice(row.second) for row in rows),
            "pooled_precision": precision(total) if rows else float("nan"),
            "pooled_recall": recall(total) if rows else float("nan"),
            "boundary_f": mean(row.boundary for row in rows),
            "false_share_without_hands": empty.fp / (empty.fp + empty.tn) if empty != Counts() else float("nan"),
            "net_ms": 1000 * median(net) if net else float("nan"),
            "photos_per_second": len(rows) / seconds if seconds else float("nan"),
        }
    )


def by_size(rows: Sequence[Row]) -> dict[str, Scores]:
    """Return the figures of photos with small, medium and large hands."""
    found = {}
    for name, (least, most) in SIZES.items():
        inside = [row for row in rows if row.share and least <= row.share < most]
        total = sum((row.counts for row in inside), Counts())
        values: dict[str, float] = {"photos": len(inside), "iou": mean(iou(row.counts) for row in inside)}
        if inside:
            values |= {"pooled_precision": precision(total), "pooled_recall": recall(total)}
        found[name] = Scores(values)
    return found


def curve(found: Levels) -> list[dict[str, float]]:
    """Return pooled precision, recall and IoU at each twentieth of the probability, of pixels that were counted."""
    points = []
    for step in range(21):
        # A pixel is a hand from the first byte on that stands for at least the threshold.
        level = -(-step * 255 // 20)
        (fp, tp), (_, hands) = found[:, level:].sum(1).tolist(), found.sum(1).tolist()
        counts = Counts(tp, fp, hands - tp)
        values = {"precision": precision(counts), "recall": recall(counts), "iou": iou(counts)}
        points.append({"threshold": step / 20, **values})
    return points


def over(measure: Callable[[Counts], float], counts: Sequence[Counts]) -> Numbers:
    """Return the measure of each photo."""
    return np.array([measure(each) for each in counts])


def columns(rows: Sequence[Sequence[float]]) -> Numbers:
    """Return rows of two numbers as (N, 2)."""
    return np.array(rows, np.float64).reshape(-1, 2)


def mean(values: Iterable[float]) -> float:
    """Return the mean, NaN of nothing."""
    listed = list(values)
    return fmean(listed) if listed else float("nan")
