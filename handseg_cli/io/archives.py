"""Archives of strangers, unpacked into a folder that is there whole or not at all.

No header is believed: bytes are counted as they come out, and only new files and folders with plain names are made,
because the checks of Python's tarfile have been got around (CVE-2025-4517).
"""

from __future__ import annotations

import bz2
import filecmp
import gzip
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from handseg_cli.errors import DiskFullError, DownloadError, OutputError
from handseg_cli.io.files import NAME_LIMIT, alone, busy, claim, explained, part_of, sync_folder, write_atomic
from handseg_cli.io.members import PIECE, DamageError, Member, Parts, told
from handseg_cli.io.tar import BLOCK, is_header, tar_members
from handseg_cli.io.zip import entries, zip_members

MARKS = ".handseg-unpacked"  # folder with one small file for each archive that was unpacked into the folder around it
DEEPEST, LONGEST = 64, 1024  # folders and bytes of a name; macOS opens no longer path
STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\\]|(^|/)[A-Za-z]:")  # control letters, and what Windows reads otherwise
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

Report = Callable[[int, int], None]  # is told how many bytes of the archive were read, and how many it has


@dataclass(frozen=True)
class Limits:
    """What an archive may hold at most; InterHand2.6M, the largest we know, is 82 GB in 1.4 million members."""

    members: int = 8_000_000
    total: int = 1 << 40  # bytes
    one: int = 1 << 36  # bytes of one member
    ratio: int = 200  # bytes that come out for each byte of the archive
    excused: int = 4 << 20  # bytes that may come out at any ratio


LIMITS = Limits()


@dataclass(frozen=True)
class Receipt:
    """What is kept about an archive that was unpacked: its size and what came out, in bytes."""

    archive: str
    size: int
    sha256: str = ""
    files: int = 0
    bytes: int = 0


def unpack(
    archive: Path, folder: Path, *, limits: Limits = LIMITS, report: Report | None = None, sha256: str = ""
) -> None:
    """Unpack a zip, tar, tar.gz or tar.bz2 into a folder, new or not, and leave a mark in it."""
    _unpack([archive], folder, Receipt(archive.name, 0, sha256), limits, report)


def unpack_parts(
    parts: Sequence[Path], folder: Path, name: str, *, limits: Limits = LIMITS, report: Report | None = None
) -> None:
    """Unpack a tar that was cut into parts, given in their order and never joined; `name` is that of the whole."""
    _unpack(parts, folder, Receipt(name, 0), limits, report)


