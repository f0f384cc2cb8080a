"""Fetches files of any size over lines that fail: what has come is kept, and gone on with, also by the next run.

A file gets its name only when it is whole and the one that was wanted.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from handseg_cli.errors import DownloadError
from handseg_cli.io.partial import Origin, Part, open_part, require_space
from handseg_cli.io.progress import Report
from handseg_cli.io.sums import (
    PIECE,
    Wanted,
    WrongFileError,
    check,
    digest,
    expected,
    note_of,
    record,
    size_of,
    unreadable,
    verify,
)
from handseg_cli.io.transfer import transfer
from handseg_cli.io.web import TransientError, refuse_page

TRIES = 6  # in a row at one address without getting on
PROGRESS = 1 << 20  # bytes that count as getting on: a line that cuts every 50 MB may go on for ever
BACKOFF_S = 1.0  # before the second try; doubled before each further one
BACKOFF_MAX_S = 60.0
RETRY_AFTER_MAX_S = 300.0  # a server that asks for more is left alone
BY_HAND = "get the file by hand and give it with --from FILE"

Tell = Callable[[str], None]


def fetch(
    url: str,
    target: Path,
    *,
    mirrors: tuple[str, ...] = (),
    size: int = 0,
    about: int = 0,
    sha256: str = "",
    md5: str = "",
    report: Report | None = None,
    tell: Tell | None = None,
    recorded: Tell | None = None,
) -> Path:
    """Fetch a file from the first address that has it, going on with what an earlier run has left; return its path.

    Where the `size` is not known, room for `about` so many bytes is looked for before anybody is asked.
    `report` gets the bytes so far and in all (0: unknown); `tell` gets lines for people: what is tried again, and,
    unless `recorded` gets that, that a hash was recorded because nobody has published one. A file that is there is
    checked, and not fetched again.
    """
    tell = tell or silent
    wanted = expected(target, size=size, sha256=sha256, md5=md5)
    there = target.exists()
    if not there:
        with open_part(target) as part:
            there = target.exists()  # another run may just have finished it
            if not there:
                require_space(target.parent, max(0, (size or about) - part.size), target.name)
                obtain((url, *mirrors), part, wanted, report or silent, tell)
    if there:
        try:
            verify(target, target, wanted)
        except WrongFileError as error:
            raise DownloadError(f"{target}: {error}; delete it and run again") from error
    if not wanted.hashed:
        (recorded or tell)(note_of(target))
    return target


def import_file(
    source: Path, target: Path, *, size: int = 0, sha256: str = "", md5: str = "", tell: Tell | None = None
) -> Path:
    """Copy a file that was fetched by hand to where `fetch` would have put it, if it is the one wanted."""
    wanted = expected(target, size=size, sha256=sha256, md5=md5)
    needed = size_of(source)
    try:
        with source.open("rb") as stream:
            refuse_page(stream.read(PIECE), "", target.name)
        check(source, wanted)
    except OSError as error:
        raise unreadable(source, error) from error
    except DownloadError as error:
        raise DownloadError(f"{source}: {error}; give the right file") from error
    exactly = Wanted(needed, digest(source, "sha256"))
    if not (target.exists() and source.samefile(target)):
        with open_part(target) as part:
            require_space(target.parent, max(0, needed - part.size), target.name)
            part.begin(Origin())
            copy(source, part)
            try:
                check(part.path, exactly)
            except WrongFileError as error:
                part.cut(0)
                raise DownloadError(f"{source}: has changed while it was copied; run again once it is whole") from error
            part.finish()
    if not wanted.hashed:
        record(exactly.sha256, target)
        (tell or silent)(note_of(target))
    return target


def copy(source: Path, part: Part) -> None:
    """Append the bytes of a file; DownloadError where it cannot be read."""
    try:
        with source.open("rb") as stream:
            while data := stream.read(PIECE):
                part.put(part.size, data)
    except OSError as error:
        raise unreadable(source, error) from error


def silent(*_: object) -> None:
    """Take what is reported or told where nobody listens."""


def obtain(addresses: tuple[str, ...], part: Part, wanted: Wanted, report: Report, tell: Tell) -> None:
    """Fetch a file from the first address that has it; DownloadError with all reasons where none has."""
    failures: dict[str, DownloadError] = {}
    for address in dict.fromkeys(addresses):
        try:
            insist(address, part, wanted, report, tell)
        except DownloadError as error:
            failures[address] = error
        else:
            part.finish()
            return
    raise hopeless(part, failures)


def hopeless(part: Part, failures: Mapping[str, DownloadError]) -> DownloadError:
    """Return the error that tells why no address would do, and what to do next."""
    reasons = "; ".join(f"{address}: {error}" for address, error in failures.items())
    so_far = f"the {part.size / 1e6:,.1f} MB that have come are kept: " if part.size else ""
    passing = any(isinstance(error, TransientError) for error in failures.values())
    again = "run the same again later, or " if passing or part.size else ""
    return DownloadError(f"{part.target.name}: cannot be fetched from {reasons}; {so_far}{again}{BY_HAND}")


def insist(address: str, part: Part, wanted: Wanted, report: Report, tell: Tell) -> None:
    """Fetch from one address, again and again as long as that gets on; DownloadError once it does not."""
    failed, best = 0, part.size
    while True:
        joined = part.size > 0
        try:
            transfer(address, part, wanted, report)
            require_right(part, wanted, joined)
            return
        except TransientError as error:
            # Measured from the most there has ever been: a file that starts over each time does not get on.
            failed = 1 if part.size - best >= PROGRESS else failed + 1
            best = max(best, part.size)
            if failed >= TRIES:
                raise
            wait_s = pause_s(failed, error)
            tell(f"{part.target.name}: {error}; trying again in {wait_s:.0f} s")
            time.sleep(wait_s)


def pause_s(failed: int, error: TransientError) -> float:
    """Return how long to wait after so many failures, at least what the server asks for, unless that is too much."""
    if error.wait_s > RETRY_AFTER_MAX_S:
        raise TransientError(f"{error}, and asks to be left alone for {error.wait_s / 60:.0f} min") from error
    doubled = BACKOFF_S * 2.0 ** (failed - 1)
    # The jitter keeps many machines that were cut at once from coming back at once.
    return max(error.wait_s, min(BACKOFF_MAX_S, doubled) * random.uniform(0.5, 1.0))


def require_right(part: Part, wanted: Wanted, joined: bool) -> None:
    """Check a file that has come whole; wrong bytes are forgotten, and tried again if they came in several goes."""
    part.require_named()
    try:
        verify(part.path, part.target, wanted)
    except WrongFileError as error:
        part.begin(Origin())
        if joined:
            raise TransientError(f"{error}: starting over") from error
        raise
