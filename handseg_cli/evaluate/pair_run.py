"""Judging pairs of hands: each model on each split, in the windows around true hands or where hands are found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.candidates import names_of
from handseg_cli.evaluate.findings import FAILURES, Failure, failure_of
from handseg_cli.evaluate.judging import Pair, each_photo, parted, prepare_run, write_reports
from handseg_cli.evaluate.pair_judge import Look, PairRow, judged, looked, pair_figures
from handseg_cli.evaluate.pair_page import pair_page
from handseg_cli.evaluate.pair_report import PairReport, PairResult
from handseg_cli.evaluate.pair_truth import PairShot, find_pair_sources, read_pair
from handseg_cli.evaluate.pose_run import about
from handseg_cli.evaluate.pose_truth import PoseSource
from handseg_cli.io.images import Photo
from handseg_cli.io.progress import Progress
from handseg_cli.pose.pairs import Box
from handseg_cli.predict.finding import found_hands
from handseg_cli.predict.pair_net import PairWindow
from handseg_cli.predict.pair_nets import find_pair_nets, open_pairs
from handseg_cli.predict.pairs import PairPredictor, PairScene

LEAST_OVERLAP = 0.1  # of a found window with the true one, over what is in either: less is a window of something else


@dataclass(frozen=True)
class PairCandidate:
    """A model of two hands that is judged; `given`: it is shown the true window and told the wrists' true depths."""

    name: str
    about: dict[str, str]
    predictor: PairPredictor
    given: bool

    def windows(self, shot: PairShot) -> list[PairWindow]:
        """Return the windows that are looked at."""
        if self.given:
            return [shot.window(self.predictor.net)]
        height, width = shot.sample.image.shape[:2]
        (prediction,) = self.predictor.finder.segment([Photo(shot.sample.image, (height, width))])
        return self.predictor.windows(found_hands(prediction))

    def look(self, shot: PairShot, windows: Sequence[PairWindow]) -> Look | None:
        """Return what is said of the window that shows the true hands best, None where none shows them."""
        window = best(windows, shot.window(self.predictor.net))
        if window is None:
            return None
        ((answer,),) = self.predictor.answers([PairScene(shot.sample.image, [window], shot.camera)])
        return looked(window, answer, shot, self.given)


def best(windows: Sequence[PairWindow], wanted: PairWindow) -> PairWindow | None:
    """Return which of some windows overlaps a wanted one most, None where none does to speak of."""
    overlaps = [(overlap(window.square, wanted.square), -place) for place, window in enumerate(windows)]
    most, place = max(overlaps, default=(0.0, 0))
    return windows[-place] if most >= LEAST_OVERLAP else None


def overlap(one: Box, other: Box) -> float:
    """Return which share of what is in either of two boxes is in both."""
    sides = [
        max(0.0, min(one[axis] + one[axis + 2], other[axis] + other[axis + 2]) - max(one[axis], other[axis]))
        for axis in (0, 1)
    ]
    both = sides[0] * sides[1]
    return both / (one[2] * one[3] + other[2] * other[3] - both)


TwoHandsPair = Pair[PairCandidate, PoseSource]


def evaluate_pairs(config: EvalConfig) -> PairReport:
    """Judge all models of two hands, write the files that are asked for, and return the figures."""
    prepare_run(config)
    sources = find_pair_sources(config)
    candidates = open_pair_candidates(config)
    with Progress(config.quiet, "photos") as progress:
        pairs = [Pair(candidate, source, config) for candidate in candidates for source in sources]
        report = PairReport(config, [measured(pair, progress) for pair in pairs])
        write_reports(report, report.json, lambda: pair_page(report, [partial(again, pair) for pair in pairs]))
    return report


def open_pair_candidates(config: EvalConfig) -> list[PairCandidate]:
    """Open all models that are to be judged."""
    found = []
    for name, given in zip(names_of(config.models), config.models, strict=True):
        nets = find_pair_nets(config.net(given), config.finder)
        found.append(PairCandidate(name, about(nets, given, config), open_pairs(nets), config.given == "hands"))
    return found


def measured(pair: TwoHandsPair, progress: Progress) -> PairResult:
    """Judge one model on one split."""
    begun = time.perf_counter()
    rows, failures = parted(each_photo(pair, lambda places: [judge(pair, place) for place in places], progress))
    figures = pair_figures(rows, len(failures), time.perf_counter() - begun)
    return PairResult(*pair.facts, rows, failures, figures)


def judge(pair: TwoHandsPair, place: int) -> PairRow | Failure:
    """Read a photo, have its hands looked at, and judge what is said."""
    candidate = pair.candidate
    try:
        shot = read_pair(pair.source, place)
        windows = candidate.windows(shot)
        start = time.perf_counter()
        look = candidate.look(shot, windows)
        seconds = time.perf_counter() - start
    except FAILURES as error:
        return failure_of(pair.source.key(place), error)
    return judged(place, shot, look, seconds)


def again(pair: TwoHandsPair, place: int) -> tuple[PairShot, Look | None]:
    """Read a photo again and have its hands looked at again, to be drawn."""
    shot = read_pair(pair.source, place)
    return shot, pair.candidate.look(shot, pair.candidate.windows(shot))
