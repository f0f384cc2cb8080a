"""JSON files larger than memory: the items of one long list, or the numbers of small records, one after the other."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from handseg_cli.errors import DatasetError

CHUNK = 1 << 20  # bytes
Numbers = dict[str, list[float]]


class _Tail:
    """A file from some place on, as what follows the opening brace of an object."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.head = b"{"

    def read(self, size: int) -> bytes:
        """Read at most so many bytes."""
        if size and self.head:
            head, self.head = self.head, b""
            return head
        return self.file.read(size)


def list_items(path: Path, key: str) -> Generator[dict[str, Any], None, None]:
    """Yield the objects of the list under a key of the outermost object; what stands before it is passed unread."""
    with _opened(path) as file:
        file.seek(_find_list(file, key, path))
        for item in ijson.items(_Tail(file), f"{key}.item", use_float=True, buf_size=CHUNK):
            if not isinstance(item, dict):
                raise DatasetError(f"{path}: {key!r} lists what is no object; fetch it again")
            yield item


def nested_numbers(path: Path) -> Generator[tuple[str, str, Numbers], None, None]:
    """Yield from {outer: {inner: {field: numbers, in lists of any depth}}} each record with its numbers in a row."""
    keys: list[str] = []
    record: Numbers = {}
    numbers: list[float] = []
    with _opened(path) as file:
        for event, value in ijson.basic_parse(file, use_float=True, buf_size=CHUNK):
            if event in ("number", "boolean"):
                numbers.append(value)
            elif event == "map_key":
                keys[-1] = value
                if len(keys) == 3:
                    numbers = record[value] = []
            elif event == "start_map":
                keys.append("")
            elif event == "end_map":
                keys.pop()
                if len(keys) == 2:
                    yield keys[0], keys[1], record
                    record = {}


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, and say of which one whatever is wrong with it."""
    try:
        with path.open("rb") as file:
            yield file
    except ijson.JSONError as error:
        reason = str(error).partition("\n")[0].strip()
        raise DatasetError(f"{path}: is damaged or cut off ({reason}); fetch it again") from error
    except (UnicodeDecodeError, OverflowError) as error:
        raise DatasetError(f"{path}: is damaged ({error}); fetch it again") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check its permissions and its disk") from error


def _find_list(file: BinaryIO, key: str, path: Path) -> int:
    """Return where a key begins that a list follows.

    Parsing what stands before it takes many seconds a gigabyte, finding its bytes a tenth of that. They stand
    nowhere else: within a text, quotes have a backslash before them.
    """
    wanted = re.compile(rb'"%b"\s*:\s*\[' % re.escape(key.encode()))
    at, rest = 0, b""
    while chunk := file.read(CHUNK):
        block = rest + chunk
        if found := wanted.search(block):
            return at + found.start()
        keep = min(len(block), 4096)  # more than a key and the spaces behind it
        at, rest = at + len(block) - keep, block[-keep:]
    raise DatasetError(f"{path}: has no list {key!r}; it is damaged or of another dataset, fetch it again")
