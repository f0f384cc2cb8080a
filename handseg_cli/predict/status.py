"""The status verb: what the manifests of a run, of one shard or of many, tell of how far it has come."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import PredictConfig, StatusConfig
from handseg_cli.errors import HandsegError, NothingFoundError
from handseg_cli.predict.ledger import FAILED, Ledger, key_of
from handseg_cli.predict.lines import Entry, find_manifests, on_disk, read_lines
from handseg_cli.predict.shards import Shard
from handseg_cli.predict.sources import Sources
from handseg_cli.predict.status_report import Failures, Part, Report

PAUSE_S = 300.0  # without a record for so long a run has ended, or has been interrupted
GROUPS = 200  # reasons that are told apart
EXAMPLES = 20  # kept of each reason: some may have been done since
CHUNK = 1 << 16


@dataclass
class Pace:
    """How fast one manifest has grown since its last pause. Times are seconds since 1970."""

    first: float = 0.0
    last: float = 0.0
    done: int = 0

    def add(self, entry: Entry) -> None:
        """Take in a record; those of several threads and runs come about in the order of their times."""
        if entry.time - self.last > PAUSE_S:
            self.first, self.done = entry.time, 0
        self.last = max(self.last, entry.time)
        self.done += entry.status == 0

    def rate(self) -> float:
        """Return the photos done a second, 0 where that cannot be told."""
        return self.done / (self.last - self.first) if self.last > self.first else 0.0

    def is_running(self, now: float) -> bool:
        """Tell whether it has grown lately."""
        return 0 < now - self.last < PAUSE_S


@dataclass
class Reasons:
    """The reasons for failures, alike but for their numbers taken together, each with the last paths that had it."""

    codes: dict[str, int] = field(default_factory=dict)
    examples: list[deque[Entry]] = field(default_factory=list)

    def code(self, entry: Entry) -> int:
        """Return the code of a failure."""
        alike = re.sub(r"\d+", "0", entry.reason)
        if alike not in self.codes and len(self.codes) >= GROUPS:
            alike = "others"
        if alike not in self.codes:
            self.codes[alike] = len(self.codes)
            self.examples.append(deque(maxlen=EXAMPLES))
        place = self.codes[alike]
        self.examples[place].append(entry)
        return FAILED + place

    def example(self, place: int, ledger: Ledger) -> Entry:
        """Return a failure for a reason; if any is remembered, one that has not been done since."""
        entries = self.examples[place]
        codes = ledger.codes_of([key_of(entry.path) for entry in entries])
        return next((each for each, code in zip(entries, codes, strict=True) if code == FAILED + place), entries[-1])

    def failures(self, counts: NDArray[np.int64], ledger: Ledger) -> list[Failures]:
        """Return those that are the last word on some input, the most frequent first; counts of each code are given."""
        found = []
        for place, count in enumerate(counts[FAILED:].tolist()):
            if count:
                example = self.example(place, ledger)
                found.append(Failures(example.reason, count, example.path))
        return sorted(found, key=lambda each: -each.count)


def status(config: StatusConfig) -> Report:
    """Read manifests, look for what is missing, and tell how far the work has come."""
    ledger, reasons = Ledger(), Reasons()
    parts = [Part(path) for path in find_manifests(config.manifests)]
    paces = [take_in(part, number, ledger, reasons) for number, part in enumerate(parts)]
    counts = ledger.counts(len(parts))
    if not counts.any():
        raise nothing_in(parts)
    now = time.time()
    for row, part, pace in zip(counts, parts, paces, strict=True):
        part.done, part.skipped, part.busy = map(int, row[:FAILED])
        part.failed = int(row[FAILED:].sum())
        part.rate, part.last, part.running = pace.rate(), pace.last, pace.is_running(now)
    failures = reasons.failures(counts.sum(axis=0), ledger)
    inputs, missing, example = look_for(config, ledger) if config.knows_inputs else (None, None, "")
    return Report(parts, failures, inputs, missing, example, now, config.json)


def nothing_in(parts: list[Part]) -> HandsegError:
    """Return what there is to say where no manifest holds a record."""
    for part in parts:
        if part.damaged:
            return HandsegError(f"{part.path}: is no manifest; name what `handseg predict --manifest FILE` has written")
    return NothingFoundError("the manifests hold no record yet; see `handseg status --help`")


def take_in(part: Part, number: int, ledger: Ledger, reasons: Reasons) -> Pace:
    """Read a manifest into the ledger and return how fast it has grown."""
    pace = Pace()
    with on_disk(part.path) as path:
        part.exists = path is not None
        for entry in read_lines(path) if path is not None else ():
            if entry is None:
                part.damaged += 1
                continue
            code = reasons.code(entry) if entry.status == FAILED else entry.status
            ledger.add(key_of(entry.path), entry.time, code, number)
            pace.add(entry)
    return pace


def look_for(config: StatusConfig, ledger: Ledger) -> tuple[int, int, str]:
    """Return how many inputs there are, how many of them no record tells of, and one of these."""
    wanted = PredictConfig(
        paths=config.inputs, recursive=config.recursive, files_from=config.files_from, files0_from=config.files0_from
    )
    paths = (str(item.path) for item in Sources(wanted, Shard()) if item is not None)
    inputs, missing, example = 0, 0, ""
    while chunk := list(islice(paths, CHUNK)):
        codes = ledger.codes_of([key_of(path) for path in chunk])
        absent = [path for path, code in zip(chunk, codes, strict=True) if code < 0]
        inputs += len(chunk)
        missing += len(absent)
        example = example or next(iter(absent), "")
    return inputs, missing, example
