"""What a run says on stderr where programs read it: one JSON object a line."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from types import TracebackType
from typing import Any

from handseg_cli import __version__
from handseg_cli.predict.manifest import Record, Summary, readable

EVERY_S = 30.0


class JsonLog:
    """Says how a run begins, gets on and ends; takes the place of a `Reporter`."""

    def __init__(self, quiet: bool, summary: Summary) -> None:
        self.quiet = quiet or sys.stderr is None
        self.summary = summary
        self.next = time.monotonic() + EVERY_S

    def show(self, record: Record, total: int) -> None:
        """Tell of a failure, and now and then of how many inputs have ended, of so many that are known."""
        if record.status == "failed":
            self.write("error", "failed", {"path": readable(record.path), "reason": record.reason})
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + EVERY_S
            self.write("info", "progress", self.counts() | {"known": total})

    def say(self, text: str) -> None:
        """Write a message."""
        self.write("info", "message", {"message": text})

    def counts(self) -> dict[str, Any]:
        """Return how many inputs have ended how, and photos a second."""
        names = ("done", "skipped", "busy", "failed", "seconds")
        told = {name: getattr(self.summary, name) for name in names}
        rate = self.summary.done / self.summary.seconds if self.summary.seconds else 0.0
        return told | {"seconds": round(self.summary.seconds, 3), "rate": round(rate, 3)}

    def write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        """Write a line to stderr."""
        if not self.quiet:
            sys.stderr.write(line(level, event, fields))
            sys.stderr.flush()

    def __enter__(self) -> JsonLog:
        about = {"version": __version__, "host": socket.gethostname(), "pid": os.getpid(), "shard": self.summary.shard}
        self.write("info", "start", about)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        level = "info" if error is None and not self.summary.failed else "error"
        code = self.summary.exit_code if error is None else getattr(error, "exit_code", 1)
        ended = {"exit_code": code, "shard": self.summary.shard}
        self.write(level, "end", self.counts() | ended | ({} if error is None else {"error": str(error)}))


def line(level: str, event: str, fields: dict[str, Any]) -> str:
    """Return a line of the log; times are in UTC."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
    return json.dumps({"time": stamp, "level": level, "event": event, **fields}) + "\n"
