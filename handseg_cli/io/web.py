"""Asks web servers for files and judges their answers: https stays https, and pages and refusals are no files.

A TransientError may pass if the same is asked again; any other DownloadError is final for an address.
"""

from __future__ import annotations

import re
import socket
import ssl
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from html import unescape
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPErrorProcessor, HTTPRedirectHandler, Request, build_opener

from handseg_cli import __version__
from handseg_cli.errors import DownloadError
from handseg_cli.paths import shown

STALL_S = 60.0  # without a single byte
REDIRECTS = 10
PIECE = 256 << 10
PAGE = 256 << 10  # bytes of a web page that are looked at
ARCHIVE = "web.archive.org"
DEAD = {401, 403, 404, 410, 451}
BUSY = {408, 425, 429}
TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
SPAN = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


class TransientError(DownloadError):
    """A trouble that may pass; `wait_s` is how long the server has asked to be left alone, 0 if it has not."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Redirects(HTTPRedirectHandler):
    """Follows a server elsewhere, but never from https to anything weaker."""

    max_redirections = REDIRECTS

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return what to ask instead; DownloadError where that would not be safe."""
        fp.close()  # its body may be endless
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("https", "http") or (old == "https" and new != "https"):
            raise DownloadError(f"redirects from {old} to {shown(newurl)[:200]}, which is not safe")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Answers(HTTPErrorProcessor):
    """Hands out every answer as it is, save redirects, which are followed."""

    def http_response(self, request: Request, response: Any) -> Any:
        """Return the answer, or that of the address it points to."""
        if response.status in (301, 302, 303, 307, 308):
            return super().http_response(request, response)
        return response

    https_response = http_response


def open_url(url: str, headers: Mapping[str, str]) -> HTTPResponse:
    """Ask for an address and return the answer, whatever its status; TransientError where none comes."""
    asked = {"User-Agent": f"handseg/{__version__}", "Accept-Encoding": "identity", **headers}
    try:
        if urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname:
            raise DownloadError("is no address of the web; it begins with https://")
        request = Request(quote(direct(url), safe=string.punctuation), headers=asked)
        answer: HTTPResponse = build_opener(Redirects, Answers).open(request, timeout=STALL_S)
        return answer
    except HTTPError as error:
        error.close()
        raise DownloadError(
            f"{error.code}: redirects in circles, more than {REDIRECTS} times, or to nowhere"
        ) from error
    except (OSError, HTTPException) as error:
        raise trouble(error) from error
    except ValueError as error:
        raise DownloadError(f"is no address of the web ({shown(str(error))})") from error


def trouble(error: OSError | HTTPException) -> DownloadError:
    """Return what to say of a failure of the network, and whether it may pass."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        said = shown(reason.verify_message)
        return DownloadError(f"its certificate is not valid ({said}); check the clock and the proxy of this machine")
    if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME:
        return DownloadError("there is no such host, or this machine is not on the network")
    if isinstance(reason, TimeoutError):
        return TransientError(f"nothing came for {STALL_S:g} s")
    said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return TransientError(f"the connection failed ({shown(said)[:200]})")


def pieces(answer: HTTPResponse) -> Iterator[bytes]:
    """Yield the body as it arrives; TransientError where the network fails."""
    try:
        while data := answer.read1(PIECE):
            yield data
    except (OSError, HTTPException) as error:
        raise trouble(error) from error


def require_file(answer: HTTPResponse, name: str) -> None:
    """Raise what an answer says unless it is a file's bytes, as they lie on the server."""
    status, said = answer.status, f"{answer.status} {shown(answer.reason or '')[:80]}".strip()
    if status in BUSY or status >= 500:
        hint = ": the web archive is slow or busy" if urlsplit(answer.url or "").hostname == ARCHIVE else ""
        raise TransientError(said + hint, retry_after(answer.headers))
    if status in DEAD:
        raise DownloadError(f"{said}, a dead link")
    if status not in (200, 206):
        raise DownloadError(f"{said}, which is no file")
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    # Some servers call a .gz file that they pass on as it is "encoded".
    as_it_lies = encoding in ("gzip", "x-gzip") and name.lower().endswith((".gz", ".tgz"))
    if encoding not in ("", "identity") and not as_it_lies:
        raise DownloadError(f"comes encoded as {shown(encoding)[:40]}, although it was asked for as it is")


def refuse_page(start: bytes, content_type: str, name: str) -> None:
    """Raise DownloadError where a file begins like a web page, save that one was to be had."""
    # Careless scripts call everything text/html: an archive has zero bytes, a page has none.
    page = looks_like_page(start) or (is_html(content_type) and b"\0" not in start)
    if page and not name.lower().endswith((".html", ".htm")):
        raise DownloadError(f"is a web page ({title(start)}), not the file")


def looks_like_page(start: bytes) -> bool:
    """Tell whether bytes begin as HTML does."""
    text = start[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith((b"<!doctype html", b"<html", b"<head"))


def is_html(content_type: str) -> bool:
    """Tell whether a content type is that of a web page."""
    return content_type.lower().startswith(("text/html", "application/xhtml"))


def title(page: bytes) -> str:
    """Return the title of a web page as one short line."""
    found = TITLE.search(page)
    text = unescape(found[1].decode("utf-8", "replace")) if found else ""
    return shown(" ".join(text.split()))[:100] or "without a title"


def retry_after(headers: Message) -> float:
    """Return how many seconds a server asks to wait; 0 where it does not say."""
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said[:9])
    try:
        when = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def content_range(headers: Message) -> tuple[int, int, int] | None:
    """Return the first byte, the end (exclusive) and the whole length (0: not told) of a partial answer."""
    found = SPAN.fullmatch(headers.get("Content-Range", "").strip())
    if not found:
        return None
    first, end, total = int(found[1]), int(found[2]) + 1, 0 if found[3] == "*" else int(found[3])
    return (first, end, total) if first < end <= (total or end) else None


def direct(url: str) -> str:
    """Return the address of the file itself where an address is that of a page about it, as Dropbox's are."""
    parts = urlsplit(url)
    if parts.hostname not in ("dropbox.com", "www.dropbox.com"):
        return url
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "dl": "1"}
    return urlunsplit(parts._replace(query=urlencode(query)))
