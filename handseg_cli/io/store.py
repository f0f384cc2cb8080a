"""Objects in buckets and on the web, all by one shape: list, look, read, write.

What a store takes is imported when its first address is met; files of this machine never come here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from handseg_cli.paths import Url
from handseg_cli.registry import STORES, resolve

LARGEST = 512 << 20  # bytes of an object that is read at once

REPLACED = "has been replaced while it was read; start again"


@dataclass(frozen=True, slots=True)
class Meta:
    """What a store tells of an object without reading it: its bytes, its time, and the name of this version ("": none).

    `note` is the text that we have left beside its bytes, None where it is not told or there is none.
    """

    size: int
    mtime_ns: int
    version: str = ""
    note: str | None = None


Page = list[tuple[str, Meta]]  # keys within their bucket, in order
Span = tuple[int, int]  # bytes of an object: where they begin, and how many


class Store(Protocol):
    """What holds objects. Errors are ImageErrors of what is read and OutputErrors of what is written."""

    def pages(self, folder: Url, recursive: bool) -> Iterator[Page]:
        """Yield what is in a folder, or anywhere below it, some objects at a time; nothing where there is none."""
        ...

    def look(self, url: Url) -> Meta | None:
        """Tell of one object, None if it is not there."""
        ...

    def read(self, url: Url, limit: int = LARGEST) -> tuple[bytes, Meta]:
        """Read an object of at most `limit` bytes, and tell what was read."""
        ...

    def head(self, url: Url, count: int) -> bytes:
        """Read at most the first `count` bytes."""
        ...

    def parts(self, url: Url, spans: Sequence[Span], of: Meta) -> list[bytes]:
        """Read stretches of an object at once, of the version that was looked at where the store can tell."""
        ...

    def write(self, url: Url, data: bytes, note: str) -> None:
        """Put an object there whole, or not at all, with a note beside it where the store keeps one."""
        ...

    def fetch(self, url: Url, file: Path) -> None:
        """Copy an object of any size into a file; FileNotFoundError if it is not there."""
        ...

    def put(self, file: Path, url: Url) -> None:
        """Copy a file of any size into an object."""
        ...


def store_of(url: Url) -> Store:
    """Return the store of an address; an error that names the extra to install where its package is missing."""
    return open_store(url.scheme)


@cache
def open_store(scheme: str) -> Store:
    """Open what the addresses of a scheme are in; its credentials come from where its own tools look for them."""
    if scheme not in STORES:
        return cast(Callable[[], Store], resolve("handseg_cli.io.web_store:WebStore"))()
    adapter, filesystem = STORES[scheme]
    wanted = resolve(filesystem)
    return cast(Callable[[object], Store], resolve(adapter))(wanted)
