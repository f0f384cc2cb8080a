"""The bytes of files that people name: regular files only, so many bytes at most, and without ever waiting."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from handseg_cli.errors import ImageError


def read_bytes(path: Path, limit: int = 512 << 20) -> bytes:
    """Read a regular file of at most `limit` bytes; pipes, devices and folders are refused without waiting."""
    data = _read(path, limit + 1, limit)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def read_head(path: Path, count: int) -> bytes:
    """Read at most the first `count` bytes of a regular file; anything else is refused without waiting."""
    return _read(path, count, None)


def _read(path: Path, count: int, limit: int | None) -> bytes:
    try:
        _refuse_unless_regular(path, path.stat())
        # Between that look at the file and this, a pipe may have taken its name: opening one waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(descriptor)
            _refuse_unless_regular(path, status)
            if limit is not None and status.st_size > limit:
                raise _too_large(path, limit)
            return _read_up_to(descriptor, count, status.st_size)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise ImageError(f"{path}: is not there; check the path, or whether another program moves files") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path}: cannot be read ({reason}); check its permissions and its disk") from error


def _read_up_to(descriptor: int, count: int, size: int) -> bytes:
    """Read at most `count` bytes of a file that is said to have `size`; some network and FUSE folders say 0."""
    data = os.read(descriptor, min(size + 1, count))
    while len(data) not in (size, count) and (more := os.read(descriptor, min(count - len(data), 1 << 24))):
        data += more
    return data


def _too_large(path: Path, limit: int) -> ImageError:
    return ImageError(f"{path}: is larger than the {limit >> 20} MiB that a photo may have; leave it out")


def _refuse_unless_regular(path: Path, status: os.stat_result) -> None:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}
    if not stat.S_ISREG(status.st_mode):
        kind = kinds.get(stat.S_IFMT(status.st_mode), "device")
        raise ImageError(f"{path}: is a {kind}, not a photo; give the path of a file")
