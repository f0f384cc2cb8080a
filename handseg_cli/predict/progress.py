"""What a run says on stderr: a bar where a person watches, failures in one line each, nothing else."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from handseg_cli.paths import shown
from handseg_cli.predict.manifest import Record, readable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Reporter:
    """Says how a run gets on."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet or sys.stderr is None  # a daemon may have closed it
        self.failed = 0
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def show(self, record: Record, total: int) -> None:
        """Tell of one more input, of so many that are known."""
        if record.status == "failed":
            self.failed += 1
            if not self.quiet:
                self.say(f"{readable(record.path)}: {record.reason}")
        if self.bar is not None and self.task is not None:
            note = f", {self.failed} failed" if self.failed else ""
            self.bar.update(self.task, advance=1, total=total, description=note)

    def say(self, text: str) -> None:
        """Write a line to stderr."""
        line = shown(text) + "\n"
        if self.bar is not None:
            self.bar.console.print(line, end="", markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(line)

    def __enter__(self) -> Reporter:
        if not self.quiet and sys.stderr.isatty():
            self.bar = make_bar()
            self.task = self.bar.add_task("", total=None)
            self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()


def make_bar() -> Progress:
    """Return a progress bar on stderr that goes away at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (MofNCompleteColumn(), TextColumn("photos{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
