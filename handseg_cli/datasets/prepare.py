"""The prepare verb: read every sample of raw datasets once, and keep them encoded in one file each.

Finished chunks are kept beside the output until all are there, so that a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from handseg_cli import __version__
from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.chunks import Chunk, Job, chunk_length, chunks, dataset, make_part
from handseg_cli.datasets.dataset import Dataset, Entry, HasParts
from handseg_cli.datasets.encode import Policy
from handseg_cli.datasets.pool import run
from handseg_cli.datasets.survey import Survey, survey
from handseg_cli.errors import ConfigError, DatasetError, DiskFullError, HandsegError, OutputError
from handseg_cli.io.encoded import SPLITS
from handseg_cli.io.files import Claim, busy, claim, explained, sync_folder
from handseg_cli.io.hdf5 import Reader, Writer, is_ours
from handseg_cli.io.layout import FORMAT, Header, digest_over
from handseg_cli.io.parts import read_head, read_part
from handseg_cli.io.progress import Progress, Report
from handseg_cli.paths import home, shown
from handseg_cli.registry import ALIASES, DATASETS

MOST_REASONS = 20

# What the levels of each kind of label stand for; what parts there are is for each dataset to say.
CLASSES = {
    **dict.fromkeys(("hand", "hand+arm"), ("background", "hand")),
    "sides": ("background", "left", "right", "both"),
}


@dataclass(frozen=True)
class Wanted:
    """One dataset to prepare."""

    name: str
    target: str
    raw: Path
    final: Path
    policy: Policy


@dataclass(frozen=True)
class PreparedFile:
    """One prepared file, and what it holds."""

    path: Path
    header: Header
    splits: dict[str, int]
    size: int  # bytes
    was_there: bool

    def __str__(self) -> str:
        header, kept = self.header, sum(self.splits.values())
        scaled = f"longer side {header.size} pixels at most" if header.size else "photos not scaled"
        lines = [
            f"{header.dataset}  {self.path}{'  (is up to date)' if self.was_there else ''}",
            f"  samples   {kept:,}: {', '.join(f'{count:,} {name}' for name, count in self.splits.items())}",
            f"  labels    {header.labels}; {scaled}; split by {header.split}, seed {header.seed}",
            f"  digest    {header.digest}",
            f"  bytes     {self.size:,}",
        ]
        if header.skipped:
            more = header.skipped - len(header.reasons)
            reasons = [*header.reasons, *([f"and {more:,} more"] if more else [])]
            lines[2:2] = [f"  skipped   {header.skipped:,}", *(f"    {shown(reason)}" for reason in reasons)]
        return "\n".join(lines)


@dataclass
class Prepared:
    """What came of preparing some datasets."""

    files: list[PreparedFile] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 where a dataset could not be prepared, so that a script can tell."""
        return 1 if self.failures else 0

    def __str__(self) -> str:
        return "\n".join([*map(str, self.files), *(f"failed: {shown(each)}" for each in self.failures)])


def prepare(config: PrepareConfig) -> Prepared:
    """Write the prepared file of each dataset; of several, one that fails does not keep the others away."""
    result = Prepared()
    todo = [wanted(name, config) for name in dict.fromkeys(ALIASES.get(name, name) for name in config.names)]
    with Progress(config.quiet, "samples") as progress:
        for each in todo:
            try:
                result.files.append(prepare_one(each, config, progress))
            except DiskFullError:
                raise
            except HandsegError as error:
                if len(todo) == 1:
                    raise
                result.failures.append(f"{each.name}: {error}")
    return result


def wanted(name: str, config: PrepareConfig) -> Wanted:
    """Tell what is to be done for a dataset; ConfigError if there is none of that name or with those labels."""
    target = DATASETS.get(name)
    if target is None:
        raise ConfigError(f"{name} is no dataset; there are {', '.join(DATASETS)}")
    known = dataset(target).labels
    if config.labels and config.labels not in known:
        raise ConfigError(f"{name} has no labels {config.labels!r}; it has {', '.join(known)}")
    root = home(config.root)
    final = (config.output or root / "prepared") / f"{name}.h5"
    policy = Policy(config.labels or known[0], config.size)
    return Wanted(name, target, config.raw or root / "raw" / name, final, policy)


