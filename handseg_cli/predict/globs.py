"""Patterns such as `photos/**/*.jpg`, for when no shell has expanded them: in order, one folder in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

MAGIC = frozenset("*?[")


def is_glob(text: str) -> bool:
    """Tell whether a text may be a pattern."""
    return not MAGIC.isdisjoint(text)


def root_of(pattern: str) -> Path:
    """Return the folder below which all matches of a pattern lie."""
    return split(pattern)[0]


def expand(pattern: str) -> Iterator[Path]:
    """Yield what matches a pattern, sorted by name; hidden names only where the pattern has the dot.

    As in the shell, `**` stands for any number of folders. It enters no links, which may go in circles.
    """
    root, parts = split(pattern)
    for path in matches(root, parts):
        # Folders below ** would bring files that are matched on their own.
        if "**" not in parts or not os.path.isdir(path):
            yield path


def split(pattern: str) -> tuple[Path, tuple[str, ...]]:
    """Split a pattern into the folder before the first part with magic in it, and the parts from there on."""
    parts = Path(pattern).parts
    plain = next((number for number, part in enumerate(parts) if is_glob(part)), len(parts) - 1)
    return Path(*parts[:plain]), parts[plain:]


def matches(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """Yield what matches the parts of a pattern below a folder."""
    head, rest = parts[0], parts[1:]
    if head == "**":
        for inner in folders_below(folder):
            yield from matches(inner, rest or ("*",))
        return
    names = [name for name in names_in(folder) if is_match(name, head)] if is_glob(head) else [head]
    for path in (folder / name for name in names):
        if not rest:
            if os.path.lexists(path):
                yield path
        elif os.path.isdir(path):
            yield from matches(path, rest)


def folders_below(root: Path) -> Iterator[Path]:
    """Yield a folder and the folders in it, at any depth."""
    pending = [root]
    while pending:
        folder = pending.pop()
        yield folder
        inner = (folder / name for name in reversed(names_in(folder)) if not name.startswith("."))
        pending += [path for path in inner if os.path.isdir(path) and not os.path.islink(path)]


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder in order, none where it cannot be read: so do shells."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def is_match(name: str, part: str) -> bool:
    """Tell whether a name matches one part of a pattern."""
    return fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))


def segments_match(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Tell whether the names on the way to an object match the parts of a pattern; ** is any number of names."""
    if not parts or not names:
        return not names and all(part == "**" for part in parts)
    if parts[0] == "**":
        return segments_match(names, parts[1:]) or segments_match(names[1:], parts)
    return is_match(names[0], parts[0]) and segments_match(names[1:], parts[1:])
