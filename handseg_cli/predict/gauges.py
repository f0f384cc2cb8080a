"""Counters of a run in Prometheus' text format, in a file as node_exporter's textfile collector reads them."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol

from handseg_cli import __version__
from handseg_cli.errors import HandsegError
from handseg_cli.io.files import write_atomic
from handseg_cli.predict.manifest import Record, Summary

EVERY_S = 5.0

# Name without "handseg_", type, and help; the README has the same list.
METRICS = (
    ("info", "gauge", "1; its labels tell version and model."),
    ("inputs_total", "counter", "Inputs that have ended, by status."),
    ("input_seconds_total", "counter", "Time spent on inputs, of all threads together."),
    ("inputs_known", "gauge", "Inputs that have been found so far."),
    ("start_time_seconds", "gauge", "When the run began, since 1970."),
    ("last_input_time_seconds", "gauge", "When the last input ended, since 1970; 0 before the first."),
    ("running", "gauge", "1 while the run goes on, 0 once it has ended."),
    ("exit_code", "gauge", "What it has ended with; -1 while it runs."),
)


class HasTotal(Protocol):
    """What knows how many inputs have been found."""

    total: int


class Gauges:
    """Writes the counters of a run every few seconds, and when it ends. Without a path it does nothing."""

    def __init__(self, path: Path | None, summary: Summary, found: HasTotal, labels: dict[str, str]) -> None:
        self.path = path
        self.summary = summary
        self.found = found
        self.labels = labels
        self.seconds = 0.0
        self.started = time.time()
        self.last = 0.0
        self.running = True
        self.code = -1
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="metrics", daemon=True)

    def add(self, record: Record) -> None:
        """Take in what came of an input."""
        self.seconds += (record.milliseconds or 0.0) / 1000
        self.last = record.time

    def text(self) -> str:
        """Return the file's content."""
        summary = self.summary
        values: dict[str, list[tuple[dict[str, str], float]]] = {
            "info": [({**self.labels, "version": __version__}, 1.0)],
            "inputs_total": [
                ({"status": status}, float(getattr(summary, status)))
                for status in ("done", "skipped", "busy", "failed")
            ],
            "input_seconds_total": [({}, self.seconds)],
            "inputs_known": [({}, float(self.found.total))],
            "start_time_seconds": [({}, self.started)],
            "last_input_time_seconds": [({}, self.last)],
            "running": [({}, float(self.running))],
            "exit_code": [({}, float(self.code))],
        }
        own = {"run": self.path.stem if self.path else "", "shard": self.labels.get("shard", "")}
        lines = []
        for name, kind, told in METRICS:
            lines += [f"# HELP handseg_{name} {told}", f"# TYPE handseg_{name} {kind}"]
            lines += [f"handseg_{name}{{{labelled(own | labels)}}} {value:.15g}" for labels, value in values[name]]
        return "\n".join(lines) + "\n"

    def _beat(self) -> None:
        while not self._end.wait(EVERY_S):
            with suppress(HandsegError):  # a full disk is told of where it stops the run
                self._write()

    def _write(self) -> None:
        if self.path is not None:
            write_atomic(self.path, self.text().encode())

    def __enter__(self) -> Gauges:
        self._write()
        if self.path is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path is None:
            return
        self._end.set()
        self._thread.join()
        self.running = False
        self.code = self.summary.exit_code if error is None else getattr(error, "exit_code", 1)
        with suppress(HandsegError):
            self._write()


def labelled(labels: dict[str, str]) -> str:
    r"""Return labels as name="value",...; backslashes, quotes and line ends are written as \\, \" and \n."""
    escaped = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in labels.items()}
    return ",".join(f'{name}="{value}"' for name, value in escaped.items()).replace("\n", "\\n")