def prepare_one(each: Wanted, config: PrepareConfig, progress: Progress) -> PreparedFile:
    """Write one prepared file, unless it is there and nothing that it rests on has changed."""
    settings = json.dumps([FORMAT, __version__, each.name, each.policy.labels, each.policy.size])
    with progress.task(f"{each.name}: listed") as report:
        listed = counted(dataset(each.target).find(each.raw), report)
        found = survey(listed, each.raw, settings, config.split, config.seed)
    if found.count == 0:
        raise DatasetError(f"{each.raw}: holds no samples of {each.name}; see `handseg download {each.name}`")
    plan = sha256(f"{found.plan} {config.split} {config.seed}".encode()).hexdigest()
    with explained(each.final):
        each.final.parent.mkdir(parents=True, exist_ok=True)
    with claim(each.final) or busy(each.final) as mine:
        refuse_foreign(each.final)
        if is_up_to_date(each.final, plan, found.changed_ns):
            return described(each.final, was_there=True)
        folder = each.final.with_name(f".{each.final.name}.parts")
        with explained(folder / "part"):
            folder.mkdir(exist_ok=True)
        job = Job(each.name, each.target, each.raw, each.policy, settings, folder)
        parts = make_parts(job, found, config.workers, progress)
        header = Header(
            each.name, each.policy.labels, size=config.size, split=config.split, seed=config.seed, plan=plan
        )
        assemble(mine, header_of(dataset(each.target), header), parts, progress)
    shutil.rmtree(folder, ignore_errors=True)
    sync_folder(each.final.parent)
    return described(each.final, was_there=False)


def counted(entries: Iterable[Entry], report: Report) -> Iterator[Entry]:
    """Pass entries on and tell now and then how many there were."""
    for number, entry in enumerate(entries):
        if number % 100 == 0:
            report(number, 0)
        yield entry


def make_parts(job: Job, found: Survey, workers: int, progress: Progress) -> list[Path]:
    """Make the part files of all chunks that are not there yet, and return all in their order."""
    parts: list[Path] = []

    def listed() -> Iterator[Chunk]:
        for chunk in chunks(job, entries(job, found)):
            parts.append(chunk.part)
            yield chunk

    crew, done = min(workers or cores(), -(-found.count // chunk_length(job.policy.size))), 0
    with progress.task(f"{job.name}: read", found.count) as report, closing(run(listed(), make_part, crew)) as counts:
        for count in counts:
            done += count
            report(done, found.count)
    if done != found.count:
        raise changed(job.raw)
    return parts


def entries(job: Job, found: Survey) -> Iterator[tuple[Entry, str]]:
    """Yield the entries of a dataset with their splits."""
    for place, entry in enumerate(dataset(job.target).find(job.raw)):
        if place >= found.count:
            raise changed(job.raw)
        yield entry, found.splits(place, entry)


def changed(raw: Path) -> DatasetError:
    """Make the error for a raw folder that others are writing to."""
    return DatasetError(f"{raw}: has changed while it was read; run again once nothing writes to it")


def assemble(mine: Claim, header: Header, parts: list[Path], progress: Progress) -> None:
    """Put the parts together as the file that was claimed; DatasetError if most samples could not be read."""
    count, skipped, reasons, sizes = 0, 0, list[str](), dict[str, int]()
    for path in parts:
        head = read_head(path)
        count += head.count
        skipped += len(head.skipped)
        reasons += [f"{key}: {reason}" for key, reason in head.skipped[: MOST_REASONS - len(reasons)]]
        sizes = {name: sizes.get(name, 0) + size for name, size in head.totals.items()}
    if skipped > count:
        few = "; ".join(reasons[:3])
        raise DatasetError(f"{skipped:,} of {count + skipped:,} samples of {header.dataset} cannot be used: {few} ...")
    digest = digest_over(header, (read_head(path).digests for path in parts))
    header = replace(header, skipped=skipped, reasons=tuple(reasons), digest=digest)
    with progress.task(f"{header.dataset}: written", count) as report, explained(mine.final), mine.file() as stream:
        writer, done = Writer(stream, header, count, sizes), 0
        for path in parts:
            part = read_part(path)
            writer.add(part)
            done += part.head.count
            report(done, count)
        writer.finish()
    mine.finish()


def header_of(source: Dataset, header: Header) -> Header:
    """Add to a header what its dataset says of itself."""
    parts = source.parts if header.labels == "parts" and isinstance(source, HasParts) else ()
    classes = CLASSES.get(header.labels, parts)
    return replace(header, classes=classes, licence=source.licence, citation=source.citation, page=source.page)


def refuse_foreign(final: Path) -> None:
    """Raise OutputError if there is a file in the way that is none of ours."""
    with explained(final):
        if not final.exists() or is_ours(final):
            return
    raise OutputError(f"{final}: is there and no prepared file; move it away or write elsewhere with -o DIR")


def is_up_to_date(final: Path, plan: str, changed_ns: int) -> bool:
    """Tell whether a prepared file is there that was made by the same plan of files that have not changed since."""
    with suppress(DatasetError, OSError), Reader(final) as reader:
        return reader.header.plan == plan and final.stat().st_mtime_ns > changed_ns
    return False


def described(final: Path, was_there: bool) -> PreparedFile:
    """Return what a prepared file holds."""
    with Reader(final) as reader:
        splits = {name: len(reader.indices(name)) for name in SPLITS if name}
        return PreparedFile(final, reader.header, splits, final.stat().st_size, was_there)


def cores() -> int:
    """Return how many CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
