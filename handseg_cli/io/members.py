"""What the readers of archives share: files read as one, members, and why an archive cannot be used."""

from __future__ import annotations

import io
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from handseg_cli.errors import DownloadError
from handseg_cli.paths import shown

PIECE = 1 << 20  # bytes held at once


class DamageError(Exception):
    """Why an archive cannot be used."""


class Member(NamedTuple):
    """A file or folder of an archive; all its pieces are to be read before the next member is asked for."""

    name: str
    is_folder: bool
    pieces: Iterator[bytes]
    records: int = 0  # bytes of what the archive has about this member, and not as its content


class Parts(io.RawIOBase):
    """Files read as one, and how many bytes of them were read."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.done = 0
        self._at = 0
        self._number = -1
        self._file: io.FileIO | None = None
        try:
            self._ends = list(accumulate(path.stat().st_size for path in paths))
        except OSError as error:
            raise _unreadable(error) from error
        self.size = self._ends[-1] if paths else 0

    def readable(self) -> bool:
        """Say yes, which io.RawIOBase does not."""
        return True

    def seekable(self) -> bool:
        """Say yes, which io.RawIOBase does not."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of the whole."""
        if offset < 0:
            raise DamageError("it points before its beginning")
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence] + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read on, at most to the end of a part."""
        if self._at >= self.size:
            return 0
        number = bisect_right(self._ends, self._at)
        try:
            if self._file is None or number != self._number:
                self._end_part()
                self._file, self._number = io.FileIO(self.paths[number]), number
            self._file.seek(self._at - (self._ends[number - 1] if number else 0))
            count = self._file.readinto(memoryview(buffer)[: self._ends[number] - self._at])
        except OSError as error:
            raise _unreadable(error) from error
        if not count:
            raise DamageError(f"{self.paths[number].name} has become shorter")
        self._at += count
        self.done += count
        return count

    def close(self) -> None:
        """Close the part that is open."""
        self._end_part()
        super().close()

    def _end_part(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def exactly(stream: io.BufferedIOBase, count: int) -> bytes:
    """Read so many bytes; DamageError where there are fewer."""
    data = up_to(stream, count)
    if len(data) < count:
        raise DamageError("it is cut short")
    return data


def up_to(stream: io.BufferedIOBase, count: int) -> bytes:
    """Read so many bytes or, at the end, fewer."""
    try:
        return stream.read(count)
    except (OSError, EOFError, zlib.error) as error:  # what the decompressors raise; Parts raises its own
        raise DamageError(str(error)) from error


def pieces(stream: io.BufferedIOBase, count: int) -> Iterator[bytes]:
    """Read so many bytes piece by piece."""
    while count:
        piece = exactly(stream, min(count, PIECE))
        count -= len(piece)
        yield piece


def as_name(data: bytes, coding: str) -> str:
    """Return a name as text."""
    try:
        return data.decode(coding)
    except UnicodeDecodeError as error:
        raise DamageError(f"{data[:80]!r} is no name") from error


def member(name: str, is_folder: bool, size: int, content: Iterator[bytes]) -> Member:
    """Return a member; a name that ends in a slash is that of a folder, too."""
    is_folder = is_folder or name.endswith("/")
    if is_folder and size:
        raise DamageError(f"{told(name)} is a folder with bytes in it")
    return Member(name, is_folder, content)


def told(name: str) -> str:
    """Return a member's name as a message may show it."""
    return shown(name if len(name) <= 80 else f"{name[:77]}...")


def _unreadable(error: OSError) -> DownloadError:
    place = error.filename or "an archive"
    return DownloadError(f"{place}: cannot be read ({error.strerror}); check its permissions and its disk")
