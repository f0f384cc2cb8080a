"""Lists of paths from a file or a pipe, read as they come: lines, or names that end in NUL as of `find -print0`."""

from __future__ import annotations

import os
import select
import sys
import tempfile
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from handseg_cli.errors import ConfigError, ImageError, OutputError
from handseg_cli.io.store import store_of
from handseg_cli.paths import Url, place

ENTRY_LIMIT = 1 << 16  # bytes; Linux takes no path of more than 4096
PATIENCE_S = 0.2


def read_list(source: str, end: bytes) -> Iterator[str | None]:
    """Yield the entries of a list, `-` for stdin; None now and then while a pipe brings nothing.

    Names that are no UTF-8 survive as Python carries them (surrogateescape). Blank entries are skipped.
    """
    rest = b""
    for block in read_blocks(source):
        if block is None:
            yield None
            continue
        *entries, rest = (rest + block).split(end)
        if len(rest) > ENTRY_LIMIT:
            option = "--files-from" if end == b"\0" else "--files0-from"
            raise ConfigError(f"{source}: an entry of over {ENTRY_LIMIT} bytes is no path; should it be {option}?")
        yield from filter(None, (decode(entry, end) for entry in entries))
    if text := decode(rest, end):
        yield text


def read_blocks(source: str) -> Iterator[bytes | None]:
    """Yield what there is to read at a time, None where a pipe has nothing yet."""
    if isinstance(url := place(source), Url):
        yield from pieces_of(url)
        return
    try:
        with open_list(source) as file:
            while True:
                # Windows waits on sockets only.
                if os.name == "posix" and not select.select([file], [], [], PATIENCE_S)[0]:
                    yield None
                elif block := file.read(ENTRY_LIMIT):
                    yield block
                else:
                    return
    except OSError as error:
        raise ConfigError(f"{source}: the list of files cannot be read ({error.strerror})") from error


def pieces_of(url: Url) -> Iterator[bytes]:
    """Yield a list that is an object, from a copy of it: a list is no longer than a disk can take."""
    with tempfile.TemporaryDirectory(prefix="handseg-") as folder:
        path = Path(folder, "list")
        try:
            store_of(url).fetch(url, path)
        except (ImageError, OutputError) as error:
            raise ConfigError(f"{url}: the list of files {str(error).removeprefix(f'{url}: ')}") from error
        with path.open("rb") as file:
            while block := file.read(ENTRY_LIMIT):
                yield block


def open_list(source: str) -> FileIO:
    """Open a list so that a read returns what there is and waits for no more."""
    if source != "-":
        return open(source, "rb", buffering=0)
    if sys.stdin is None:
        raise ConfigError("-: the list of files cannot be read (stdin is closed)")
    return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)


def decode(entry: bytes, end: bytes) -> str:
    """Return an entry as text; lines that were written on Windows end in a carriage return."""
    return os.fsdecode(entry.removesuffix(b"\r") if end == b"\n" else entry)
