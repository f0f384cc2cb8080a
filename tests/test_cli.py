"""The command line: help, exit codes, and what goes to which stream."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from handseg_cli import __version__, cli
from handseg_cli.cli import COMMANDS, Command
from handseg_cli.config import DoctorConfig, Short
from handseg_cli.errors import DiskFullError

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text()

# The real main on a verb of our own, in a process, for what only that has.
WITH_VERB = """
import sys, time
from handseg_cli import cli
from handseg_cli.config import DoctorConfig

def verb(config):
    {body}

cli.COMMANDS["doctor"] = cli.Command(DoctorConfig, "__main__:verb", answers=True)
cli.main(["doctor"])
"""


class Done(NamedTuple):
    """How a command has ended."""

    code: object
    out: str
    err: str


Handseg = Callable[..., Done]


@pytest.fixture
def handseg(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Handseg]:
    """Return what runs the command line, in this process, with a verb of our own for `doctor` if one is given."""
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")

    def run(*arguments: str, verb: Callable[[object], object] | None = None) -> Done:
        if verb:
            monkeypatch.setitem(COMMANDS, "doctor", Command(DoctorConfig, "a verb of our own", answers=True))
            monkeypatch.setattr(cli, "resolve", lambda _: verb)
        with pytest.raises(SystemExit) as ended:
            cli.main([*arguments])
        return Done(ended.value.code, *capfd.readouterr())

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_as_recorded(handseg: Handseg, command: str) -> None:
    recorded = (HERE / "golden" / f"help_{command or 'handseg'}.txt").read_text()
    assert handseg(*command.split(), "--help") == (0, recorded, "")


def test_it_is_started_as_a_module_too() -> None:
    command = [sys.executable, "-m", "handseg_cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"handseg {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "Usage: handseg"),
        (["--nothing"], "No such option"),
        (["predct"], "Did you mean 'predict'?"),
        (["predict"], "no input"),
        (["predict", "a", "--nothing"], "No such option"),
        (["predict", "a", "--threshold", "2"], "handseg: --threshold is 2.0; it goes from 0 to 1"),
        (["predict", "a", "--kind", "sketch"], "'mask', 'probability', 'overlay', 'cutout'"),
        (["predict", "-", "b.jpg"], "leave out the other paths"),
        (["show", "everything"], "everything is neither one of models, datasets, weights, runtimes nor a file"),
        (["download", "egohand"], "egohand is no dataset; there are eyth, egohands"),
        (["download", "hof"], "add --yes"),
        (["prepare"], "no dataset"),
        (["synth"], "Missing argument"),
        (["synth", "a", "--style", "egg"], "handseg: --style egg: there are ego, third-person"),
        (["synth", "a", "--layout", "coco"], "'prepared', 'rhd', 'interhand', 'files'"),
        (["export", "a.safetensors"], "Missing argument"),
    ],
)
def test_bad_usage_exits_2_and_says_why(handseg: Handseg, arguments: list[str], hint: str) -> None:
    code, out, err = handseg(*arguments)
    assert (code, out) == (2, "")
    assert hint in err


def test_answer_goes_to_stdout(handseg: Handseg) -> None:
    assert handseg("doctor", verb=lambda _: "the answer") == (0, "the answer\n", "")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("no space left on /masks; free some", "no space left on /masks; free some"),
        ("no space for \x1b[31m\n.jpg", r"no space for \x1b[31m\n.jpg"),
    ],
)
def test_our_error_is_one_line_that_cannot_play_with_the_terminal_and_its_exit_code(
    handseg: Handseg, message: str, shown: str
) -> None:
    def verb(_: object) -> None:
        raise DiskFullError(message)

    assert handseg("doctor", verb=verb) == (5, "", f"handseg: {shown}\n")


def test_bug_keeps_its_plain_traceback() -> None:
    command = [sys.executable, "-c", WITH_VERB.format(body="return 1 / 0")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "handseg: interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_signal_ends_it_after_cleaning_up(number: signal.Signals, code: int, said: str) -> None:
    body = "\n    ".join(["try:", "    print('ready', flush=True)", "    time.sleep(60)", "finally: print('cleaned')"])
    command = [sys.executable, "-c", WITH_VERB.format(body=body)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "cleaned\n", said)


def test_closed_stdout_is_no_drama() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "handseg_cli", "show", "runtimes"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_every_option_in_the_readme_exists() -> None:
    calls = [call for line in README.splitlines() for call in line.partition("#")[0].split("handseg ")[1:]]
    seen = set()
    for command, call in ((call.split()[0], call) for call in calls if call.split()[0] in COMMANDS):
        used = set(re.findall(r"(?<=[ `|])--[a-z0-9-]+", call.partition("`")[0]))
        assert used <= options_of(command) | {"--help", "--version"}, call
        seen |= used
    assert {"--recursive", "--sheet", "--dry-run", "--raw"} <= seen


def options_of(command: str) -> set[str]:
    """Return the long options of a command."""
    fields = COMMANDS[command].config.__dataclass_fields__.values()
    hints = typing.get_type_hints(COMMANDS[command].config, include_extras=True)
    marks = {mark.flag for hint in hints.values() for mark in typing.get_args(hint)[2:] if isinstance(mark, Short)}
    return marks | {f"--{field.name.replace('_', '-')}" for field in fields}


def test_readme_and_help_tell_the_same_exit_codes() -> None:
    notes = COMMANDS["predict"].notes
    told = set(re.findall(r"^  (\d+) ", notes, re.M)) | set(re.findall(r"\((\d+): .*?, (\d+):", notes)[0])
    assert set(re.findall(r"^\| (\d+) \|", README, re.M)) == told
