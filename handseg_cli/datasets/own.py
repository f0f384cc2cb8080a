"""What the adapters for people's own data share: trees to walk, paths that may not leave them, keys, groups and splits.

Label files are written by anyone: no path, size or number in them is believed before it is checked.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from handseg_cli.datasets.dataset import Entry
from handseg_cli.errors import DatasetError
from handseg_cli.io.images import IMAGE_SUFFIXES, read_photo
from handseg_cli.io.inputs import read_bytes
from handseg_cli.paths import shown
from handseg_cli.sample import Image

LICENCE = "yours"
CITATION = "your own data"
MAX_PIXELS = 100_000_000
# Parsing a file of numbers takes eight times its size in memory.
MAX_LABELS = 512 << 20

SPLITS = {
    **{name: "train" for name in ("train", "training")},
    **{name: "val" for name in ("val", "valid", "validation")},
    **{name: "test" for name in ("test", "testing")},
}
# Folders that tell what a file is, not whose it is.
KINDS = frozenset({"images", "masks", "labels", "annotations"})


@dataclass(frozen=True)
class Place:
    """What the path of a sample tells of it."""

    key: str
    group: str
    split: str


def split_of(name: str) -> str:
    """Return the split that the name of a folder stands for, "" for none: `valid` and `val2017` are "val"."""
    return SPLITS.get(name.lower().rstrip("0123456789"), "")


def split_in(name: str) -> str:
    """Return the split that one word in the name of a file stands for: "val" for `instances_val2017`."""
    return next((split for word in re.split(r"[^a-zA-Z0-9]", name) if (split := split_of(word))), "")


def places(paths: Iterable[Path], root: Path) -> dict[Path, Place]:
    """Give each path its key, group and split; keys lack the suffix and images/ where they differ without."""
    parts = {path: path.relative_to(root).parts for path in paths}
    keys = {path: _keys(names) for path, names in parts.items()}
    while True:
        counts = Counter(choices[0] for choices in keys.values())
        clashing = [path for path, choices in keys.items() if counts[choices[0]] > 1 and len(choices) > 1]
        if not clashing:
            return {path: _place(choices[0], parts[path]) for path, choices in keys.items()}
        keys |= {path: keys[path][1:] for path in clashing}


def _keys(names: tuple[str, ...]) -> list[str]:
    """Return the keys that a path may have, the shortest first and a unique one last."""
    folders = _folders(names)
    return [shown("/".join(each)) for each in ((*folders, Path(names[-1]).stem), (*folders, names[-1]), names)]


def _place(key: str, names: tuple[str, ...]) -> Place:
    splits = [split for name in names[:-1] if (split := split_of(name))]
    group = "/".join(name for name in _folders(names) if not split_of(name))
    return Place(key, shown(group) or key, splits[0] if splits else "")


def _folders(names: tuple[str, ...]) -> list[str]:
    return [name for name in names[:-1] if name.lower() not in KINDS]


def folder_of(raw: Path, expected: str) -> Path:
    """Return the raw folder if it is one; otherwise say what was expected."""
    if not os.path.isdir(raw):
        state = "is no folder" if os.path.lexists(raw) else "is missing"
        raise DatasetError(f"{raw}: {state}; name a folder with {expected}")
    return raw


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder with the names of its files, in order and without hidden ones; links are followed once."""
    seen = set()
    for folder, folders, files in os.walk(root, onerror=_unreadable, followlinks=True):
        try:
            status = os.stat(folder)
        except OSError as error:
            _unreadable(error)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        yield Path(folder), sorted(name for name in files if not name.startswith("."))


def list_files(folder: Path) -> list[str]:
    """List what a folder holds, in order and without hidden names; nothing where there is no folder."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        _unreadable(error)


def _unreadable(error: OSError) -> NoReturn:
    raise DatasetError(f"{error.filename}: cannot be listed ({error.strerror}); check its permissions") from error


def is_photo(name: str) -> bool:
    """Tell whether a name ends as those of photos do."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def below(root: Path, base: Path, text: str) -> Path | None:
    """Return the path that `text` names from `base`, a folder in `root`, or None where that is not below `root`.

    Links count as the folders they stand in: whoever has made them may.
    """
    plain = text.replace("\\", "/")  # many labels are written on Windows
    if not plain.strip() or "\0" in plain or plain.startswith("/") or re.match("[A-Za-z]:", plain):
        return None
    # Of the root nothing is resolved: `..` after a link is not where it seems.
    relative = os.path.normpath(base.relative_to(root) / plain)
    return None if relative == "." or Path(relative).parts[0] == ".." else root / relative


def inside(root: Path, base: Path, text: object, where: str) -> Path:
    """Return the path that a label file names; DatasetError, from `where`, for one that is not below `root`."""
    if not isinstance(text, str) or not text.strip():
        raise DatasetError(f"{where}: names no file; write its path there, relative to {base}")
    path = below(root, base, text)
    if path is None:
        raise DatasetError(f"{where}: {shown(text)[:200]} is not below {root}; write a relative path that is")
    return path


def read_text(path: Path, limit: int = MAX_LABELS) -> str:
    """Read a label file of at most `limit` bytes of UTF-8."""
    try:
        if path.stat().st_size > limit:
            raise DatasetError(f"{path}: is larger than {limit >> 20} MiB; split it into several files")
        return read_bytes(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is no UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def read_json(path: Path) -> object:
    """Read a JSON file of whatever content."""
    try:
        value: object = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: is broken JSON ({error}); write or copy it again") from error
    return value


def read_image(entry: Entry) -> Image:
    """Decode the photo of an entry, (H, W, 3) uint8 RGB, turned as it is displayed."""
    return read_photo(read_bytes(entry.image), str(entry.image), max_pixels=MAX_PIXELS).image


def require_size(labels: tuple[int, int], photo: tuple[int, int], where: str) -> None:
    """Raise DatasetError, from `where`, unless labels have the (height, width) of their photo."""
    if labels == photo:
        return
    advice = "its EXIF turns the photo: label it as displayed" if labels == photo[::-1] else "they must be of one size"
    sizes = [f"{width} x {height}" for height, width in (labels, photo)]
    raise DatasetError(f"{where}: is for {sizes[0]} pixels but the photo has {sizes[1]}; {advice}")
