"""How far two hands are off that a net told of in one window, and the figures of many photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from handseg_cli.evaluate.findings import Ends, Judged, Summed
from handseg_cli.evaluate.pair_truth import PairShot
from handseg_cli.evaluate.pose_judge import Curves, mean_of
from handseg_cli.loading.pair_targets import handedness, handedness_valid, interacting, known
from handseg_cli.metrics.intervals import interval_of_columns
from handseg_cli.metrics.joints import MILLIMETRES, WRISTS, TwoHands, digit_scores, pck
from handseg_cli.metrics.pairs import Known, Pairs, joined, overlaps, part_iou, short_scores
from handseg_cli.metrics.pairs import judge as measure
from handseg_cli.metrics.scores import Scores
from handseg_cli.pose.pairs import wrists_in_space
from handseg_cli.pose.skeleton import INTERHAND_NAMES
from handseg_cli.predict.pair_net import PairAnswer, PairWindow
from handseg_cli.predict.pairs import before_camera, usual_depths

SEED = 0  # of the draws for intervals

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What a net says of one window of a photo; `depths` (2,), how far the wrists are, mm, are true or usual ones."""

    window: PairWindow
    answer: PairAnswer
    depths: Floats

    def joints(self, shot: PairShot) -> Floats:
        """Return the joints (42, 3), mm before the camera."""
        return before_camera(self.window, self.answer, shot.camera, self.depths)

    def wrists(self, shot: PairShot) -> Floats:
        """Return the wrists (2, 3), right first, the left one as far behind the right as the net says."""
        camera, told = self.window.matrix @ shot.camera, np.array(self.answer.root_depth)
        return wrists_in_space(self.answer.joints, told, self.depths[0], camera, self.window.size)


@dataclass(frozen=True)
class PairRow(Judged):
    """What came of one photo; `overlaps` (1, 2, 33) is None where its parts are not known or it was missed."""

    hands: str
    found: bool
    seconds: float
    two: TwoHands = field(repr=False)
    overlaps: NDArray[np.int64] | None = field(repr=False)

    @property
    def error(self) -> float:
        """Return the mean error of the judged joints but wrists, mm, NaN where none is."""
        return mean_of(np.delete(self.two.errors, WRISTS))

    @property
    def iou(self) -> float:
        """Return the mean IoU of the parts."""
        return float("nan") if self.overlaps is None else part_iou(self.overlaps)


@dataclass(frozen=True)
class PairFigures(Summed):
    """All that is said of many photos; `digit` are the 131 figures of the fourth system, curves are without wrists."""

    digit: Scores
    intervals: dict[str, Ends]
    curves: Curves


def looked(window: PairWindow, answer: PairAnswer, shot: PairShot, given: bool) -> Look:
    """Return an answer with the depths of the wrists, which are true ones if they are `given`."""
    joints = shot.sample.joints
    assert joints is not None
    depths = joints[WRISTS, 2].astype(np.float64) if given else usual_depths(window, answer, shot.camera)
    return Look(window, answer, depths)


def judged(place: int, shot: PairShot, look: Look | None, seconds: float) -> PairRow:
    """Judge what was said of a photo; without it, of which no window showed the hands, nothing is judged."""
    sample = shot.sample
    both = bool(interacting(sample))
    two, counts = nothing(both), None
    if look is not None:
        two = compared(shot, look, both)
        true = shot.parts(look.window)
        told = look.answer.parts.argmax(axis=0)
        counts = None if true is None else overlaps(told[None], true[None].astype(np.int64))
    group, hands = sample.group or sample.key, sample.hands
    return PairRow(place, sample.key, group, hands, look is not None, seconds, two, counts)


def compared(shot: PairShot, look: Look, both: bool) -> TwoHands:
    """Measure one answer by the truth."""
    sample = shot.sample
    assert sample.joints is not None
    joints = sample.joints.astype(np.float64)
    found = Pairs(look.joints(shot)[None], look.wrists(shot)[None], look.answer.chances[None])
    truth = Pairs(joints[None], joints[WRISTS,][None], handedness(sample)[None])
    return measure(found, truth, Known(known(sample)[None], handedness_valid(sample)[None], np.array([both])))


def nothing(both: bool) -> TwoHands:
    """Return what is measured where nothing was found."""
    none = np.full(1, np.nan)
    return TwoHands(np.full((1, 42), np.nan), none, none, np.array([both]))


def pair_figures(rows: Sequence[PairRow], failed: int, seconds: float) -> PairFigures:
    """Return the figures of the photos of one split, which took so many seconds of wall time."""
    two = joined([row.two for row in rows])
    parts = np.array([row.iou for row in rows], np.float64)
    found, both = sum(row.found for row in rows), int(np.count_nonzero(two.interacting))
    counts: dict[str, float] = {"photos": len(rows), "failed": failed, "found": found, "missed": len(rows) - found}
    spent = [row.seconds for row in rows if row.found]
    rest = {
        "part_iou": float(np.nanmean(parts)) if np.isfinite(parts).any() else float("nan"),
        "pair_ms": 1000 * sum(spent) / len(spent) if spent else float("nan"),
        "photos_per_second": len(rows) / seconds if seconds else float("nan"),
    }
    scores = Scores({**counts, "interacting": both, **short_scores(two).values, **rest})
    curves = {"mm": pck(np.delete(two.errors, WRISTS, axis=1), MILLIMETRES)}
    return PairFigures(scores, digit_scores(two, INTERHAND_NAMES), intervals(rows, two, parts), curves)


def intervals(rows: Sequence[PairRow], two: TwoHands, parts: Floats) -> dict[str, Ends]:
    """Return how far the figures may be trusted, from drawing whole groups of photos again and again."""
    groups, hands = np.array([row.group for row in rows], dtype=object), two.interacting
    everywhere = np.ones(len(rows), bool)
    columns = {
        "mpjpe_all": (two.errors, everywhere),
        "mpjpe_sh": (two.errors, ~hands),
        "mpjpe_ih": (two.errors, hands),
        "mrrpe": (two.between[:, None], everywhere),
        "handness_acc": (two.handedness[:, None], everywhere),
        "part_iou": (parts[:, None], everywhere),
    }
    # The same draws for every model.
    return {
        name: interval_of_columns(values[chosen], groups[chosen].tolist(), np.random.default_rng(SEED))
        for name, (values, chosen) in columns.items()
    }
