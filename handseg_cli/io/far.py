"""Prepared files in a store, far larger than this disk may be.

What is small of every sample is copied here once, as an outline. The rest, its pictures, is asked for by stretches,
those of many samples at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.io.encoded import COLUMNS
from handseg_cli.io.hdf5 import Reader
from handseg_cli.io.outline import is_far, outline
from handseg_cli.io.store import Meta, Span, store_of
from handseg_cli.paths import Place, Url, home

AT_ONCE = 32  # samples or batches that are waited for
GAP, LONGEST = 1 << 16, 1 << 20  # bytes: stretches so near to each other are asked for as one, unless it gets so long


class Wanted(NamedTuple):
    """A cell that lies far away, and where in the file."""

    start: int
    length: int
    at: int
    column: str


class Coming(NamedTuple):
    """Stretches that have been asked for, and which bytes of which of them are a cell."""

    data: Future[list[bytes]]
    number: int
    start: int
    length: int

    def cell(self) -> bytes:
        """Wait for the bytes."""
        return self.data.result()[self.number][self.start : self.start + self.length]


def reader_of(path: Place, root: Path | None = None) -> Reader:
    """Return the reader of a prepared file, be it on this disk or in a store; `root` is where data are kept."""
    return FarReader(path, home(root) / "outlines") if isinstance(path, Url) else Reader(path)


class FarReader(Reader):
    """A prepared file in a store. It serves threads, and other processes, which see the same version of it."""

    def __init__(self, url: Url, folder: Path, meta: Meta | None = None) -> None:
        super().__init__(url)
        self.url, self.folder, self.meta = url, folder, meta
        self._coming: dict[int, dict[str, Coming]] = {}

    def expect(self, indices: Sequence[int]) -> None:
        """Begin to fetch the pictures of samples that are read next, and forget those of all others."""
        known, count = self._coming, len(self)
        rows = dict.fromkeys(range(count)[index] for index in indices)
        self._coming = {at: known[at] for at in rows if at in known} | self._ask([at for at in rows if at not in known])

    def _cells(self, at: int) -> dict[str, bytes]:
        coming = self._coming.get(at) or self._ask([at])[at]
        far = {name: each.cell() for name, each in coming.items()}
        return {column.name: far.get(column.name) or self._cell(column, at) for column in COLUMNS}

    def _ask(self, rows: Sequence[int]) -> dict[int, dict[str, Coming]]:
        """Ask for all that is far away of samples."""
        asked: dict[int, dict[str, Coming]] = {at: {} for at in rows}
        groups = [*joined(sorted(self._wanted(rows)))]
        spans = [(group[0].start, group[-1].start + group[-1].length - group[0].start) for group in groups]
        if spans:
            data = askers().submit(stretches_of, self.url, spans, self._met())
            for number, group in enumerate(groups):
                for each in group:
                    asked[each.at][each.column] = Coming(data, number, each.start - group[0].start, each.length)
        return asked

    def _wanted(self, rows: Sequence[int]) -> Iterator[Wanted]:
        content = self._open()[1]
        for column in (column for column in COLUMNS if is_far(content, column)):
            for at in rows:
                start, length = self._stretch(column, at)
                if length:
                    yield Wanted(content.regions[column.name].start + start, length, at, column.name)

    def _met(self) -> Meta:
        """Return what the file was when it was first met."""
        if self.meta is None:
            self.meta = looked_at(self.url)
        return self.meta

    def _file(self) -> Path:
        return outline(self.folder, self.url, self._met(), lambda spans: stretches_of(self.url, spans, self._met()))

    def __reduce__(self) -> tuple[type[FarReader], tuple[Url, Path, Meta]]:
        return FarReader, (self.url, self.folder, self._met())


def joined(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Put those together, of cells in the order of the file, that are best asked for at once."""
    group: list[Wanted] = []
    for each in wanted:
        if group:
            end = group[-1].start + group[-1].length
            if each.start > end + GAP or each.start + each.length > group[0].start + LONGEST:
                yield group
                group = []
        group.append(each)
    if group:
        yield group


def looked_at(url: Url) -> Meta:
    """Tell of a prepared file in a store; DatasetError if it is not there."""
    try:
        meta = store_of(url).look(url)
    except ImageError as error:
        raise DatasetError(str(error)) from error
    if meta is None:
        raise DatasetError(f"{url}: is not there; give the address of a file that `handseg prepare` has made")
    if meta.size < 0:
        raise DatasetError(f"{url}: is not there, or its server does not tell its length; put it into a bucket")
    return meta


def stretches_of(url: Url, spans: Sequence[Span], met: Meta) -> list[bytes]:
    """Read stretches of a file in a store; DatasetError if they are not to be had, even after a while."""
    try:
        data = store_of(url).parts(url, spans, met)
    except ImageError as error:
        raise DatasetError(str(error)) from error
    if [len(each) for each in data] != [length for _, length in spans]:
        raise DatasetError(f"{url}: has been cut off; put it there again")
    return data


@cache
def askers() -> ThreadPoolExecutor:
    """Return the threads of this process that wait for stores."""
    return ThreadPoolExecutor(AT_ONCE, "far")
