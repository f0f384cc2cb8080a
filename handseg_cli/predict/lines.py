"""Manifests read back: the records of a file that may still grow, and whose lines may be cut."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from handseg_cli.errors import HandsegError
from handseg_cli.io.store import store_of
from handseg_cli.paths import Place, Url
from handseg_cli.predict.ledger import BUSY, DONE, FAILED, SKIPPED
from handseg_cli.predict.stamps import LINES

LINE_LIMIT = 1 << 20  # bytes
STATUSES = {"done": DONE, "skipped": SKIPPED, "busy": BUSY, "failed": FAILED}


class Entry(NamedTuple):
    """A record of a manifest, as far as it tells how a run gets on; `time` is 0 where an earlier version wrote it."""

    path: str
    status: int
    reason: str
    time: float


def find_manifests(places: Iterable[Place]) -> Iterator[Place]:
    """Yield the manifests that are named, for a folder those in it; each once."""
    seen = set()
    for place in places:
        for each in in_folder(place):
            if each not in seen:
                seen.add(each)
                yield each


def in_folder(place: Place) -> Iterable[Place]:
    """Return the manifests in a folder, or the place itself if it is none."""
    if isinstance(place, Path):
        return sorted(place.glob(f"*{LINES}")) if place.is_dir() else [place]
    if place.name.endswith(LINES):
        return [place]
    keys = (key for page in store_of(place).pages(place, recursive=False) for key, _ in page)
    return [Url(place.scheme, f"{place.bucket}/{key}") for key in keys if key.endswith(LINES)]


@contextmanager
def on_disk(place: Place) -> Iterator[Path | None]:
    """Give the file of a manifest, of one in a store a copy; None where it is not there."""
    if isinstance(place, Path):
        yield place if place.exists() else None
        return
    if store_of(place).look(place) is None:
        yield None
        return
    with TemporaryDirectory(prefix="handseg-") as folder:
        copy = Path(folder, "lines")
        store_of(place).fetch(place, copy)
        yield copy


def read_lines(path: Path) -> Iterator[Entry | None]:
    """Yield the records of a manifest, None for each line that is none; a line that is being written is left out."""
    try:
        with path.open("rb") as file:
            while line := file.readline(LINE_LIMIT):
                entry = parse(line)
                if entry is not None or line.endswith(b"\n") or len(line) == LINE_LIMIT:
                    yield entry
    except OSError as error:
        raise HandsegError(f"{path}: the manifest cannot be read ({error.strerror})") from error


def parse(line: bytes) -> Entry | None:
    """Read a line; None for one that is cut, or was never a record."""
    try:
        fields: dict[str, Any] = json.loads(line)
        path = fields["path"]
        if "path_base64" in fields:
            path = os.fsdecode(base64.b64decode(fields["path_base64"]))
        return Entry(str(path), STATUSES[fields["status"]], str(fields["reason"]), float(fields.get("time", 0)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
