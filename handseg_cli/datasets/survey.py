"""A first look at all entries of a dataset: how many there are, which split each belongs to, and what they rest on."""

from __future__ import annotations

import io
import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from handseg_cli.config import SplitName
from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.splits import SHARES, seed_indices, split, split_groups, split_of_group

# Beyond so many groups, splits are even by themselves, and the groups need not be remembered.
MOST_GROUPS = 100_000


@dataclass(frozen=True)
class Trace:
    """What an entry rests on."""

    content: bytes  # sha256 over what it says and the sizes of its files, wherever these lie
    changed_ns: int  # when any of its files was changed last


@dataclass(frozen=True)
class Survey:
    """What a first look at a dataset has found."""

    count: int
    plan: str  # sha256 over the settings and all entries, wherever the raw folder lies
    changed_ns: int
    splits: Callable[[int, Entry], str]  # of an entry, given its place


def survey(entries: Iterable[Entry], raw: Path, settings: str, how: SplitName, seed: int) -> Survey:
    """Look at all entries once."""
    plan, count, changed = sha256(settings.encode()), 0, 0
    groups: Counter[str] = Counter()
    for entry in entries:
        found = trace(entry, raw)
        plan.update(found.content)
        changed = max(changed, found.changed_ns)
        count += 1
        if how == "group" and len(groups) <= MOST_GROUPS:
            groups[entry.group or entry.key] += 1
    return Survey(count, plan.hexdigest(), changed, splitter(how, seed, count, groups))


def splitter(how: SplitName, seed: int, count: int, groups: Counter[str]) -> Callable[[int, Entry], str]:
    """Return what names the split of an entry."""
    if how == "official":
        return lambda place, entry: split([entry], "official", seed)[0]
    if how == "seed":
        names = list(SHARES)
        codes = np.empty(count, np.uint8)
        for code, indices in enumerate(seed_indices(count, seed)):
            codes[indices] = code
        return lambda place, entry: names[codes[place]]
    if len(groups) > MOST_GROUPS:
        return lambda place, entry: split_of_group(entry.group or entry.key, seed)
    chosen = split_groups(groups, seed)
    return lambda place, entry: chosen.get(entry.group or entry.key, "train")


def trace(entry: Entry, raw: Path) -> Trace:
    """Tell what an entry rests on, without reading its files."""
    stream = io.BytesIO()
    pickler = _Pickler(stream, raw)
    pickler.dump(entry.detail)
    files = [entry.image, *([entry.labels] if entry.labels else []), *pickler.files]
    states = [_state(file) for file in files]
    said = json.dumps([entry.key, entry.group, entry.split, [size for size, _ in states]])
    content = sha256(said.encode() + b"\n" + stream.getvalue()).digest()
    return Trace(content, max(changed for _, changed in states))


class _Pickler(pickle.Pickler):
    """Notes the paths that it meets, and writes them as they are seen from the raw folder."""

    def __init__(self, stream: io.BytesIO, raw: Path) -> None:
        super().__init__(stream, protocol=5)
        self.raw = raw
        self.files: list[Path] = []

    def persistent_id(self, found: object) -> str | None:
        if not isinstance(found, Path):
            return None
        self.files.append(found)
        return str(found.relative_to(self.raw) if found.is_relative_to(self.raw) else found)


def _state(file: Path) -> tuple[int, int]:
    """Return the size of a file and when it, or what it may be used for, was changed; -1 where there is none."""
    try:
        status = file.stat()
    except OSError:
        return -1, 0
    return status.st_size, max(status.st_mtime_ns, status.st_ctime_ns)
