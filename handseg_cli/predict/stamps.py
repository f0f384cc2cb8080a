"""The stamp in each picture we write: of which photo, by which model and settings. It tells finished from stale."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handseg_cli import __version__
from handseg_cli.config import Kind
from handseg_cli.errors import ImageError
from handseg_cli.io import jpeg, png
from handseg_cli.io.inputs import read_bytes, read_head

SUFFIXES: dict[Kind, str] = {
    "mask": ".png",
    "probability": ".probability.png",
    "overlay": ".overlay.jpg",
    "cutout": ".cutout.png",
    "sides": ".sides.png",
    "pose": ".json",
    "parts": ".parts.png",
}
KEYWORD = "handseg"
LINES = ".jsonl"  # of a video: a line for each frame
TEXTS = (".json", LINES)
STAMP_LIMIT = 1 << 20  # bytes of a text that tells what it was made of


@dataclass(frozen=True)
class Source:
    """The photo that was read: its size in bytes, its modification time, and the SHA-256 of its bytes.

    `version` is how a store names this version of an object, "" for files, which have none.
    """

    size: int
    mtime_ns: int
    hash: str
    version: str = ""


@dataclass(frozen=True)
class Stamp:
    """What a picture was made of and how; `settings` are those that change this kind of picture."""

    kind: str
    model: str
    settings: dict[str, Any]
    input: Source

    def __str__(self) -> str:
        # Not with `asdict`, which copies deeply and takes as long as a mask takes to compress.
        source = {name: value for name, value in vars(self.input).items() if name != "version" or value}
        fields = {"version": __version__, **vars(self), "input": source}
        return json.dumps(fields, separators=(",", ":"))


def parse_stamp(text: str) -> Stamp | None:
    """Read a stamp, by itself or in JSON that carries it; None for what is no stamp of ours."""
    try:
        fields = json.loads(text)
        fields = fields.get(KEYWORD, fields)
        source = fields["input"]
        return Stamp(
            str(fields["kind"]),
            str(fields["model"]),
            dict(fields["settings"]),
            Source(int(source["size"]), int(source["mtime_ns"]), str(source["hash"]), str(source.get("version", ""))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def read_stamp(path: Path) -> Stamp | None:
    """Read the stamp of a picture; None for one that is not ours, or that cannot be read."""
    try:
        return stamp_in(path.name, read_head(path, head_size(path.name)))
    except ImageError:
        return None


def head_size(name: str) -> int:
    """Return how many of the first bytes of a picture of this name hold its stamp."""
    return {".png": png.HEAD, ".jpg": jpeg.HEAD}.get(os.path.splitext(name)[1], STAMP_LIMIT)


def stamp_in(name: str, head: bytes) -> Stamp | None:
    """Find the stamp in the first bytes of a picture, or of a text: all of it, or its first line, is JSON with it."""
    if name.endswith(".png"):
        return parse_stamp(png.texts_of(head).get(KEYWORD, ""))
    if name.endswith(TEXTS):
        text = head.decode("utf-8", "replace")
        return parse_stamp(text.partition("\n")[0] if name.endswith(LINES) else text)
    return parse_stamp(jpeg.comment_of(head).removeprefix(KEYWORD + " "))


def is_stamped(path: Path) -> bool:
    """Tell whether a file is a picture, or a text, that we wrote."""
    return path.name.endswith((".png", ".overlay.jpg", *TEXTS)) and read_stamp(path) is not None


def is_fresh(found: Stamp, wanted: Stamp) -> bool:
    """Tell whether a picture is what would be written again; the version that wrote it does not matter."""
    if (found.kind, found.model, found.settings) != (wanted.kind, wanted.model, wanted.settings):
        return False
    was, now = found.input, wanted.input
    same_file = (was.size, was.mtime_ns, was.version) == (now.size, now.mtime_ns, now.version)
    return same_file or was.hash == now.hash


def look(path: Path) -> Source:
    """Return what the file system says of a photo, without the hash of its bytes."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: {explain(error)}") from error
    return Source(status.st_size, status.st_mtime_ns, "")


def explain(error: OSError | ValueError) -> str:
    """Say why a path cannot be an input."""
    if isinstance(error, FileNotFoundError):
        return "does not exist; check the path"
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror}); check its permissions"
    return "holds a NUL, so it is no path; what `find -print0` writes takes --files0-from"


def read_stable(path: Path) -> tuple[bytes, Source]:
    """Read a photo that nobody writes to meanwhile, and say what was read."""
    for _ in range(2):
        before = look(path)
        data = read_bytes(path)
        if look(path) == before:
            digest = hashlib.sha256(data).hexdigest()
            return data, Source(before.size, before.mtime_ns, digest)
    raise ImageError(f"{path}: is being written to; run again once it is complete")
