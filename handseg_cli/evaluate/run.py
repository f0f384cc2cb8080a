"""The eval verb: each model on each split of each dataset, photo by photo, so that memory does not grow with them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from handseg_cli.config import EvalConfig
from handseg_cli.datasets.own import below
from handseg_cli.errors import DatasetError
from handseg_cli.evaluate.candidates import Candidate, Found, open_candidates, seed_shot
from handseg_cli.evaluate.findings import FAILURES, Failure, failure_of
from handseg_cli.evaluate.judge import Levels, Row, figures, judged, levels
from handseg_cli.evaluate.judging import Pair, each_photo, prepare_run, write_reports
from handseg_cli.evaluate.page import page
from handseg_cli.evaluate.report import MaskResult, Report
from handseg_cli.evaluate.sources import Shot, Source, find_sources
from handseg_cli.io.files import explained, write_atomic
from handseg_cli.io.png import encode_grey
from handseg_cli.io.progress import Progress

SEED = 0  # of the draws for intervals

MaskPair = Pair[Candidate, Source]


def evaluate(config: EvalConfig) -> Report:
    """Judge all models, write the files that are asked for, and return the figures."""
    prepare_run(config)
    sources = find_sources(config)
    candidates = open_candidates(config)
    with Progress(config.quiet, "photos") as progress:
        pairs = [Pair(candidate, source, config) for candidate in candidates for source in sources]
        report = Report(config, [measured(pair, progress) for pair in pairs])
        write_reports(report, report.json, lambda: page(report, [partial(again, pair) for pair in pairs]))
    return report


def measured(pair: MaskPair, progress: Progress) -> MaskResult:
    """Judge one model on one split."""
    begun = time.perf_counter()
    rows: list[Row] = []
    failures: list[Failure] = []
    found = np.zeros((2, 256), np.int64)
    for done in each_photo(pair, partial(judge, pair), progress, pair.candidate.batch):
        if isinstance(done, Failure):
            failures.append(done)
        else:
            row, of_photo = done
            rows.append(row)
            found += of_photo
    made = figures(rows, len(failures), time.perf_counter() - begun, SEED)
    return MaskResult(*pair.facts, rows, failures, made, found)


def judge(pair: MaskPair, places: Sequence[int]) -> list[tuple[Row, Levels] | Failure]:
    """Read photos, have their hands found, and judge the masks; those that cannot be read come first."""
    judgements: list[tuple[Row, Levels] | Failure] = []
    shots = []
    for place in places:
        try:
            shots.append((place, read(pair, place)))
        except FAILURES as error:
            judgements.append(failed(pair, place, error))
    for (place, shot), found in zip(shots, predicted(pair, [shot for _, shot in shots]), strict=True):
        try:
            if not isinstance(found, Found):
                raise found
            keep(pair, shot, found)
            judgements.append((judged(place, shot, found), levels(shot.truth, found.probability)))
        except FAILURES as error:
            judgements.append(failed(pair, place, error))
    return judgements


def read(pair: MaskPair, place: int) -> Shot:
    """Read a photo with its truth as the protocol wants it."""
    shot = pair.source.photos.read(place, pair.candidate.pixels)
    return seed_shot(shot) if pair.config.protocol == "seed" else shot


def predicted(pair: MaskPair, shots: Sequence[Shot]) -> list[Found | Exception]:
    """Find the hands of photos together or, where one of them makes that fail, one by one."""
    if not shots:
        return []
    try:
        return [*pair.candidate.predict(shots)]
    except FAILURES as error:
        return [error] if len(shots) == 1 else [each for shot in shots for each in predicted(pair, [shot])]


def failed(pair: MaskPair, place: int, error: Exception) -> Failure:
    """Say why a photo was not judged."""
    return failure_of(pair.source.photos.key(place), error)


def keep(pair: MaskPair, shot: Shot, found: Found) -> None:
    """Write a mask below `--masks`, if that is given."""
    if pair.config.masks is None:
        return
    folder = pair.config.masks / plain(pair.candidate.name) / plain(pair.source.name)
    path = below(folder, folder, f"{shot.key}.png")
    if path is None:
        raise DatasetError(f"{shot.key}: cannot be the name of a file in {folder}; leave out --masks")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, encode_grey(found.mask))


def plain(name: str) -> str:
    """Return a name that can be that of one folder anywhere."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "_"


def again(pair: MaskPair, place: int) -> tuple[Shot, Found]:
    """Read a photo again and find its hands again, to be drawn: keeping pictures would fill the memory."""
    shot = read(pair, place)
    (found,) = pair.candidate.predict([shot])
    return shot, found