def is_unpacked(folder: Path, archive_name: str) -> bool:
    """Tell whether a folder holds everything that an archive has in it."""
    try:
        receipt = json.loads((folder / MARKS / f"{archive_name}.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(receipt, dict) and receipt.get("archive") == archive_name


def _unpack(paths: Sequence[Path], folder: Path, receipt: Receipt, limits: Limits, report: Report | None) -> None:
    """Unpack beside the folder, then rename. What a killed run has left is thrown away."""
    folder = folder.resolve()
    home = folder if os.path.ismount(folder) else folder.parent  # nothing can be renamed into another file system
    lock = home / f"{folder.name}.{receipt.archive}"
    with explained(folder):
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder}: is no folder; move it away, or unpack elsewhere")
        home.mkdir(parents=True, exist_ok=True)
    with Parts(paths) as source, claim(lock) or busy(folder) as mine:
        temporary = part_of(lock, ".tree" if mine.locked else f".tree-{os.getpid()}")
        try:
            with explained(folder):
                _remove(temporary)
                _check_space(home, source, limits)
                temporary.mkdir()
                files, size = _write(temporary, source, limits, report)
                _settle(temporary, folder, replace(receipt, size=source.size, files=files, bytes=size))
        except DamageError as damage:
            whole = f"{paths[0]}" + " and its other parts" * (len(paths) > 1)
            raise DownloadError(f"{whole}: is damaged ({damage}); delete it and run the download again") from damage
        finally:
            with suppress(OSError):
                _remove(temporary)


def _remove(tree: Path) -> None:
    if tree.is_dir() and not tree.is_symlink():
        shutil.rmtree(tree)
    else:
        tree.unlink(missing_ok=True)


def _most(limits: Limits, source: Parts) -> int:
    """Return how many bytes may come out of an archive."""
    return min(limits.total, max(limits.excused, limits.ratio * source.size))


def _check_space(home: Path, source: Parts, limits: Limits) -> None:
    """Stop early where an archive says itself that it cannot be unpacked here; if it lies, that shows later."""
    size = source.size
    with _stream(source) as stream:
        if _is_zip(stream.peek(BLOCK)):
            size = sum(entry.size for entry in entries(stream))
    if size > _most(limits, source):
        raise DamageError(f"{size} bytes are said to come out of its {source.size}, which is too much")
    free = shutil.disk_usage(home).free
    if size > free:
        raise DiskFullError(f"{home}: {size} bytes are needed, {free} are free; make room and run the same again")


# --- members ---------------------------------------------------------------------------------------------------


def _stream(source: Parts) -> io.BufferedReader[Parts]:
    """Open what an archive is made of, from its beginning."""
    return io.BufferedReader(Parts(source.paths), PIECE)


def _is_zip(head: bytes) -> bool:
    return head.startswith((b"PK\3\4", b"PK\5\6"))


def _members(source: Parts) -> Iterator[Member]:
    """Yield the members of a zip, tar, tar.gz or tar.bz2, told by its first bytes."""
    stream = io.BufferedReader(source, PIECE)
    head = stream.read(BLOCK)
    stream.seek(0)
    if _is_zip(head):
        with _stream(source) as directory:
            yield from zip_members(stream, directory)
    elif head.startswith(b"\x1f\x8b"):
        yield from tar_members(gzip.GzipFile(fileobj=stream, mode="rb"))
    elif head.startswith(b"BZh"):
        yield from tar_members(bz2.BZ2File(stream))
    elif is_header(head):
        yield from tar_members(stream)
    else:
        raise DamageError("it is no zip or tar archive")


def _place(name: str) -> tuple[str, ...]:
    """Return the folders and the file that a member's name stands for; DamageError where that may be anywhere else."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or MARKS in name.casefold() or STRANGE.search(name):
        raise DamageError(f"{told(name)} is no name for something inside of a folder")
    size = max((len(part.encode()) for part in parts), default=0)
    if size > NAME_LIMIT or len(name.encode()) > LONGEST or len(parts) > DEEPEST:
        raise DamageError(f"{told(name)} is too long a name")
    return parts


def _is_litter(parts: tuple[str, ...]) -> bool:
    """Tell what macOS adds from what people have packed."""
    return parts[:1] == ("__MACOSX",) or any(part == ".DS_Store" or part.startswith("._") for part in parts)


def _write(root: Path, source: Parts, limits: Limits, report: Report | None) -> tuple[int, int]:
    """Write the members of an archive; return how many files that were, and their bytes."""
    most = _most(limits, source)
    files = total = written = records = 0
    for number, member in enumerate(_members(source), 1):
        if number > limits.members:
            raise DamageError(f"it has more than {limits.members} members")
        size = 0
        records += member.records
        with _new(root, member) as file:
            if records > most:
                raise DamageError(f"too much is said about its members, at {told(member.name)}")
            for piece in member.pieces:
                size, total = size + len(piece), total + len(piece)
                if size > limits.one or total > most:
                    raise DamageError(f"too much comes out of its {source.size} bytes, at {told(member.name)}")
                if file is not None:
                    file.write(piece)
                if report:
                    report(min(source.done, source.size), source.size)
        if file is not None:
            files, written = files + 1, written + size
    if not files:
        raise DamageError("it holds no file")
    if report:
        report(source.size, source.size)
    return files, written


@contextmanager
def _new(root: Path, member: Member) -> Iterator[io.BufferedWriter | None]:
    """Make the file or the folder of a member; None for a folder and for litter."""
    parts = _place(member.name)
    if not parts and not member.is_folder:
        raise DamageError("it has a file without a name")
    if _is_litter(parts):
        yield None
        return
    try:
        descriptor = _make(root.joinpath(*parts), member.is_folder)
    except (FileExistsError, NotADirectoryError) as error:  # the file system knows which names are one to it
        raise DamageError(f"{told(member.name)} is in it twice") from error
    if descriptor is None:
        yield None
        return
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _make(path: Path, is_folder: bool) -> int | None:
    """Make a folder, or a file that must be new, and all the folders they are in; return the open file."""
    if is_folder:
        path.mkdir(parents=True, exist_ok=True)
        return None
    with suppress(FileNotFoundError):
        return os.open(path, CREATE, 0o666)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, CREATE, 0o666)


# --- into place ------------------------------------------------------------------------------------------------


def _settle(temporary: Path, folder: Path, receipt: Receipt) -> None:
    """Give all files their place and leave the mark last; the next run goes on from any state in between."""
    mark = Path(MARKS, f"{receipt.archive}.json")
    text = json.dumps(asdict(receipt), indent=2).encode() + b"\n"
    (temporary / MARKS).mkdir()
    (temporary / mark).write_bytes(text)
    if hasattr(os, "sync"):  # a thousand times as fast as one file after another
        os.sync()
    if not folder.exists():
        try:
            os.rename(temporary, folder)
        except OSError:
            if not folder.is_dir():  # else another archive has just made it
                raise
        else:
            sync_folder(folder.parent)
            return
    with _alone_in(folder):
        moves = list(_moves(temporary, folder))
        for old, new in moves:
            os.rename(old, new)
    for changed in {new.parent for _, new in moves}:
        sync_folder(changed)
    _remove(temporary)
    (folder / MARKS).mkdir(exist_ok=True)
    write_atomic(folder / mark, text)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other archives from being moved into a folder meanwhile, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folder
        yield
        return
    try:
        with alone(descriptor):
            yield
    finally:
        os.close(descriptor)


def _moves(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """Plan what to rename so that a folder holds all of another one, too; nothing that is there is overwritten."""
    for old in sorted(source.iterdir()):
        new = target / old.name
        if old.name == MARKS:
            continue
        if not os.path.lexists(new):
            yield old, new
        elif old.is_dir() and new.is_dir() and not new.is_symlink():
            yield from _moves(old, new)
        elif not (old.is_file() and new.is_file() and filecmp.cmp(old, new, shallow=False)):
            raise OutputError(f"{new}: is there already, but not what the archive has; move it away and run again")
