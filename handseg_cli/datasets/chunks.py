"""Chunks: so many entries at a time are read, encoded and kept as one part file, by any process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import cast

from handseg_cli.datasets.dataset import Dataset, Entry
from handseg_cli.datasets.encode import Policy, encode
from handseg_cli.datasets.pool import interrupts_held
from handseg_cli.datasets.survey import trace
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.io.encoded import Encoded
from handseg_cli.io.files import write_atomic
from handseg_cli.io.parts import pack, read_part, to_bytes
from handseg_cli.paths import shown
from handseg_cli.registry import resolve

MOST_REASON = 300  # letters


@dataclass(frozen=True)
class Chunk:
    """Some entries of a dataset, each with its split, and the part file that they are to become."""

    part: Path
    target: str  # "module:attribute" of the dataset
    raw: Path
    policy: Policy
    entries: tuple[tuple[Entry, str], ...]


@dataclass(frozen=True)
class Job:
    """What all chunks of a dataset share; `settings` tells all that decides what comes of an entry."""

    name: str
    target: str
    raw: Path
    policy: Policy
    settings: str
    folder: Path  # of the part files


def chunks(job: Job, entries: Iterable[tuple[Entry, str]]) -> Iterator[Chunk]:
    """Divide entries into chunks, whose part files are named after all that decides what is in them."""
    rest = iter(entries)
    length = chunk_length(job.policy.size)
    while some := tuple(islice(rest, length)):
        name = sha256(job.settings.encode())
        for entry, split in some:
            found = trace(entry, job.raw)
            name.update(found.content + f"\n{split}\n{found.changed_ns}\n".encode())
        yield Chunk(job.folder / name.hexdigest()[:40], job.target, job.raw, job.policy, some)


def chunk_length(size: int) -> int:
    """Return how many samples a chunk has: they are all in memory at once."""
    return 64 if 0 < size <= 1024 else 16


def make_part(chunk: Chunk) -> int:
    """Make the part file of a chunk, if there is no whole one yet, and return how many entries it stands for."""
    if not is_made(chunk.part):
        samples: list[Encoded] = []
        skipped: list[tuple[str, str]] = []
        for entry, split in chunk.entries:
            try:
                samples.append(read_encoded(chunk, entry, split))
            except (ImageError, DatasetError) as error:
                reason = str(error).replace(f"{chunk.raw}{os.sep}", "")
                skipped.append((shown(entry.key), shown(reason)[:MOST_REASON]))
        write_atomic(chunk.part, to_bytes(pack(samples, tuple(skipped))))
    return len(chunk.entries)


def is_made(part: Path) -> bool:
    """Tell whether a part file is whole and lacks nothing: what could not be read is tried again."""
    with suppress(DatasetError):
        return part.is_file() and not read_part(part).head.skipped
    return False


def read_encoded(chunk: Chunk, entry: Entry, split: str) -> Encoded:
    """Read and encode one sample."""
    sample = dataset(chunk.target).read(entry)
    return encode(replace(sample, key=entry.key, group=entry.group, split=split), entry.image, chunk.policy)


@cache
def dataset(target: str) -> Dataset:
    """Return the dataset that "module:attribute" names."""
    with interrupts_held():  # some packages swallow what is raised while they load
        return cast(type[Dataset], resolve(target))()
