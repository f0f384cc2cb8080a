"""Files of lines that grow while a run goes on: on a disk line by line, in a store as a whole now and then."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from handseg_cli.io.files import alone, explained
from handseg_cli.io.store import store_of
from handseg_cli.paths import Place, Url
from handseg_cli.predict.shards import Shard

PUT_EVERY_S = 60.0
PATIENCE = 20  # times as long as a copy took, before the next one


class Lines(Protocol):
    """What takes lines."""

    def write(self, line: bytes) -> None:
        """Append a line, which ends in a newline."""
        ...

    def close(self) -> None:
        """Let all lines be where they belong."""
        ...


def open_lines(place: Place) -> Lines:
    """Open what is to take lines after those that it has."""
    return AppendedFile(place) if isinstance(place, Path) else CopiedFile(place)


def of_shard(place: Place | None, shard: Shard) -> Place | None:
    """Return where the lines of one part of a run go: to an object of its own, as no two can append to one."""
    if not isinstance(place, Url) or shard.count == 1:
        return place
    part = f"{shard.index + 1}-of-{shard.count}"
    stem, dot, end = place.name.rpartition(".")
    return place.with_name(f"{stem}.{part}.{end}" if dot else f"{end}.{part}")


class AppendedFile:
    """A file of this machine, to which several runs may append at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with explained(path):
            self.descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            with alone(self.descriptor):  # a line that another run is just writing looks cut, too
                if self._is_cut():
                    os.write(self.descriptor, b"\n")

    def _is_cut(self) -> bool:
        """Tell whether a full disk or a power cut has left a line without its end."""
        status = os.fstat(self.descriptor)
        if status.st_size == 0 or not stat.S_ISREG(status.st_mode):
            return False
        os.lseek(self.descriptor, -1, os.SEEK_END)
        return os.read(self.descriptor, 1) != b"\n"

    def write(self, line: bytes) -> None:
        """Append a line, and let no other process write in between."""
        with explained(self.path), alone(self.descriptor):
            rest = line
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


class CopiedFile:
    """An object, which nobody can append to: the lines gather in a file of this machine that is copied there."""

    def __init__(self, url: Url) -> None:
        self.url = url
        self.store = store_of(url)
        self.folder = tempfile.TemporaryDirectory(prefix="handseg-")
        path = Path(self.folder.name, "lines")
        with suppress(FileNotFoundError):
            if self.store.look(url) is not None:
                self.store.fetch(url, path)
        self.file = AppendedFile(path)
        self.is_new = False
        self.next_copy = time.monotonic() + PUT_EVERY_S

    def write(self, line: bytes) -> None:
        """Take in a line."""
        self.file.write(line)
        self.is_new = True
        if time.monotonic() >= self.next_copy:
            self._copy()

    def _copy(self) -> None:
        start = time.monotonic()
        self.store.put(self.file.path, self.url)
        self.is_new = False
        end = time.monotonic()
        self.next_copy = end + max(PUT_EVERY_S, PATIENCE * (end - start))

    def close(self) -> None:
        """Copy what is new a last time."""
        try:
            if self.is_new:
                self._copy()
        finally:
            self.file.close()
            self.folder.cleanup()
