"""Part files: the samples of one chunk, column by column, kept until all chunks are there to make one prepared file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import COLUMNS, Encoded, digest_of

MARK = "handseg part 2"
Lengths = NDArray[np.uint64]  # (samples, columns), bytes of each cell
Skipped = tuple[tuple[str, str], ...]  # key and reason


@dataclass(frozen=True)
class Head:
    """What a part holds, without the cells themselves."""

    lengths: Lengths
    digests: bytes  # 32 bytes a sample
    skipped: Skipped = ()

    @property
    def count(self) -> int:
        """Return how many samples there are."""
        return len(self.lengths)

    @property
    def totals(self) -> dict[str, int]:
        """Return the bytes of each column."""
        sums = self.lengths.sum(axis=0, dtype=np.uint64)
        return {column.name: int(total) for column, total in zip(COLUMNS, sums, strict=True)}


@dataclass(frozen=True)
class Part:
    """The samples of one chunk: each column is the cells of all samples, one after the other."""

    head: Head
    columns: tuple[bytes, ...] = field(repr=False)


def pack(samples: Sequence[Encoded], skipped: Skipped = ()) -> Part:
    """Lay samples out by columns."""
    cells = [sample.cells() for sample in samples]
    lengths = [[len(each[column.name]) for column in COLUMNS] for each in cells]
    columns = tuple(b"".join(each[column.name] for each in cells) for column in COLUMNS)
    head = Head(np.array(lengths, np.uint64).reshape(-1, len(COLUMNS)), b"".join(map(digest_of, cells)), skipped)
    return Part(head, columns)


def to_bytes(part: Part) -> bytes:
    """Return the content of a part file: a line of JSON, the lengths, the digests, and the columns."""
    head = part.head
    payload = b"".join([head.lengths.astype("<u8").tobytes(), head.digests, *part.columns])
    line = json.dumps(
        {"mark": MARK, "count": head.count, "skipped": head.skipped, "sha256": hashlib.sha256(payload).hexdigest()}
    )
    return line.encode() + b"\n" + payload


def read_head(path: Path) -> Head:
    """Read what a part file holds without its cells; DatasetError if it is no whole part."""
    try:
        with path.open("rb") as stream:
            return _head(stream)[0]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path}: is no whole part of a prepared file; remove it and run again") from error


def read_part(path: Path) -> Part:
    """Read a part file; DatasetError if it is not whole."""
    try:
        with path.open("rb") as stream:
            head, expected = _head(stream)
            columns = tuple(stream.read(int(total)) for total in head.totals.values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path}: is no whole part of a prepared file; remove it and run again") from error
    digest = hashlib.sha256(head.lengths.astype("<u8").tobytes())
    for piece in (head.digests, *columns):
        digest.update(piece)
    if digest.hexdigest() != expected:
        raise DatasetError(f"{path}: is damaged; remove it and run again")
    return Part(head, columns)


def _head(stream: BinaryIO) -> tuple[Head, str]:
    """Read the head of a part, and the sha256 that its payload should have."""
    size = stream.seek(0, 2)
    stream.seek(0)
    line = json.loads(stream.readline(1 << 24))
    count = line["count"]
    per_sample = len(COLUMNS) * 8 + 32
    if line["mark"] != MARK or not 0 <= count * per_sample <= size:
        raise ValueError("it has another mark")
    lengths = np.frombuffer(stream.read(count * len(COLUMNS) * 8), "<u8").reshape(count, len(COLUMNS))
    skipped = tuple((str(key), str(reason)) for key, reason in line["skipped"])
    head = Head(lengths.astype(np.uint64), stream.read(count * 32), skipped)
    if stream.tell() + sum(head.totals.values()) != size:
        raise ValueError("it is cut off")
    return head, str(line["sha256"])
