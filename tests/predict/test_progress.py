"""What a person, a log and a hostile name get to see."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from handseg_cli.predict.manifest import Record
from handseg_cli.predict.progress import Reporter

FAILED = Record(Path("b\x1b[2J\n.jpg"), "failed", "is damaged [bold]")


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_for_each_failure_only(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(quiet=False) as reporter:
        reporter.show(Record(Path("a.jpg"), "done"), 2)
        reporter.show(FAILED, 2)
    assert capsys.readouterr().err == "b\\x1b[2J\\n.jpg: is damaged [bold]\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(quiet=True) as reporter:
        reporter.show(FAILED, 1)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_the_failures_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Reporter(quiet=False) as reporter:
        reporter.show(Record(Path("a.jpg"), "done"), 7)
        reporter.show(FAILED, 7)
        assert reporter.bar is not None
        reporter.bar.refresh()
    shown = terminal.getvalue()
    assert "2/7" in shown
    assert "1 failed" in shown
    assert "b\\x1b[2J\\n.jpg: is damaged [bold]\n" in shown
