"""Photos at addresses of the web, read only: never from this machine, nor from the network it is in.

A host is looked up once, each address that it has must be public, and one of these is connected to. So is each host
that a server redirects to. Proxies are not used: they would look the name up again.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from handseg_cli import __version__
from handseg_cli.errors import DownloadError, ImageError, OutputError
from handseg_cli.io.store import LARGEST, REPLACED, Meta, Page, Span
from handseg_cli.io.web import TransientError, content_range, pieces, require_file, trouble
from handseg_cli.paths import Url, cleaned

Answer = TypeVar("Answer")

STALL_S = 30.0  # without a single byte
WHOLE_S = 300.0  # for one photo, however slowly it drips
TRIES = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
REDIRECTS = 5
AT_ONCE = 8  # connections to a server
NOTHING: Mapping[str, str] = {}
MOVED = (301, 302, 303, 307, 308)


class WebStore:
    """Photos on web servers."""

    def pages(self, folder: Url, recursive: bool) -> Iterator[Page]:
        """Yield nothing: the web has no folders."""
        return iter(())

    def look(self, url: Url) -> Meta | None:
        """Tell what a server says of a photo; a size of -1 where it says nothing to go by."""
        try:
            with closing(asked(url, "HEAD")) as answer:
                return meta_of(answer) if answer.status == 200 else Meta(-1, 0)
        except DownloadError as error:
            raise ImageError(f"{url}: {error}") from error

    def read(self, url: Url, limit: int = LARGEST) -> tuple[bytes, Meta]:
        """Read a photo; what fails for a reason that may pass is tried again."""
        return patiently(url, lambda: read_once(url, limit))

    def parts(self, url: Url, spans: Sequence[Span], of: Meta) -> list[bytes]:
        """Read stretches of a file, by a server that can tell whether it is still the same."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [*pool.map(lambda span: patiently(url, lambda: part_once(url, span, of)), spans)]

    def head(self, url: Url, count: int) -> bytes:
        """Return nothing: what is behind an address is told when it is read."""
        return b""

    def write(self, url: Url, data: bytes, note: str) -> None:
        """Refuse to write."""
        refuse(url)

    def fetch(self, url: Url, file: Path) -> None:
        """Copy what is behind an address into a file."""
        file.write_bytes(self.read(url)[0])

    def put(self, file: Path, url: Url) -> None:
        """Refuse to write."""
        refuse(url)


def refuse(url: Url) -> NoReturn:
    """Raise what there is to say of an output on the web."""
    raise OutputError(f"{url}: the web cannot be written to; give --output DIR, or a bucket")


def patiently(url: Url, call: Callable[[], Answer]) -> Answer:
    """Return what a call returns; one that fails for a reason that may pass is made again, after a while."""
    for number in range(TRIES):
        try:
            return call()
        except TransientError as error:
            if number == TRIES - 1:
                raise ImageError(f"{url}: {error}; tried {TRIES} times") from error
            time.sleep(min(max(error.wait_s, FIRST_WAIT_S * 2**number), LONGEST_WAIT_S))
        except DownloadError as error:
            raise ImageError(f"{url}: {error}") from error
    raise AssertionError


def part_once(url: Url, span: Span, of: Meta) -> bytes:
    """Read a stretch of a file."""
    start, length = span
    with closing(asked(url, "GET", {"Range": f"bytes={start}-{start + length - 1}"})) as answer:
        require_file(answer, url.name)
        if answer.status != 206:
            raise DownloadError("its server gives no parts of files; put it into a bucket")
        told = meta_of(answer)
        if (told.mtime_ns, told.version) != (of.mtime_ns, of.version):
            raise DownloadError(REPLACED)
        if content_range(answer.headers) != (start, start + length, of.size):
            raise DownloadError("its server sends another part of the file than it was asked for")
        data = bytearray()
        for piece in pieces(answer):
            data += piece
            if len(data) > length:
                raise DownloadError("its server sends more of the file than it was asked for")
    if len(data) < length:
        raise TransientError(f"the connection was cut after {len(data)} of {length} bytes")
    return bytes(data)


