"""Judging poses: each model on each split, photo by photo, of hands that are found as in predict, or of true ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from handseg_cli.config import EvalConfig, pose_weights
from handseg_cli.evaluate.candidates import names_of
from handseg_cli.evaluate.findings import FAILURES, Failure, failure_of
from handseg_cli.evaluate.judging import Pair, each_photo, parted, prepare_run, write_reports
from handseg_cli.evaluate.pose_judge import Photo, judged, paired, pose_figures
from handseg_cli.evaluate.pose_page import pose_page
from handseg_cli.evaluate.pose_report import PoseReport, PoseResult
from handseg_cli.evaluate.pose_truth import RHD, PoseShot, PoseSource, TrueHand, find_pose_sources
from handseg_cli.io.images import Photo as Decoded
from handseg_cli.io.progress import Progress
from handseg_cli.predict.pose_nets import PoseNets, find_pose_nets, open_poses
from handseg_cli.predict.poses import Found, PosePredictor, Scene
from handseg_cli.sample import Hand, Pose


@dataclass(frozen=True)
class PoseCandidate:
    """A pose model that is judged; may be asked from several threads at once. `given`: the true hands are shown."""

    name: str
    about: dict[str, str]
    predictor: PosePredictor
    given: bool

    def find(self, shot: PoseShot) -> Scene:
        """Find the hands of a photo; of true ones, those that count, in their order."""
        height, width = shot.image.shape[:2]
        if self.given:
            found = [self._true(hand, (height, width)) for hand in shot.hands if hand.counts]
            return Scene(shot.image, found, shot.camera)
        (prediction,) = self.predictor.finder.segment([Decoded(shot.image, (height, width))])
        return self.predictor.scene(shot.image, prediction, shot.camera)

    def _true(self, hand: TrueHand, size: tuple[int, int]) -> Found:
        """Return a true hand as if it had been found. Of its side a net is told that does not tell sides itself."""
        (left, top), (right, bottom) = (
            np.rint(each(hand.points[hand.judged], axis=0)).astype(int).tolist() for each in (np.min, np.max)
        )
        box = (left, top, right + 1, bottom + 1)
        window = self.predictor.poser.true_window(hand.points[RHD], hand.judged[RHD], size)
        return Found(Hand(box, 0, 1.0, hand.side), window)

    def pose(self, scene: Scene) -> list[Pose]:
        """Tell the joints of the hands that were found."""
        (poses,) = (self.predictor.pose if self.given else self.predictor.search)([scene])
        return list(poses)

    def pairs(self, poses: Sequence[Pose], shot: PoseShot) -> dict[int, int]:
        """Return which of the true hands is which pose, both by number."""
        if not self.given:
            return paired(poses, shot.hands)
        counting = [number for number, hand in enumerate(shot.hands) if hand.counts]
        return {number: place for place, number in enumerate(counting)}


PosePair = Pair[PoseCandidate, PoseSource]


def evaluate_poses(config: EvalConfig) -> PoseReport:
    """Judge all pose models, write the files that are asked for, and return the figures."""
    prepare_run(config)
    sources = find_pose_sources(config)
    candidates = open_pose_candidates(config)
    with Progress(config.quiet, "photos") as progress:
        pairs = [Pair(candidate, source, config) for candidate in candidates for source in sources]
        report = PoseReport(config, [measured(pair, progress) for pair in pairs])
        write_reports(report, report.json, lambda: pose_page(report, [partial(again, pair) for pair in pairs]))
    return report


def open_pose_candidates(config: EvalConfig) -> list[PoseCandidate]:
    """Open all models that are to be judged."""
    found = []
    for name, given in zip(names_of(list(map(pose_weights, config.models))), config.models, strict=True):
        nets = find_pose_nets(config.net(given), config.finder)
        found.append(PoseCandidate(name, about(nets, given, config), open_poses(nets), config.given == "hands"))
    return found


def about(nets: PoseNets, given: str, config: EvalConfig) -> dict[str, str]:
    """Return which nets a model is made of."""
    facts = {"given": given, "sha256": nets.model.sha256}
    if nets.finder and config.given == "photo":
        facts |= {"finder": nets.finder.name, "finder_sha256": nets.finder.sha256}
    return facts


def measured(pair: PosePair, progress: Progress) -> PoseResult:
    """Judge one model on one split."""
    begun = time.perf_counter()
    photos, failures = parted(each_photo(pair, lambda places: [judge(pair, place) for place in places], progress))
    figures = pose_figures(photos, len(failures), time.perf_counter() - begun)
    return PoseResult(*pair.facts, [row for photo in photos for row in photo.rows], failures, figures)


def judge(pair: PosePair, place: int) -> Photo | Failure:
    """Read a photo, have the joints of its hands found, and judge them."""
    candidate = pair.candidate
    try:
        shot = pair.source.read(place)
        scene = candidate.find(shot)
        start = time.perf_counter()
        poses = candidate.pose(scene)
        seconds = time.perf_counter() - start
    except FAILURES as error:
        return failure_of(pair.source.key(place), error)
    return judged(place, shot, poses, candidate.pairs(poses, shot), seconds)


def again(pair: PosePair, place: int) -> tuple[PoseShot, dict[str, Pose]]:
    """Read a photo again and find its poses again, by the side of the hand that each is of, to be drawn."""
    shot = pair.source.read(place)
    poses = pair.candidate.pose(pair.candidate.find(shot))
    return shot, {shot.hands[number].side: poses[at] for number, at in pair.candidate.pairs(poses, shot).items()}
