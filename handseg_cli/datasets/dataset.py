"""What a dataset is: archives to fetch, entries that are cheap to list, and samples that are dear to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from handseg_cli.sample import Sample


@dataclass(frozen=True)
class Archive:
    """One file to be had, and how to tell that it is the right one."""

    name: str  # that it is kept under
    url: str  # https://..., http://... where a host has nothing better, or gdrive:ID; "": people have to get it by hand
    size: int = 0  # bytes; 0 where nobody has told
    about: int = 0  # bytes, roughly, where the size is not known
    sha256: str = ""  # "": recorded when it is first fetched, and compared ever after
    md5: str = ""
    mirrors: tuple[str, ...] = ()  # tried in order after the url
    into: str = ""  # folder, below that of the dataset, to unpack it into
    unpacked: bool = True  # False: it stays as it is
    brings: str = ""  # what it is unpacked to, of one that people may have unpacked by hand
    part_of: str = ""  # the split tar of which it is a part; the parts follow each other
    sums: str = ""  # the archive, fetched before it, that lists its MD5 by name


@dataclass(frozen=True)
class Entry:
    """One sample that is there, not yet read."""

    key: str
    image: Path
    labels: Path | None = None  # the file of its mask or of its annotations
    group: str = ""
    split: str = ""
    detail: Any = None  # small: what reading it needs besides


class Dataset(Protocol):
    """A kind of raw folder; an adapter has no state."""

    archives: tuple[Archive, ...]
    licence: str
    citation: str
    page: str
    labels: tuple[str, ...]  # of hand, hand+arm, sides, parts, joints; the first is what is prepared unless asked

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the samples of a raw folder, always in the same order; DatasetError where something is missing."""
        ...

    def read(self, entry: Entry) -> Sample:
        """Read one sample; ImageError or DatasetError where it is broken."""
        ...


@runtime_checkable
class HasParts(Protocol):
    """A dataset that has labels for the parts of hands, too."""

    parts: tuple[str, ...]  # what their numbers stand for, from 0, the background, on
