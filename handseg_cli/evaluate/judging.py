"""What the runs of all tasks have in common: photos are judged in several threads, and files written in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

import cv2

from handseg_cli.config import EvalConfig
from handseg_cli.config.marks import require
from handseg_cli.evaluate.findings import Failure, Findings
from handseg_cli.io.files import write_atomic
from handseg_cli.io.progress import Progress
from handseg_cli.predict.ordered import cores, ordered
from handseg_cli.predict.stream import STORE_WAITERS


class Named(Protocol):
    """A model, or a split, that says which it is."""

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> Mapping[str, Any]: ...


class Split(Named, Protocol):
    """One split of one dataset."""

    @property
    def split(self) -> str: ...
    @property
    def places(self) -> Sequence[int]: ...


C = TypeVar("C", bound=Named)
S = TypeVar("S", bound=Split)
T = TypeVar("T")


@dataclass(frozen=True)
class Pair(Generic[C, S]):
    """One model on one split."""

    candidate: C
    source: S
    config: EvalConfig

    @property
    def facts(self) -> tuple[str, str, str, Mapping[str, str], Mapping[str, str | int]]:
        """Return what a result says of it."""
        model, source = self.candidate, self.source
        return model.name, source.name, source.split, model.about, source.about


def prepare_run(config: EvalConfig) -> None:
    """Leave the cores to our own threads, and ask now, and not after hours, whether there is a place for the files."""
    cv2.setNumThreads(1)
    for path in (config.json, config.html):
        require(path is None or path.parent.is_dir(), f"{path}: its folder is not there; make it first")


def in_work(config: EvalConfig) -> int:
    """Return how many photos are in work at a time: while some wait for a disk, or a store, others keep cores busy."""
    return config.workers or cores() + (STORE_WAITERS if config.is_remote else 2)


def each_photo(
    pair: Pair[C, S], judge: Callable[[Sequence[int]], Iterable[T | Failure]], progress: Progress, size: int = 1
) -> Iterator[T | Failure]:
    """Yield what `judge` makes of the photos of a split, in order; it is given some `size` at a time, by threads."""
    source, workers, done = pair.source, in_work(pair.config), 0
    total = len(source.places)
    chunks = (source.places[at : at + size] for at in range(0, total, size))
    with (
        progress.task(f"{pair.candidate.name} on {source.name} {source.split}", total) as report,
        ThreadPoolExecutor(workers, "judge") as pool,
    ):
        for each in chain.from_iterable(ordered(pool, judge, chunks, 2 * workers + 1)):
            if isinstance(each, Failure):
                progress.say(f"{source.name}/{each.key}: {each.reason}")
            yield each
            done += 1
            report(done, total)


def parted(photos: Iterable[T | Failure]) -> tuple[list[T], list[Failure]]:
    """Part what was judged from what was not."""
    found: list[T] = []
    failures: list[Failure] = []
    for each in photos:
        if isinstance(each, Failure):
            failures.append(each)
        else:
            found.append(each)
    return found, failures


def write_reports(report: Findings[Any], text: Callable[[], str], page: Callable[[], str]) -> None:
    """Write the JSON `text` and the HTML page if they are asked for."""
    for path, made in ((report.config.json, text), (report.config.html, page)):
        if path is not None:
            # Of paths that are no text, what cannot be encoded is spelt out, in JSON just as JSON has it.
            write_atomic(path, made().encode(errors="backslashreplace"))
