"""The outline of a prepared file in a store: a file of its length that has all but its large arrays, holes for these.

It takes little of the disk, is read like the whole file, and is shared by all processes of a machine.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import COLUMNS, Column
from handseg_cli.io.files import claim, explained
from handseg_cli.io.hdf5 import DAMAGE
from handseg_cli.io.layout import Content, read_content
from handseg_cli.io.store import Meta, Span
from handseg_cli.paths import Url, shown

SMALL = 2048  # bytes: columns whose cells have no more on average are kept here
BLOCK = 1 << 16  # what HDF5 tells of itself lies in some ten of these
STRETCH = 1 << 20
AT_ONCE = 16  # stretches asked for together
WAIT_S = 0.2

Ask = Callable[[Sequence[Span]], list[bytes]]


def outline(folder: Path, url: Url, meta: Meta, ask: Ask) -> Path:
    """Return the outline of a version of a file, made if it is not there yet by one of the processes that want it."""
    who, which = (hashlib.sha256(text.encode()).hexdigest()[:16] for text in (str(url), repr(meta)))
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{who}-{which}.outline"
    while not final.exists():
        mine = claim(final)
        if mine is None:
            time.sleep(WAIT_S)
            continue
        with mine:
            if not final.exists():
                with explained(final), mine.file() as stream:
                    fill(stream, url, meta, ask)
                mine.finish()
    for old in folder.glob(f"{who}-*.outline"):
        if old != final:
            with suppress(OSError):
                old.unlink()
    return final


def fill(stream: BinaryIO, url: Url, meta: Meta, ask: Ask) -> None:
    """Write the outline of a file; DatasetError if it is no prepared one, or cannot be read."""
    stream.truncate(meta.size)
    blocks = Blocks(stream, meta.size, ask)
    try:
        content = read_content(blocks)  # type: ignore[arg-type]
    except DatasetError as error:
        text = str(error)
        raise DatasetError(text if text.startswith(str(url)) else f"{url}: {text}") from error
    except DAMAGE as error:
        if blocks.failure is not None:
            raise blocks.failure from error
        reason = shown(" ".join(str(error).split()))[:160] or type(error).__name__
        raise DatasetError(f"{url}: is damaged or no prepared file ({reason}); prepare the dataset again") from error
    spans = [*near(content)]
    for at in range(0, len(spans), AT_ONCE):
        asked = spans[at : at + AT_ONCE]
        for (start, _), data in zip(asked, ask(asked), strict=True):
            put(stream, start, data)
    stream.flush()


def put(stream: BinaryIO, start: int, data: bytes) -> None:
    """Write bytes where they belong."""
    stream.seek(start)
    stream.write(data)


def is_far(content: Content, column: Column) -> bool:
    """Tell whether a column is left where it is, as it is too large."""
    region = content.regions.get(column.name)
    return region is not None and region.length > SMALL * content.count


def near(content: Content) -> Iterator[Span]:
    """Yield the stretches of all arrays that are kept here."""
    far = {column.name for column in COLUMNS if is_far(content, column)}
    for name in content.regions.keys() - far:
        start, length = content.regions[name]
        for at in range(start, start + length, STRETCH):
            yield at, min(STRETCH, start + length - at)


class Blocks(io.RawIOBase):
    """A file in a store as HDF5 reads it: block by block, each of which is written into the outline."""

    def __init__(self, stream: BinaryIO, size: int, ask: Ask) -> None:
        self.stream, self.size, self.ask = stream, size, ask
        self.at = 0
        self.there: set[int] = set()
        self.failure: DatasetError | None = None

    def readable(self) -> bool:
        """Tell that it is."""
        return True

    def seekable(self) -> bool:
        """Tell that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        return self.at

    def tell(self) -> int:
        """Return the place."""
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Read from the place on."""
        end = min(self.at + len(buffer), self.size)
        for block in range(self.at // BLOCK, -(-end // BLOCK)):
            if block not in self.there:
                self._fetch(block)
        self.stream.seek(self.at)
        data = self.stream.read(max(0, end - self.at))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)

    def _fetch(self, block: int) -> None:
        start = block * BLOCK
        try:
            put(self.stream, start, self.ask([(start, min(BLOCK, self.size - start))])[0])
        except DatasetError as error:
            self.failure = error
            raise OSError(str(error)) from error
        self.there.add(block)
