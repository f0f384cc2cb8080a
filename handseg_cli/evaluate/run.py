"""The eval verb: each model on each split of each dataset, photo by photo, so that memory does not grow with them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from handseg_cli.config import EvalConfig
from handseg_cli.config.marks import require
from handseg_cli.datasets.own import below
from handseg_cli.errors import DatasetError
from handseg_cli.evaluate.candidates import Candidate, Found, open_candidates, seed_shot
from handseg_cli.evaluate.findings import FAILURES, Failure, failure_of
from handseg_cli.evaluate.judge import Levels, Row, figures, judged, levels
from handseg_cli.evaluate.page import page
from handseg_cli.evaluate.report import Report, Result
from handseg_cli.evaluate.sources import Shot, Source, find_sources
from handseg_cli.io.files import explained, write_atomic
from handseg_cli.io.png import encode_grey
from handseg_cli.io.progress import Progress
from handseg_cli.predict.ordered import cores, ordered

SEED = 0  # of the draws for intervals


@dataclass(frozen=True)
class Pair:
    """One model on one split."""

    candidate: Candidate
    source: Source
    config: EvalConfig


@dataclass
class Batch:
    """What came of some photos."""

    rows: list[Row]
    failures: list[Failure]
    levels: Levels


def evaluate(config: EvalConfig) -> Report:
    """Judge all models, write the files that are asked for, and return the figures."""
    prepare_run(config)
    sources = find_sources(config)
    candidates = open_candidates(config)
    with Progress(config.quiet, "photos") as progress:
        pairs = [Pair(candidate, source, config) for candidate in candidates for source in sources]
        report = Report(config, [measured(pair, progress) for pair in pairs])
        if config.json is not None:
            # Of paths that are no text, what cannot be encoded is spelt out, in JSON just as JSON has it.
            write_atomic(config.json, report.json().encode(errors="backslashreplace"))
        if config.html is not None:
            of_result = {id(result): pair for pair, result in zip(pairs, report.results, strict=True)}
            text = page(report, lambda result, row: again(of_result[id(result)], row))
            write_atomic(config.html, text.encode(errors="backslashreplace"))
    return report


def prepare_run(config: EvalConfig) -> None:
    """Leave the cores to our own threads, and ask now, and not after hours, whether there is a place for the files."""
    cv2.setNumThreads(1)
    for path in (config.json, config.html):
        require(path is None or path.parent.is_dir(), f"{path}: its folder is not there; make it first")


def measured(pair: Pair, progress: Progress) -> Result:
    """Judge one model on one split."""
    begun = time.perf_counter()
    rows: list[Row] = []
    failures: list[Failure] = []
    found = np.zeros((2, 256), np.int64)
    source = pair.source
    with progress.task(f"{pair.candidate.name} on {source.name} {source.split}", len(source.places)) as report:
        for batch in batches(pair):
            rows += batch.rows
            failures += batch.failures
            found += batch.levels
            for failure in batch.failures:
                progress.say(f"{source.name}/{failure.key}: {failure.reason}")
            report(len(rows) + len(failures), len(source.places))
    seconds = time.perf_counter() - begun
    made = figures(rows, len(failures), seconds, SEED)
    return Result(
        pair.candidate.name, source.name, source.split, pair.candidate.about, source.about, rows, failures, found, made
    )


def batches(pair: Pair) -> Iterator[Batch]:
    """Judge the photos of a split in several threads and yield what came of them, in order."""
    workers = pair.config.workers or cores() + 2  # while some wait for the disk, the others keep the cores busy
    places, size = pair.source.places, pair.candidate.batch
    chunks = (places[at : at + size] for at in range(0, len(places), size))
    with ThreadPoolExecutor(workers, "judge") as pool:
        yield from ordered(pool, lambda chunk: judge(pair, chunk), chunks, 2 * workers + 1)


def judge(pair: Pair, places: Sequence[int]) -> Batch:
    """Read photos, have their hands found, and judge the masks."""
    batch = Batch([], [], np.zeros((2, 256), np.int64))
    shots = []
    for place in places:
        try:
            shots.append((place, read(pair, place)))
        except FAILURES as error:
            batch.failures.append(failed(pair, place, error))
    for (place, shot), found in zip(shots, predicted(pair, [shot for _, shot in shots]), strict=True):
        try:
            if not isinstance(found, Found):
                raise found
            keep(pair, shot, found)
            row, of_photo = judged(place, shot, found), levels(shot.truth, found.probability)
        except FAILURES as error:
            batch.failures.append(failed(pair, place, error))
        else:
            batch.rows.append(row)
            batch.levels += of_photo
    return batch


def read(pair: Pair, place: int) -> Shot:
    """Read a photo with its truth as the protocol wants it."""
    shot = pair.source.photos.read(place, pair.candidate.pixels)
    return seed_shot(shot) if pair.config.protocol == "seed" else shot


def predicted(pair: Pair, shots: Sequence[Shot]) -> list[Found | Exception]:
    """Find the hands of photos together or, where one of them makes that fail, one by one."""
    if not shots:
        return []
    try:
        return [*pair.candidate.predict(shots)]
    except FAILURES as error:
        return [error] if len(shots) == 1 else [each for shot in shots for each in predicted(pair, [shot])]


def failed(pair: Pair, place: int, error: Exception) -> Failure:
    """Say why a photo was not judged."""
    return failure_of(pair.source.photos.key(place), error)


def keep(pair: Pair, shot: Shot, found: Found) -> None:
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


def again(pair: Pair, row: Row) -> tuple[Shot, Found]:
    """Read a photo again and find its hands again, to be drawn: keeping pictures would fill the memory."""
    shot = read(pair, row.place)
    (found,) = pair.candidate.predict([shot])
    return shot, found