def read_once(url: Url, limit: int) -> tuple[bytes, Meta]:
    """Read a photo of at most `limit` bytes."""
    deadline = time.monotonic() + WHOLE_S
    with closing(asked(url, "GET")) as answer:
        require_file(answer, url.name)
        told = meta_of(answer)
        data = bytearray()
        for piece in pieces(answer):
            data += piece
            if max(len(data), told.size) > limit:
                raise DownloadError(f"is larger than the {limit >> 20} MiB that a photo may have; leave it out")
            if time.monotonic() > deadline:
                raise DownloadError(f"takes more than {WHOLE_S:g} s; leave it out")
    if len(data) < told.size:
        raise TransientError(f"the connection was cut after {len(data)} of {told.size} bytes")
    return bytes(data), Meta(len(data), told.mtime_ns, told.version)


def meta_of(answer: HTTPResponse) -> Meta:
    """Read what a server tells of a file."""
    length, modified = (answer.headers.get(name, "").strip() for name in ("Content-Length", "Last-Modified"))
    try:
        mtime_ns = int(parsedate_to_datetime(modified).timestamp()) * 10**9
    except (ValueError, OverflowError):
        mtime_ns = 0
    version = answer.headers.get("ETag", "").strip()[:200]
    told = length.isdecimal() and len(length) < 16 and (mtime_ns or version)
    return Meta(int(length) if told else -1, mtime_ns, version)


def asked(url: Url, method: str, more: Mapping[str, str] = NOTHING) -> HTTPResponse:
    """Ask for an address and return the answer of where it leads in the end."""
    address = quote(str(url), safe="!#$%&'()*+,/:;=?@[]~")
    for _ in range(REDIRECTS + 1):
        answer = ask(address, method, more)
        if answer.status not in MOVED:
            return answer
        with closing(answer):
            new = urljoin(address, answer.headers.get("Location", ""))
        if urlsplit(new).scheme not in ("https", "http") or (address.startswith("https:") and new.startswith("http:")):
            raise DownloadError(f"redirects to {cleaned(new)}, which is not safe")
        address = new
    raise DownloadError(f"redirects more than {REDIRECTS} times")


def ask(address: str, method: str, more: Mapping[str, str] = NOTHING) -> HTTPResponse:
    """Ask the one server that an address names, by a connection to a public address of it."""
    connection = None
    try:
        parts = urlsplit(address)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        connection = (HTTPSConnection if secure else HTTPConnection)(host, port, timeout=STALL_S)
        connection.sock = connected(host, port)
        if secure:
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"User-Agent": f"handseg/{__version__}", "Accept-Encoding": "identity", "Connection": "close"}
        with ended_after(connection.sock, STALL_S):  # else headers might come a letter at a time
            connection.request(method, path, headers={**headers, **more})
            answer = connection.getresponse()
        if connection.sock is not None:
            connection.sock.close()  # the answer holds it, too, and ends it
        answer.url = address  # as of urllib's
        return answer
    except (OSError, HTTPException, ValueError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            raise DownloadError("is no address of the web") from error
        raise trouble(error) from error


@contextmanager
def ended_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Cut a connection where what is done within takes longer."""
    timer = threading.Timer(seconds, cut, (sock,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def cut(sock: socket.socket) -> None:
    """End a connection that another thread waits for."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def connected(host: str, port: int) -> socket.socket:
    """Connect to a host; DownloadError unless every one of its addresses is public."""
    found = list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    if not all(map(is_public, found)):
        raise DownloadError("is an address of a private network, where photos are never taken from")
    for text in found[:-1]:
        with suppress(OSError):
            return socket.create_connection((text, port), STALL_S)
    return socket.create_connection((found[-1], port), STALL_S)


def is_public(text: str) -> bool:
    """Tell whether an IP address belongs to the open internet, whatever it is wrapped in."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved
