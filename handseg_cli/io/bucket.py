"""Objects by the interface that all file systems of fsspec share; for some there are better ways, next door.

Listing holds one folder at a time, and a note is found in the first bytes of an object.
"""

from __future__ import annotations

import errno
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from fsspec import AbstractFileSystem

from handseg_cli.errors import HandsegError, ImageError, OutputError
from handseg_cli.io.store import LARGEST, REPLACED, Meta, Page, Span
from handseg_cli.paths import Url, shown

Answer = TypeVar("Answer")

TRIES = 4
FIRST_WAIT_S = 0.5
# What servers answer that are busy or restarting, as the file systems translate it.
PASSING = {errno.EBUSY, errno.EIO, getattr(errno, "EREMOTEIO", errno.EIO), errno.EAGAIN}
# Errors of the packages below that are no OSErrors; one can only come from a package that has been imported.
TROUBLES = (
    "botocore.exceptions:BotoCoreError",
    "aiohttp:ClientError",
    "gcsfs.retry:HttpError",
    "google.auth.exceptions:GoogleAuthError",
    "azure.core.exceptions:AzureError",
)
CUT = {"ClientPayloadError", "IncompleteReadError", "ResponseStreamingError", "ReadTimeoutError", "ServerTimeoutError"}
NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "ProfileNotFound"}
SECRETS = re.compile(r"(?<=://)[^/@\s]*@|(?<=\S)\?\S+")  # users with passwords, and queries


class Bucket:
    """Objects of one file system of fsspec, which keeps no lists of its own in memory."""

    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, filesystem: Callable[..., AbstractFileSystem]) -> None:
        try:
            self.fs = filesystem(use_listings_cache=False, **self.settings)
        except troubles() as error:
            raise HandsegError(f"object storage cannot be opened: {reason(error)}") from error

    def pages(self, folder: Url, recursive: bool) -> Iterator[Page]:
        """Yield the objects of a folder, then those of the folders in it, each sorted."""
        pending = [self.path(folder)]
        while pending:
            path = pending.pop()
            try:
                with told(folder, ImageError):
                    found = patiently(lambda path=path: self.fs.ls(path, detail=True, refresh=True))  # type: ignore[misc]
            except FileNotFoundError:
                continue
            found = sorted((each["name"].rstrip("/"), each) for each in found if each["name"].rstrip("/") != path)
            yield [(key_in(name), meta_of(each)) for name, each in found if each["type"] == "file"]
            if recursive:
                pending += [name for name, each in reversed(found) if each["type"] == "directory"]

    def look(self, url: Url) -> Meta | None:
        """Tell of one object, None if it is not there."""
        try:
            with told(url, ImageError):
                found = patiently(lambda: self.fs.info(self.path(url)))
        except FileNotFoundError:
            return None
        return meta_of(found) if found["type"] == "file" else None

    def read(self, url: Url, limit: int = LARGEST) -> tuple[bytes, Meta]:
        """Read an object that nobody replaces meanwhile."""
        for _ in range(2):
            before = self.look(url)
            if before is None:
                raise ImageError(f"{url}: {MISSING}")
            require_size(url, before.size, limit)
            with told(url, ImageError):
                data = patiently(lambda: self.fs.cat_file(self.path(url)))
            if self.look(url) == before:
                return data, before
        raise ImageError(f"{url}: is being written to; run again once it is complete")

    def head(self, url: Url, count: int) -> bytes:
        """Read at most the first `count` bytes."""
        with told(url, ImageError):
            data: bytes = patiently(lambda: self.fs.cat_file(self.path(url), start=0, end=count))
        return data

    def parts(self, url: Url, spans: Sequence[Span], of: Meta) -> list[bytes]:
        """Read stretches of an object that nobody replaces meanwhile."""
        try:
            with told(url, ImageError):
                return patiently(lambda: self._parts(url, spans, of))
        except FileNotFoundError as error:
            raise ImageError(f"{url}: {MISSING}") from error

    def _parts(self, url: Url, spans: Sequence[Span], of: Meta) -> list[bytes]:
        begins, ends = [start for start, _ in spans], [start + length for start, length in spans]
        data: list[bytes] = self.fs.cat_ranges([self.path(url)] * len(spans), begins, ends, on_error="raise")
        return data

    def write(self, url: Url, data: bytes, note: str) -> None:
        """Put an object there whole; the note is in its bytes, too."""
        with told(url, OutputError):
            patiently(lambda: self.fs.pipe_file(self.path(url), data))

    def fetch(self, url: Url, file: Path) -> None:
        """Copy an object into a file."""
        with told(url, OutputError):
            patiently(lambda: self.fs.get_file(self.path(url), str(file)))

    def put(self, file: Path, url: Url) -> None:
        """Copy a file into an object."""
        with told(url, OutputError):
            patiently(lambda: self.fs.put_file(str(file), self.path(url)))

    def path(self, url: Url) -> str:
        """Return an address as the file system writes it."""
        return str(self.fs._strip_protocol(str(url))).rstrip("/")


