"""A bar on stderr for long work, where a person watches; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from handseg_cli.paths import shown

if TYPE_CHECKING:
    from rich import progress


Report = Callable[[int, int], None]  # done so far, of how much; 0 where that is not known


class Bar(Protocol):
    """A report that may give its task another name."""

    def __call__(self, done: int, of: int, name: str = "", /) -> None:
        """Show how much is done, of how much, and of what, where that has changed."""
        ...


class Progress:
    """Shows the tasks of one verb, in bytes or in pieces of something, unless stderr is a log or quiet is asked."""

    def __init__(self, quiet: bool, unit: str) -> None:
        self.unit = unit
        self.quiet = quiet or sys.stderr is None
        self.bars: progress.Progress | None = None

    def say(self, text: str) -> None:
        """Write a line to stderr, above the bars, unless quiet is asked."""
        if self.bars is not None:
            self.bars.console.print(shown(text), markup=False, highlight=False, soft_wrap=True)
        elif not self.quiet:
            sys.stderr.write(shown(text) + "\n")

    @contextmanager
    def task(self, name: str, total: int = 0) -> Iterator[Bar]:
        """Show a bar while a task lasts, and return what moves it."""
        if self.bars is None:
            yield lambda done, of, name="": None
            return
        bars, first = self.bars, name
        task = bars.add_task(first, total=total or None)

        def report(done: int, of: int, name: str = "") -> None:
            bars.update(task, completed=done, total=of or total or None, description=name or first)

        try:
            yield report
        finally:
            bars.remove_task(task)

    def __enter__(self) -> Progress:
        if not self.quiet and sys.stderr.isatty():
            self.bars = make_bars(self.unit)
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bars is not None:
            self.bars.stop()


def make_bars(unit: str) -> progress.Progress:
    """Return bars on stderr that go away at the end."""
    from rich import progress  # slow to import, and of no use in cron
    from rich.console import Console

    amount: tuple[progress.ProgressColumn, ...] = (progress.MofNCompleteColumn(), progress.TextColumn(unit))
    if unit == "bytes":
        amount = (progress.DownloadColumn(), progress.TransferSpeedColumn())
    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), *amount, progress.TimeRemainingColumn())
    return progress.Progress(*columns, console=Console(stderr=True), transient=True)
