"""The command line as a process: help, exit codes, and what goes to which stream."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from handseg_cli import __version__
from handseg_cli.cli import COMMANDS
from handseg_cli.config import Short

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text()
PLAIN = {**os.environ, "COLUMNS": "110", "TERM": "dumb"}

# The real main on a verb of our own, for what no real verb does on demand.
WITH_VERB = """
import sys, time
from handseg_cli import cli
from handseg_cli.config import DoctorConfig
from handseg_cli.errors import DiskFullError

def verb(config):
    {body}

cli.COMMANDS["doctor"] = cli.Command(DoctorConfig, "__main__:verb", answers=True)
cli.main(["doctor"])
"""


def handseg(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handseg_cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=PLAIN, timeout=60)


def with_verb(body: str) -> subprocess.CompletedProcess[str]:
    script = WITH_VERB.format(body=body)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_as_recorded(command: str) -> None:
    done = handseg(*command.split(), "--help")
    assert done.stdout == (HERE / "golden" / f"help_{command or 'handseg'}.txt").read_text()
    assert (done.returncode, done.stderr) == (0, "")


def test_version_is_printed() -> None:
    assert handseg("--version").stdout == f"handseg {__version__}\n"


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
        (["export", "a.safetensors"], "Missing argument"),
    ],
)
def test_bad_usage_exits_2_and_says_why(arguments: list[str], hint: str) -> None:
    done = handseg(*arguments)
    assert done.returncode == 2
    assert hint in done.stderr
    assert done.stdout == ""


def test_answer_goes_to_stdout() -> None:
    done = with_verb("return 'the answer'")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the answer\n", "")


def test_our_error_is_one_line_and_its_exit_code() -> None:
    done = with_verb("raise DiskFullError('no space left on /masks; free some')")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == "handseg: no space left on /masks; free some\n"


def test_name_in_an_error_cannot_play_with_the_terminal() -> None:
    done = with_verb(r"raise DiskFullError('no space for \x1b[31m\n.jpg')")
    assert done.stderr == "handseg: no space for \\x1b[31m\\n.jpg\n"


def test_bug_keeps_its_plain_traceback() -> None:
    done = with_verb("return 1 / 0")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_it_quietly_after_cleaning_up(number: signal.Signals, code: int) -> None:
    body = "\n    ".join(["try:", "    print('ready', flush=True)", "    time.sleep(60)", "finally: print('cleaned')"])
    command = [sys.executable, "-c", WITH_VERB.format(body=body)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "cleaned\n", "")


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
