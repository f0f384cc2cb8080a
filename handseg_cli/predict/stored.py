"""One file, on a disk, in a bucket or on the web: looked at, read, recognised, and claimed to be written."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol

from handseg_cli.errors import ImageError
from handseg_cli.io.files import claim, explained
from handseg_cli.io.store import Meta, Store, store_of
from handseg_cli.paths import Place, Url
from handseg_cli.predict.stamps import (
    Source,
    Stamp,
    head_size,
    look,
    parse_stamp,
    read_stable,
    read_stamp,
    stamp_in,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A file where a picture is to go: when it was written, and its stamp if it is one of ours."""

    mtime_ns: int
    stamp: Stamp | None


class Writing(Protocol):
    """The right to write one file, held until it is written or released."""

    @property
    def final(self) -> Place:
        """Return what is to be written."""
        ...

    def write(self, data: bytes, note: str = "") -> None:
        """Write all of it at once; `note` is what a store keeps beside the bytes."""
        ...

    def release(self) -> None:
        """Give the right up; does nothing once it has ended."""
        ...

    def __enter__(self) -> Writing: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Stored(Protocol):
    """What a run does with one file, wherever it is."""

    def look(self) -> Source:
        """Tell what it is without its hash, unread; ImageError if it is not there."""
        ...

    def read(self) -> tuple[bytes, Source]:
        """Read it, of one version and not too large."""
        ...

    def written(self) -> Written | None:
        """Tell whether it is a picture of ours, without reading its pixels; None if it is not there."""
        ...

    def claim(self, makes_folder: bool) -> Writing | None:
        """Get the right to write it; None where another has it."""
        ...


def stored(place: Place) -> Stored:
    """Return the file at a place."""
    return OnDisk(place) if isinstance(place, Path) else InStore(place)


class OnDisk:
    """A file of this machine. Claims keep all runs on it apart."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def look(self) -> Source:
        """Tell size and time."""
        return look(self.path)

    def read(self) -> tuple[bytes, Source]:
        """Read a file that nobody writes to meanwhile."""
        return read_stable(self.path)

    def written(self) -> Written | None:
        """Read the stamp from the begin of the file."""
        with explained(self.path):
            try:
                status = os.stat(self.path)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return Written(status.st_mtime_ns, read_stamp(self.path))

    def claim(self, makes_folder: bool) -> Writing | None:
        """Lock the hidden file that will be renamed."""
        if makes_folder:
            with explained(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
        return claim(self.path)


class InStore:
    """An object. A store writes it whole or not at all, but keeps nobody out: of two runs, the last one counts."""

    def __init__(self, url: Url) -> None:
        self.url = url
        self.store: Store = store_of(url)

    def look(self) -> Source:
        """Tell size, time and version."""
        meta = self.store.look(self.url)
        if meta is None:
            raise ImageError(f"{self.url}: does not exist; check the address")
        return source_of(meta)

    def read(self) -> tuple[bytes, Source]:
        """Read an object of one version."""
        data, meta = self.store.read(self.url)
        return data, source_of(meta, hashlib.sha256(data).hexdigest())

    def written(self) -> Written | None:
        """Read the stamp from beside the object or, where nothing is there, from its first bytes."""
        meta = self.store.look(self.url)
        if meta is None:
            return None
        if meta.note is not None:
            return Written(meta.mtime_ns, parse_stamp(meta.note))
        head = self.store.head(self.url, min(head_size(self.url.name), max(meta.size, 1)))
        return Written(meta.mtime_ns, stamp_in(self.url.name, head))

    def claim(self, makes_folder: bool) -> Writing | None:
        """Keep the other threads of this process away."""
        return Mark(self.url, self.store) if Mark.take(self.url) else None


def source_of(meta: Meta, digest: str = "") -> Source:
    """Return what a store tells of a photo as what a stamp tells of it."""
    return Source(meta.size, meta.mtime_ns, digest, meta.version)


class Mark:
    """That one thread of this process is to write an object."""

    _taken: ClassVar[set[Url]] = set()  # of all threads
    _lock = threading.Lock()

    def __init__(self, url: Url, store: Store) -> None:
        self.final = url
        self.store = store
        self.held = True

    @classmethod
    def take(cls, url: Url) -> bool:
        """Mark an object, if no other thread has."""
        with cls._lock:
            free = url not in cls._taken
            cls._taken.add(url)
            return free

    def write(self, data: bytes, note: str = "") -> None:
        """Put the object there, and end."""
        self.store.write(self.final, data, note)
        self.release()

    def release(self) -> None:
        """End, once: by then the mark may be another thread's."""
        with self._lock:
            if self.held:
                self._taken.discard(self.final)
            self.held = False

    def __enter__(self) -> Mark:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
