"""Files that are whole or absent: a locked hidden file beside the target is the claim on it, and renaming it ends it.

A killed process loses its lock, so that all it leaves behind is a hidden file which the next run takes over.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, NoReturn

from handseg_cli.errors import DiskFullError, OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PART = ".handseg-part"
NAME_LIMIT = 255  # bytes of a file name on Linux, macOS and Windows
TRIES = 100  # other runs may finish the same file between our opening and our locking it
FLAGS = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}  # what some network and FUSE file systems answer


class Claim:
    """The right to write one file, held against other runs and threads until it is written or released."""

    def __init__(self, final: Path, part: Path, descriptor: int, locked: bool) -> None:
        self.final = final
        self.part = part
        self.locked = locked
        self._descriptor: int | None = descriptor

    @property
    def descriptor(self) -> int:
        """The open file."""
        if self._descriptor is None:
            raise ValueError(f"{self.final}: this claim has ended")
        return self._descriptor

    def write(self, data: bytes, note: str = "") -> None:
        """Put the bytes on the disk, then give them their final name; the claim ends. A file takes no note."""
        with explained(self.final):
            if os.fstat(self.descriptor).st_size:  # a killed run has left some bytes
                os.ftruncate(self.descriptor, 0)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        self.finish()

    def file(self) -> BinaryIO:
        """Open the file, empty, to write it piece by piece; close it before `finish`."""
        with explained(self.final):
            os.ftruncate(self.descriptor, 0)
            return os.fdopen(self.descriptor, "r+b", closefd=False)

    def finish(self) -> None:
        """Put what was written on the disk and give it its final name; the claim ends."""
        with explained(self.final):
            os.fsync(self.descriptor)
            if not self.locked:  # Windows renames no open file
                self._close()
            elif not still_named(self.descriptor, self.part):
                raise OutputError(f"{self.final}: somebody has removed its unfinished file {self.part.name}; run again")
            # The lock is held until the new name stands, so that nobody takes the old one over in between.
            os.replace(self.part, self.final)
            self._close()

    def release(self) -> None:
        """Give the claim up and leave no trace; does nothing once it has ended."""
        if self._descriptor is None:
            return
        with suppress(OSError):  # the folder may be gone; a hidden file that stays does no harm
            if not self.locked:
                self._close()
            os.unlink(self.part)  # while it is locked nobody else can have taken it over
        self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(final: Path) -> Claim | None:
    """Claim the file to be written as `final`; None where another run or thread is at it.

    Whoever gets a claim looks again whether the file is still to be written: another run may just have done it.
    """
    part = part_of(final)
    with explained(final):
        for _ in range(TRIES):
            descriptor = os.open(part, FLAGS, 0o666)
            state = lock(descriptor)
            if state == "locked" and still_named(descriptor, part):
                return Claim(final, part, descriptor, locked=True)
            os.close(descriptor)
            if state == "busy":
                return None
            if state == "no locks":
                os.unlink(part)
                return claim_unlocked(final)
    return None


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or, whatever happens, as it was before."""
    with claim(path) or busy(path) as mine:
        mine.write(data)


def busy(path: Path) -> NoReturn:
    """Raise what there is to say of a file that could not be claimed."""
    raise OutputError(f"{path}: another run is writing it; run again once that is done")


def part_of(final: Path, mark: str = "") -> Path:
    """Return where a file is written before it gets its name: hidden, beside it, and with a name that fits."""
    name = f".{final.name}{mark}{PART}"
    if len(os.fsencode(final.name)) > NAME_LIMIT:
        raise OutputError(
            f"{final}: a file name of more than {NAME_LIMIT} bytes cannot be written; shorten the input's"
        )
    if len(os.fsencode(name)) > NAME_LIMIT:
        name = f".{hashlib.blake2b(os.fsencode(final.name), digest_size=16).hexdigest()}{mark}{PART}"
    return final.parent / name


def lock(descriptor: int) -> Literal["locked", "busy", "no locks"]:
    """Lock an opened file without waiting. The lock ends with the descriptor, so with the process at the latest."""
    if fcntl is None:
        return "no locks"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return "busy"
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return "no locks"
    return "locked"


@contextmanager
def alone(descriptor: int) -> Iterator[None]:
    """Keep a file from others who ask for the same, where the system can."""
    if fcntl is None:
        yield
        return
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def still_named(descriptor: int, part: Path) -> bool:
    """Tell whether the name still stands for the opened file, which another run may have renamed or removed since."""
    opened = os.fstat(descriptor)
    try:
        named = os.lstat(part)
    except FileNotFoundError:
        return False
    if (opened.st_dev, opened.st_ino) != (named.st_dev, named.st_ino):
        return False
    if stat.S_ISREG(opened.st_mode) and opened.st_nlink == 1:
        return True
    os.unlink(part)  # a pipe, or a second name for somebody's file, which writing would destroy
    return False


def claim_unlocked(final: Path) -> Claim:
    """Claim where nothing can be locked: under a name of our own, so that two runs at worst do the same work twice."""
    part = part_of(final, f".{os.getpid()}-{threading.get_ident()}")
    return Claim(final, part, os.open(part, FLAGS | os.O_EXCL, 0o666), locked=False)


def write_stdout(data: bytes) -> None:
    """Write bytes to stdout at once; nothing stays in a buffer that Python would stumble over at exit."""
    with explained(Path("/dev/stdout")):
        if sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed")
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an OSError about a file that is to be written into a message that says what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise  # nobody reads on: no failure to talk of
        if error.errno in FULL:
            raise DiskFullError(
                f"{path.parent}: no space left on the disk; make room and run the same again"
            ) from error
        if error.errno in FORBIDDEN:
            raise OutputError(
                f"{path.parent}: cannot be written to ({error.strerror}); "
                "write elsewhere: -o DIR for masks and prepared files, --root DIR for downloads"
            ) from error
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
