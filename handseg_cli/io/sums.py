"""Whether a file is the one that was wanted: by its size and the hashes that are known.

Where nobody has published a hash, that of the first file is recorded beside it and compared ever after.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from handseg_cli.errors import DownloadError
from handseg_cli.io.files import write_atomic

RECORD = ".sha256"
PIECE = 1 << 20
SHOWN = 16  # hex digits of a hash, enough to compare by eye


class WrongFileError(DownloadError):
    """The bytes are there, and they are not those that were wanted."""


@dataclass(frozen=True)
class Wanted:
    """What is known of a file beforehand: bytes, hex digits; 0 and "" where nobody has told."""

    size: int = 0
    sha256: str = ""
    md5: str = ""
    record: Path | None = None  # where the sha256 is from, if from an earlier download

    @property
    def hashed(self) -> bool:
        """Tell whether the file can be known by its bytes."""
        return bool(self.sha256 or self.md5)


def expected(target: Path, *, size: int = 0, sha256: str = "", md5: str = "") -> Wanted:
    """Return what is known of a file: what the caller knows, else what was recorded when it first came."""
    if sha256 or md5 or not (found := recorded(target)):
        return Wanted(size, sha256.lower(), md5.lower())
    return Wanted(size, found, record=record_of(target))


def verify(file: Path, target: Path, wanted: Wanted) -> None:
    """Raise WrongFileError unless a file is the one wanted as `target`; where no hash is known, record its SHA-256."""
    check(file, wanted)
    if not wanted.hashed:
        record(digest(file, "sha256"), target)


def check(file: Path, wanted: Wanted) -> None:
    """Raise WrongFileError unless a file is the one wanted, by all that is known."""
    size = size_of(file)
    if wanted.size and size != wanted.size:
        raise WrongFileError(f"has {size} bytes, expected {wanted.size}")
    for kind, known in (("md5", wanted.md5), ("sha256", wanted.sha256)):
        if known and (found := digest(file, kind)) != known:
            trust = f", as recorded in {wanted.record}; delete that if you trust the new file" if wanted.record else ""
            raise WrongFileError(f"{kind} is {found[:SHOWN]}..., expected {known[:SHOWN]}...{trust}")


def record(sha256: str, target: Path) -> None:
    """Write down the SHA-256 of a file that has come for the first time, to compare it ever after."""
    write_atomic(record_of(target), f"{sha256}  {target.name}\n".encode())


def note_of(target: Path) -> str:
    """Return what to tell people of the SHA-256 that was recorded for a file."""
    return f"{target.name}: nobody has published its hash; SHA-256 {recorded(target)} is recorded beside it"


def digest(file: Path, kind: str) -> str:
    """Return the hash of a file in hex digits."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise unreadable(file, error) from error


def record_of(target: Path) -> Path:
    """Return where the SHA-256 of a file is recorded, as `sha256sum -c` reads it."""
    return target.with_name(target.name + RECORD)


def recorded(target: Path) -> str:
    """Return the SHA-256 that was recorded when a file first came, "" where none was."""
    path = record_of(target)
    try:
        with path.open("rb") as stream:
            line = stream.read(4096)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise unreadable(path, error) from error
    found = re.match(rb"[0-9a-fA-F]{64}(?=\s)", line)
    if not found:
        raise DownloadError(f"{path}: holds no SHA-256; delete it and run again")
    return found[0].decode().lower()


def size_of(file: Path) -> int:
    """Return the bytes of a regular file; DownloadError where it is none."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise unreadable(file, error) from error
    if not file.is_file():
        raise DownloadError(f"{file}: is no file; give the path of the archive")
    return size


def unreadable(file: Path, error: OSError) -> DownloadError:
    """Return what to say of a file that cannot be read."""
    return DownloadError(f"{file}: cannot be read ({error.strerror}); check the path and its permissions")
