"""One try to get a file from one address: asks for what is missing, sees that it fits, and takes it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse
from itertools import chain

from handseg_cli.errors import DownloadError
from handseg_cli.io.drive import PREFIX, open_drive
from handseg_cli.io.partial import Origin, Part, require_space
from handseg_cli.io.progress import Report
from handseg_cli.io.sums import Wanted
from handseg_cli.io.web import TransientError, content_range, open_url, pieces, refuse_page, require_file

OVERLAP = 64 << 10  # bytes asked for once more, to see that old and new ones are of the same file


@dataclass(frozen=True)
class Span:
    """The bytes from `start` to `end` that an answer brings, of a file of `total`; 0 where the server does not tell."""

    start: int
    end: int
    total: int


def transfer(address: str, part: Part, wanted: Wanted, report: Report) -> None:
    """Take in what is missing of a file; returns when its end has come. TransientError where it is worth a new try."""
    asked = overlap_of(part) if goes_on(address, part, wanted) else 0
    with closing(open_file(address, headers_for(address, part, asked))) as answer:
        if answer.status == 416 and asked:
            raise start_over(part, "the file there has become shorter")
        require_file(answer, part.target.name)
        body = pieces(answer)
        if answer.status == 206:
            span = span_of_part(answer, address, part, wanted, asked)
        else:
            start = next(body, b"")
            refuse_page(start, answer.headers.get("Content-Type", ""), part.target.name)
            span = span_of_whole(answer, len(start), wanted)
            origin = origin_of(answer, address, span.total)
            # The same thing once more from its beginning: what is there of it is compared, not thrown away.
            if origin != part.origin:
                part.begin(origin)
            body = chain([start], body)
        require_space(part.path.parent, max(0, span.total - part.size), part.target.name)
        take_in(body, part, span, report)


def goes_on(address: str, part: Part, wanted: Wanted) -> bool:
    """Tell whether an address can be asked for the rest; only by its hash is a file known at another address."""
    return part.size > 1 and (part.origin.url == address or wanted.hashed)


def overlap_of(part: Part) -> int:
    """Return the byte from which on to ask: somewhat before the end of what is there, never 0."""
    return part.size - min(OVERLAP, part.size // 2)


def headers_for(address: str, part: Part, asked: int) -> dict[str, str]:
    """Return the headers that ask for a file from a byte on, if it is still the same."""
    if not asked:
        return {}
    unchanged = part.origin.validator if part.origin.url == address else ""
    return {"Range": f"bytes={asked}-"} | ({"If-Range": unchanged} if unchanged else {})


def open_file(address: str, headers: Mapping[str, str]) -> HTTPResponse:
    """Ask for the file behind an address, be it of the web or of Google Drive."""
    if address.startswith(PREFIX):
        return open_drive(address.removeprefix(PREFIX), headers)
    return open_url(address, headers)


def origin_of(answer: HTTPResponse, address: str, size: int) -> Origin:
    """Return what an answer tells of where its bytes come from."""
    etag, modified = (answer.headers.get(name, "").strip() for name in ("ETag", "Last-Modified"))
    return Origin(address, etag, modified, size)


def span_of_part(answer: HTTPResponse, address: str, part: Part, wanted: Wanted, asked: int) -> Span:
    """Return the bytes that a partial answer brings, once it is clear that they belong to those that are there."""
    if not asked:
        raise DownloadError("answers with a part of the file, although the whole was asked for")
    span = content_range(answer.headers)
    if span is None or span[0] != asked or answer.length not in (None, span[1] - span[0]):
        raise start_over(part, "the server sends another part than was asked for")
    start, end, told = span
    total = told or wanted.size or part.origin.size
    require_size(total, wanted)
    origin = origin_of(answer, address, total)
    if total < end or (not wanted.hashed and origin.contradicts(part.origin)):
        raise start_over(part, "the file there has changed")
    return Span(start, end, total)


def span_of_whole(answer: HTTPResponse, read: int, wanted: Wanted) -> Span:
    """Return the bytes that a whole answer brings, of which some are read already."""
    if answer.length is None:  # sent in chunks, of which the last one is marked, or until the line closes
        if not answer.chunked and not wanted.size and not wanted.hashed:
            raise DownloadError("does not tell how long the file is, so that a cut could not be noticed")
        return Span(0, wanted.size, wanted.size)
    total = answer.length + read
    if not total:
        raise DownloadError("is empty")
    require_size(total, wanted)
    return Span(0, total, total)


def require_size(total: int, wanted: Wanted) -> None:
    """Raise DownloadError where a server has a file of another size than the one wanted."""
    if wanted.size and total != wanted.size:
        raise DownloadError(f"has {total} bytes, expected {wanted.size}")


def start_over(part: Part, reason: str) -> TransientError:
    """Forget the bytes that have come, and return the error that tells why."""
    part.begin(Origin())
    return TransientError(f"{reason}: starting over")


def take_in(body: Iterator[bytes], part: Part, span: Span, report: Report) -> None:
    """Write the bytes of an answer to where they belong; TransientError where it ends before the file does."""
    position = span.start
    for data in body:
        if span.end and position + len(data) > span.end:
            raise DownloadError(f"sends more than {span.end} bytes")
        if not part.put(position, data):
            if span.start:
                raise start_over(part, "old and new bytes do not fit together")
            part.cut(position)  # all before it has just come in the same answer
            part.put(position, data)
        position += len(data)
        report(position, span.total)
    if position < span.total:
        raise TransientError(f"the connection was cut after {position} of {span.total} bytes")
    part.cut(position)