def key_in(name: str) -> str:
    """Return the key of what a file system names with its bucket."""
    return name.lstrip("/").partition("/")[2]


def meta_of(found: dict[str, Any]) -> Meta:
    """Read what a file system tells of an object; each has its own words."""
    times = (found.get(name) for name in ("LastModified", "updated", "last_modified", "mtime", "created"))
    versions = (found.get(name) for name in ("ETag", "etag", "generation"))
    version = next((str(each).strip('"') for each in versions if each), "")
    notes = found.get("metadata") or {}
    return Meta(int(found["size"] or 0), in_ns(next(filter(None, times), None)), version, notes.get("handseg"))


def in_ns(when: datetime | str | float | None) -> int:
    """Return a time as nanoseconds since 1970."""
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    if isinstance(when, datetime):
        when = when.replace(tzinfo=when.tzinfo or UTC)
        return int(when.timestamp()) * 10**9 + when.microsecond * 1000
    return int((when or 0) * 10**9)


def require_size(url: Url, size: int, limit: int) -> None:
    """Raise ImageError where an object is too large to be read at once."""
    if size > limit:
        raise ImageError(f"{url}: is larger than the {limit >> 20} MiB that a photo may have; leave it out")


def patiently(call: Callable[[], Answer]) -> Answer:
    """Return what a call returns; one that fails for a reason that may pass is made again, after a while."""
    for number in range(TRIES - 1):
        try:
            return call()
        except troubles() as error:
            if not may_pass(error):
                raise
        time.sleep(FIRST_WAIT_S * 2**number)
    return call()


def may_pass(error: BaseException) -> bool:
    """Tell whether a call that failed may succeed if it is made again."""
    if isinstance(error, (TimeoutError, ConnectionError)) or type(error).__name__ in CUT:
        return True
    code = getattr(error, "code", 0)
    busy = isinstance(code, int) and (code >= 500 or code == 429)  # of Google
    return busy or getattr(error, "errno", None) in PASSING


def troubles() -> tuple[type[BaseException], ...]:
    """Return the classes of errors that talking to a store may raise."""
    loaded = ((sys.modules.get(module), name) for module, _, name in (each.partition(":") for each in TROUBLES))
    return (OSError, ValueError, *(getattr(module, name) for module, name in loaded if module is not None))


@contextmanager
def told(url: Url, kind: type[HandsegError]) -> Iterator[None]:
    """Turn what a store raises into an error that says what to do; that an object is not there stays as it is."""
    try:
        yield
    except troubles() as error:
        if isinstance(error, FileNotFoundError) and not is_no_bucket(error):
            if kind is ImageError:
                raise
            raise kind(f"{url}: {MISSING}") from error
        raise kind(f"{url}: {reason(error)}") from error


MISSING = "does not exist; check the address"


def is_no_bucket(error: BaseException) -> bool:
    """Tell whether what is missing is the whole bucket."""
    return code_of(error) in ("NoSuchBucket", "ContainerNotFound")


def code_of(error: BaseException) -> str:
    """Return the word by which a store names what is wrong, "" where it names none."""
    answer = getattr(error.__cause__, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def reason(error: BaseException) -> str:
    """Say why a store does not do what it was asked for, without any secret."""
    if is_no_bucket(error):
        return "there is no such bucket; check its name, and the region or endpoint that is set for the store"
    if code_of(error) in ("PreconditionFailed", "412"):
        return REPLACED
    if isinstance(error, PermissionError) or getattr(error, "code", 0) in (401, 403):
        return "access is denied; check the credentials that are set for the store, and the rights that they give"
    if type(error).__name__ in NO_CREDENTIALS:
        return "no credentials are found; set them as for the store's own tools (for S3: AWS_PROFILE, or its variables)"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"the store cannot do that now ({shown(SECRETS.sub('', said))[:200]}); check its settings and run again"
