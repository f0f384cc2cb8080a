"""Judging poses: each model on each split, photo by photo, of hands that are found as in predict, or of true ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from handseg_cli.config import EvalConfig, pose_weights
from handseg_cli.evaluate.candidates import short_name
from handseg_cli.evaluate.findings import FAILURES, Failure, failure_of
from handseg_cli.evaluate.pose_judge import Photo, judged, paired, pose_figures
from handseg_cli.evaluate.pose_page import pose_page
from handseg_cli.evaluate.pose_report import PoseReport, PoseResult
from handseg_cli.evaluate.pose_truth import RHD, PoseShot, PoseSource, TrueHand, find_pose_sources
from handseg_cli.evaluate.run import prepare_run
from handseg_cli.io.files import write_atomic
from handseg_cli.io.images import Photo as Decoded
from handseg_cli.io.progress import Progress
from handseg_cli.predict.ordered import cores, ordered
from handseg_cli.predict.pose_nets import find_pose_nets, open_poses
from handseg_cli.predict.poses import Found, PosePredictor, Scene
from handseg_cli.sample import Hand, Pose

T = TypeVar("T")


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


def evaluate_poses(config: EvalConfig) -> PoseReport:
    """Judge all pose models, write the files that are asked for, and return the figures."""
    prepare_run(config)
    sources = find_pose_sources(config)
    candidates = open_pose_candidates(config)
    with Progress(config.quiet, "photos") as progress:
        pairs = [(candidate, source) for candidate in candidates for source in sources]
        report = PoseReport(config, [measured(*pair, config, progress) for pair in pairs])
        if config.json is not None:
            # Of paths that are no text, what cannot be encoded is spelt out, in JSON just as JSON has it.
            write_atomic(config.json, report.json().encode(errors="backslashreplace"))
        if config.html is not None:
            of_result = {id(result): pair for pair, result in zip(pairs, report.results, strict=True)}
            text = pose_page(report, lambda result, place: again(*of_result[id(result)], place))
            write_atomic(config.html, text.encode(errors="backslashreplace"))
    return report


def open_pose_candidates(config: EvalConfig) -> list[PoseCandidate]:
    """Open all models that are to be judged."""
    found = []
    for name, given in zip(names_of(list(map(pose_weights, config.models))), config.models, strict=True):
        nets = find_pose_nets(config.net(given), config.finder)
        about = {"given": given, "sha256": nets.model.sha256}
        if nets.finder and config.given == "photo":
            about |= {"finder": nets.finder.name, "finder_sha256": nets.finder.sha256}
        found.append(PoseCandidate(name, about, open_poses(nets), config.given == "hands"))
    return found


def names_of(models: Sequence[str]) -> list[str]:
    """Return short names of models, or long ones where these are alike."""
    short = [short_name(model) for model in models]
    return [name if short.count(name) == 1 else model for name, model in zip(short, models, strict=True)]


def measured(candidate: PoseCandidate, source: PoseSource, config: EvalConfig, progress: Progress) -> PoseResult:
    """Judge one model on one split."""
    begun = time.perf_counter()
    photos, failures = each_photo(
        candidate.name, source, lambda place: judge(candidate, source, place), config, progress
    )
    figures = pose_figures(photos, len(failures), time.perf_counter() - begun)
    rows = [row for photo in photos for row in photo.rows]
    return PoseResult(candidate.name, source.name, source.split, candidate.about, source.about, rows, failures, figures)


def each_photo(
    name: str, source: PoseSource, look: Callable[[int], T | Failure], config: EvalConfig, progress: Progress
) -> tuple[list[T], list[Failure]]:
    """Have each photo of a split looked at by the model of this name, in several threads; keep the order."""
    found: list[T] = []
    failures: list[Failure] = []
    workers = config.workers or cores() + 2  # while some wait for the disk, the others keep the cores busy
    total = len(source.places)
    with (
        progress.task(f"{name} on {source.name} {source.split}", total) as report,
        ThreadPoolExecutor(workers, "judge") as pool,
    ):
        for done in ordered(pool, look, source.places, 2 * workers + 1):
            if isinstance(done, Failure):
                failures.append(done)
                progress.say(f"{source.name}/{done.key}: {done.reason}")
            else:
                found.append(done)
            report(len(found) + len(failures), total)
    return found, failures


def judge(candidate: PoseCandidate, source: PoseSource, place: int) -> Photo | Failure:
    """Read a photo, have the joints of its hands found, and judge them."""
    try:
        shot = source.read(place)
        scene = candidate.find(shot)
        start = time.perf_counter()
        poses = candidate.pose(scene)
        seconds = time.perf_counter() - start
    except FAILURES as error:
        return failure_of(source.key(place), error)
    return judged(place, shot, poses, candidate.pairs(poses, shot), seconds)


def again(candidate: PoseCandidate, source: PoseSource, place: int) -> tuple[PoseShot, dict[str, Pose]]:
    """Read a photo again and find its poses again, by the side of the hand that each is of, to be drawn."""
    shot = source.read(place)
    poses = candidate.pose(candidate.find(shot))
    return shot, {shot.hands[number].side: poses[at] for number, at in candidate.pairs(poses, shot).items()}
