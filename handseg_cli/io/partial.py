"""The unfinished file of a download: hidden beside its target, locked, and kept when the process ends.

A small file beside it says what its bytes came from, so that the next run can ask for the rest of the same thing.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from types import TracebackType

from handseg_cli.errors import DiskFullError, DownloadError, OutputError
from handseg_cli.io.files import FLAGS, TRIES, explained, lock, part_of, still_named, sync_folder, write_atomic

MARK = ".origin"


@dataclass(frozen=True)
class Origin:
    """What bytes came from, as far as the server has told."""

    url: str = ""  # as it was given, not where it was redirected to
    etag: str = ""
    modified: str = ""
    size: int = 0  # of the whole file; 0: not told

    @property
    def validator(self) -> str:
        """What the server can tell from whether the file is still the same; weak ETags do not do (RFC 9110, 13.1.5)."""
        return self.etag if self.etag.startswith('"') else self.modified

    def contradicts(self, other: Origin) -> bool:
        """Tell whether two answers of one address were about different files, by what both have told."""
        mine, theirs = astuple(self), astuple(other)
        return self.url == other.url and any(a and b and a != b for a, b in zip(mine, theirs, strict=True))


class Part:
    """The bytes that have come so far. Only one run at a time holds them."""

    def __init__(self, target: Path, path: Path, descriptor: int, locked: bool) -> None:
        self.target = target
        self.path = path
        self.notes = part_of(target, MARK)
        self.locked = locked
        self._descriptor: int | None = descriptor
        self.origin = read_origin(self.notes) if self.size else Origin()

    @property
    def descriptor(self) -> int:
        """The open file."""
        if self._descriptor is None:
            raise ValueError(f"{self.target}: this download has ended")
        return self._descriptor

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return os.fstat(self.descriptor).st_size

    def begin(self, origin: Origin) -> None:
        """Forget all bytes; those that come now are of this origin."""
        self.cut(0)
        # Only now: what the notes tell must never be said of older bytes.
        write_atomic(self.notes, json.dumps(asdict(origin)).encode())
        self.origin = origin

    def cut(self, size: int) -> None:
        """Forget all bytes from a position on."""
        with explained(self.target):
            os.ftruncate(self.descriptor, size)

    def put(self, position: int, data: bytes) -> bool:
        """Add bytes at a position not beyond the end; False, and nothing done, if those that are there differ."""
        with explained(self.target):
            os.lseek(self.descriptor, position, os.SEEK_SET)
            there = os.read(self.descriptor, min(len(data), max(0, self.size - position)))
            if there != data[: len(there)]:
                return False
            rest = memoryview(data)[len(there) :]
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        return True

    def require_named(self) -> None:
        """Raise OutputError where the bytes can no longer be found by their name."""
        with explained(self.target):
            if not still_named(self.descriptor, self.path):
                raise OutputError(f"{self.target}: somebody has removed {self.path.name}; run again")

    def finish(self) -> None:
        """Put the bytes on the disk and give the file its name."""
        with explained(self.target):
            os.fsync(self.descriptor)
            self.require_named()
            if not self.locked:  # Windows renames no open file
                self._close()
            os.replace(self.path, self.target)
            self._close()
        with suppress(OSError):
            self.notes.unlink()
        sync_folder(self.target.parent)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None and not self.size:  # nothing worth keeping
            with suppress(OSError):
                self.notes.unlink(missing_ok=True)
                self.path.unlink()  # while it is locked nobody else can have taken it over
        self._close()


def open_part(target: Path) -> Part:
    """Take over what an earlier run has left of a file, or begin it; DownloadError where another run is at it.

    Where nothing can be locked two runs are not told from each other. They write the same bytes to the same places,
    and the one that comes last to the name finds that its file is gone.
    """
    path = part_of(target)
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(TRIES):
            descriptor = os.open(path, FLAGS, 0o666)
            state = lock(descriptor)
            if state != "busy" and still_named(descriptor, path):
                return Part(target, path, descriptor, state == "locked")
            os.close(descriptor)
            if state == "busy":
                break
    raise DownloadError(f"{target}: another run is fetching it; wait until that is done, or stop it")


def read_origin(notes: Path) -> Origin:
    """Return what was noted of unfinished bytes; nothing where the notes are missing or damaged."""
    try:
        said = json.loads(notes.read_bytes())
        origin = Origin(str(said["url"]), str(said["etag"]), str(said["modified"]), int(said["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Origin()
    return origin


def require_space(folder: Path, needed: int, name: str) -> None:
    """Raise DiskFullError unless a folder that exists has room for so many bytes more."""
    with explained(folder / name):
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(
            f"{folder}: {name} needs {needed / 1e6:,.1f} MB more, {free / 1e6:,.1f} MB are free; "
            "make room and run the same again, or keep data in another folder with --root"
        )
