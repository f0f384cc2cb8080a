"""What the processes that this one has started take, and which of them are workers of a Ray cluster; on Linux."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

TICKS = os.sysconf("SC_CLK_TCK")
LOOK_EVERY_S = 0.2


def stats() -> dict[int, tuple[int, float]]:
    """Return of each process its parent and its own CPU seconds."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        found[int(folder.name)] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    return found


def started() -> Iterator[tuple[int, float]]:
    """Yield the processes that this one has started, directly or not, each with its CPU seconds."""
    known = stats()
    for pid, (parent, seconds) in known.items():
        while parent not in (0, os.getpid()):
            parent = known.get(parent, (0, 0.0))[0]
        if parent:
            yield pid, seconds


class Meter:
    """Counts the CPU seconds of all that this process starts, by looking often: what ends is counted nowhere else."""

    def __init__(self) -> None:
        self.before = dict(started())
        self.now = dict(self.before)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

        self.workers: set[int] = set()

    def _look(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            self.now.update(started())
            self.workers.update(ray_workers())

    def seconds(self, workers: bool) -> float:
        """Return what the workers of a Ray cluster have taken, or all others."""
        return sum(
            seconds - self.before.get(pid, 0.0) for pid, seconds in self.now.items() if (pid in self.workers) == workers
        )

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self.now.update(started())


def ray_workers() -> list[int]:
    """Return the processes among our own that do photos for `handseg predict --engine ray`."""
    found = []
    for pid, _ in started():
        try:
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Worker"):
                found.append(pid)
        except OSError:
            continue
    return found
