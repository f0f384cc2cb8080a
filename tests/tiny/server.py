"""A web server on this machine that can misbehave in every way that servers and lines between do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

MODIFIED = formatdate(1_600_000_000, usegmt=True)
FLIPPED = bytes(255 - value for value in range(256))


@dataclass(frozen=True)
class Fault:
    """How one answer goes wrong; as it is, it does not."""

    status: int = 0  # answer with this in place of the file
    headers: Mapping[str, str] = field(default_factory=dict)  # added, or in place of the right ones
    body: bytes | None = None  # in place of the bytes of the file
    cut: int | None = None  # end the connection after so many bytes of the body
    reset: bool = False  # end it with RST, not FIN
    stall_s: float = 0.0  # be silent so long before the end of what is sent
    pause_s: float = 0.0  # before each 4 KiB
    flipped: bool = False  # send other bytes
    chunked: bool = False
    unending: bool = False  # tell no length: the body ends with the connection


@dataclass
class Served:
    """A file at an address, and what goes wrong with the next answers; after those `always` holds."""

    data: bytes
    etag: str = '"one"'
    modified: str = MODIFIED
    type: str = "application/octet-stream"
    ranges: bool = True
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault = field(default_factory=Fault)
    asked: list[dict[str, str]] = field(default_factory=list)  # the headers of each request, with lower-case names

    def next_fault(self) -> Fault:
        """Return what goes wrong with this answer."""
        return self.faults.popleft() if self.faults else self.always

    def span(self, headers: Mapping[str, str]) -> tuple[int, int, bool]:
        """Return from which byte to which a request gets the file, and whether as a part of it."""
        wanted, unless, size = headers.get("range", ""), headers.get("if-range", ""), len(self.data)
        if not self.ranges or not wanted or unless not in ("", self.etag, self.modified):
            return 0, size, False
        start, _, last = wanted.removeprefix("bytes=").partition("-")
        return int(start), min(int(last) + 1, size) if last else size, bool(last) or int(start) > 0

    @property
    def ranges_asked(self) -> list[int]:
        """Return from which byte on each request wanted the file; 0: no range."""
        return [int(each.get("range", "bytes=0-")[6:-1]) for each in self.asked]


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Send a file, or what goes wrong."""
        served = self.server.files.get(self.path) or self.server.files.get(self.path.partition("?")[0])
        if served is None:
            self.send_error(404)
            return
        served.asked.append({name.lower(): value for name, value in self.headers.items()})
        fault = served.next_fault()
        start, end, is_part = served.span(served.asked[-1])
        if start >= len(served.data) > 0:
            fault = Fault(status=416, body=b"")
        body = served.data[start:end] if fault.body is None else fault.body
        body = body.translate(FLIPPED) if fault.flipped else body
        headers = {"Content-Type": served.type, "ETag": served.etag, "Last-Modified": served.modified}
        if fault.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif not fault.unending:
            headers["Content-Length"] = str(len(body))
        if is_part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(served.data)}"
        self.send_response(fault.status or (206 if is_part else 200))
        for name, value in {**headers, **fault.headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        self.send_body(body, fault)

    def do_HEAD(self) -> None:
        """Tell of a file."""
        served = self.server.files.get(self.path)
        self.send_response(404 if served is None else served.always.status or 200)
        if served is not None:
            told = {"Content-Length": str(len(served.data)), "ETag": served.etag, "Last-Modified": served.modified}
            for name, value in {**told, **served.always.headers}.items():
                if value:
                    self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def send_body(self, body: bytes, fault: Fault) -> None:
        """Send as much of a body as the fault leaves of it."""
        sent = body if fault.cut is None else body[: fault.cut]
        step = 4096 if fault.pause_s or fault.chunked else max(1, len(sent))
        for start in range(0, len(sent), step):
            time.sleep(fault.pause_s)
            piece = sent[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if fault.chunked else piece)
        if fault.stall_s:
            self.server.ended.wait(fault.stall_s)
        if fault.chunked and fault.cut is None:
            self.wfile.write(b"0\r\n\r\n")
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Serves what it is given, each file at an address of its own, until the end of its `with` block."""

    request_queue_size = 64
    # Tests have the server as a fixture and cannot import this file.
    fault = Fault
    served = Served

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.ended = threading.Event()
        self.numbers = count()

    @property
    def base(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server_port}"

    def serve(self, served: Served, *faults: Fault, path: str = "") -> str:
        """Serve a file, with faults one after the other, and return its address."""
        path = path or f"/{next(self.numbers)}/file.zip"
        served.faults.extend(faults)
        self.files[path] = served
        return self.base + path

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""

    def __enter__(self) -> Server:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()
