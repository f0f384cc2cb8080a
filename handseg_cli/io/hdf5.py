"""Prepared files: the samples of a dataset in one HDF5 file, written in one go and read one by one.

HDF5 is asked only where the arrays lie, and their bytes are written and read past it. So an open file survives fork,
reading takes no lock of HDF5's, and a full disk is an error like any other.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import COLUMNS, SIDES, SPLITS, Column, Encoded, decode, digest_of, from_cells
from handseg_cli.io.files import busy, claim, explained
from handseg_cli.io.layout import Content, Header, Region, digest_over, is_prepared, lay_out, offsets_of, read_content
from handseg_cli.io.parts import Part, pack
from handseg_cli.paths import Place
from handseg_cli.sample import Sample

MOST_BYTES = 1 << 28  # of one cell

# What h5py raises for files that are damaged or hostile.
DAMAGE = (
    *(OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, NotImplementedError, MemoryError),
)

SEEKING = threading.Lock()  # where the system cannot read from a place without going there


class Writer:
    """Writes the samples of parts, in their order, into an empty file; the bytes of each column are known before."""

    def __init__(self, stream: BinaryIO, header: Header, count: int, sizes: Mapping[str, int]) -> None:
        self.stream = stream
        self.columns = [(number, column) for number, column in enumerate(COLUMNS) if sizes.get(column.name)]
        self.regions = lay_out(stream, header, count, {name: size for name, size in sizes.items() if size})
        self.filled = dict.fromkeys(self.regions, 0)
        for _, column in self.columns:
            if not column.fixed:
                self._append(offsets_of(column), bytes(8))

    def add(self, part: Part) -> None:
        """Append the samples of a part."""
        for number, column in self.columns:
            if not column.fixed:
                before = np.uint64(self.filled[column.name] // column.row_bytes)
                rows = part.head.lengths[:, number] // np.uint64(column.row_bytes)
                self._append(offsets_of(column), (before + np.cumsum(rows, dtype=np.uint64)).astype("<u8").tobytes())
            self._append(column.name, part.columns[number])

    def finish(self) -> None:
        """Check that every array is full; the stream stays open."""
        lacking = [name for name, region in self.regions.items() if self.filled[name] != region.length]
        if lacking:
            raise ValueError(f"{', '.join(lacking)}: less was added than had been announced")
        self.stream.flush()

    def _append(self, name: str, data: bytes) -> None:
        region = self.regions[name]
        if self.filled[name] + len(data) > region.length:
            raise ValueError(f"{name}: more was added than had been announced")
        self.stream.seek(region.start + self.filled[name])
        self.stream.write(data)
        self.filled[name] += len(data)


def write(path: Path, header: Header, samples: Sequence[Encoded]) -> Header:
    """Write a prepared file of samples that fit into memory, and return its header with the digest."""
    part = pack(samples)
    header = replace(header, digest=digest_over(header, [part.head.digests]))
    with claim(path) or busy(path) as mine:
        with explained(path), mine.file() as stream:
            writer = Writer(stream, header, part.head.count, part.head.totals)
            writer.add(part)
            writer.finish()
        mine.finish()
    return header


class Reader:
    """A prepared file, opened when it is first asked for something; it serves threads, and processes after fork."""

    def __init__(self, path: Place) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened: tuple[BinaryIO, Content] | None = None

    @property
    def header(self) -> Header:
        """Return what the file says of itself."""
        return self._open()[1].header

    def __len__(self) -> int:
        return self._open()[1].count

    def __getitem__(self, index: int) -> Sample:
        """Decode a sample; a negative index counts from the end. DatasetError if it is damaged."""
        encoded = self.encoded(index)
        try:
            return decode(encoded)
        except DatasetError as error:
            raise DatasetError(f"{self.path}: sample {index}: {error}") from error

    def encoded(self, index: int) -> Encoded:
        """Return a sample as it is stored."""
        at = range(len(self))[index]
        try:
            return from_cells(self._cells(at))
        except DatasetError as error:
            if str(error).startswith(f"{self.path}: "):
                raise
            raise DatasetError(f"{self.path}: sample {index}: {error}") from error

    def indices(self, split: str) -> NDArray[np.int64]:
        """Return which samples are in the "train", "val" or "test" split, "" for those in none."""
        codes = np.frombuffer(self._read("split", 0, len(self)), np.uint8)
        return np.flatnonzero(codes == SPLITS.index(split)).astype(np.int64)

    def sizes(self) -> NDArray[np.uint32]:
        """Return the (height, width) of every sample."""
        return np.frombuffer(self._read("size", 0, 8 * len(self)), "<u4").reshape(-1, 2).astype(np.uint32)

    def groups(self) -> list[str]:
        """Return the group of every sample."""
        column = next(column for column in COLUMNS if column.name == "group")
        return [self._cell(column, at).decode(errors="replace") for at in range(len(self))]

    def hands(self) -> list[str]:
        """Return which hands every sample shows: "left", "right", "both", or "" where that is not told."""
        return [SIDES[code] if code < len(SIDES) else "" for code in self._read("hands", 0, len(self))]

    def valid(self, joints: int) -> NDArray[np.bool_]:
        """Return which of so many joints of every sample are valid, (N, joints); none of one that has not as many."""
        found = np.zeros((len(self), joints), np.bool_)
        region = self._open()[1].regions.get("valid")
        if region is not None:
            column = next(column for column in COLUMNS if column.name == "valid")
            flags = np.frombuffer(self._read("valid", 0, region.length), np.uint8)
            ends = np.frombuffer(self._read(offsets_of(column), 0, 8 * (len(self) + 1)), "<u8")
            begin, end = ends[:-1], ends[1:]
            for at in np.flatnonzero((begin <= end) & (end <= region.length) & (end - begin == joints)):
                found[at] = flags[begin[at] : end[at]]
        return found

    def has(self, column: str) -> bool:
        """Tell whether any sample has a "mask", "sides", "parts", "joints" ... ."""
        return column in self._open()[1].regions

    def verify(self) -> None:
        """Read everything; DatasetError unless the digest of the file is that of its samples."""
        digests = (digest_of(self._cells(at)) for at in range(len(self)))
        if digest_over(self.header, digests) != self.header.digest:
            raise DatasetError(f"{self.path}: is damaged, its samples have another digest; prepare the dataset again")

    def expect(self, indices: Sequence[int]) -> None:
        """Learn which samples are read next: of use where reading takes its time."""

    def close(self) -> None:
        """Close the file; it is opened again when it is asked for something."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()

    def _cells(self, at: int) -> dict[str, bytes]:
        return {column.name: self._cell(column, at) for column in COLUMNS}

    def _cell(self, column: Column, at: int) -> bytes:
        stretch = self._stretch(column, at)
        return self._read(column.name, *stretch) if stretch.length else b""

    def _stretch(self, column: Column, at: int) -> Region:
        """Return where in its array a cell is; nowhere if there is no such array."""
        region = self._open()[1].regions.get(column.name)
        if region is None:
            return Region(0, 0)
        if column.fixed:
            return Region(at * column.row_bytes, column.row_bytes)
        begin, end = struct.unpack("<QQ", self._read(offsets_of(column), 8 * at, 16))
        length = (end - begin) * column.row_bytes
        if begin > end or end * column.row_bytes > region.length or length > MOST_BYTES:
            raise DatasetError(f"its {column.name} lies where it cannot be; prepare the dataset again")
        return Region(begin * column.row_bytes, length)

    def _read(self, name: str, start: int, length: int) -> bytes:
        """Read a stretch of an array that is known to be within it."""
        stream, content = self._open()
        data, place = b"", content.regions[name].start + start
        while len(data) < length:
            try:
                more = read_at(stream, place + len(data), length - len(data))
            except OSError as error:
                raise DatasetError(f"{self.path}: cannot be read ({error.strerror}); check its disk") from error
            if not more:
                raise DatasetError(f"{self.path}: has been cut off; prepare the dataset again")
            data = data + more if data else more
        return data

    def _open(self) -> tuple[BinaryIO, Content]:
        if self._opened is None:
            with self._lock:
                self._opened = self._opened or open_prepared(self._file())
        return self._opened

    def _file(self) -> Path:
        assert isinstance(self.path, Path)
        return self.path

    def __reduce__(self) -> tuple[type[Reader], tuple[Any, ...]]:
        return type(self), (self.path,)

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def open_prepared(path: Path) -> tuple[BinaryIO, Content]:
    """Open a prepared file and check what can be checked without reading its samples; DatasetError if it is none."""
    try:
        if not path.is_file():
            what = "is no file" if path.exists() else "is not there"
            raise DatasetError(f"{path}: {what}; give the path of a file that `handseg prepare` has made")
        stream: BinaryIO = path.open("rb", buffering=0)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{path}: cannot be read ({reason}); check its permissions and its disk") from error
    try:
        return stream, read_content(stream)
    except DatasetError as error:
        stream.close()
        raise DatasetError(f"{path}: {error}") from error
    except DAMAGE as error:
        stream.close()
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DatasetError(f"{path}: is damaged or no prepared file ({reason}); prepare the dataset again") from error


def is_ours(path: Path) -> bool:
    """Tell whether a file is a prepared one, be it of an older version."""
    with path.open("rb") as stream:
        try:
            return is_prepared(stream)
        except DAMAGE:
            return False


def read_at(stream: BinaryIO, place: int, length: int) -> bytes:
    """Read at most `length` bytes from a place, whatever others who share the open file do."""
    if hasattr(os, "pread"):
        return os.pread(stream.fileno(), length, place)
    with SEEKING:
        stream.seek(place)
        return stream.read(length)
