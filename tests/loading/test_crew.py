"""Workers end with whoever has started them, and say nothing of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[..., Path]

SCRIPT = """
import sys
from pathlib import Path
from handseg_cli.loading.crew import Crew
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.pictures import Job, Maker
from handseg_cli.loading.recipe import Recipe
if __name__ == "__main__":
    crew = Crew(Maker(Mix([Part("a", Path(sys.argv[1]))], "train"), Recipe(128)), 2)
    jobs = [Job((0,) * 16, ((7,),) * 16)] * 1000  # of more bytes than a pipe holds
    for _ in range(2):
        try:
            for number, batch in enumerate(crew.run(jobs)):
                if number == 3:
                    print("going", flush=True)
        except KeyboardInterrupt:
            print("stopped", flush=True)
"""


def descendants(pid: int) -> set[int]:
    found = set()
    for line in Path("/proc").glob("[0-9]*/stat"):
        try:
            child, parent = int(line.parent.name), int(line.read_text().rpartition(")")[2].split()[1])
        except (OSError, ProcessLookupError):
            continue
        if parent == pid:
            found |= {child, *descendants(child)}
    return found


def is_there(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_workers_end_with_their_parent_and_without_a_traceback(prepared: Build, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(prepared("a", train=4))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "going\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.readline() == "stopped\n"
        assert process.stdout.readline() == "going\n"
        pids = descendants(process.pid)
        assert len(pids) >= 2
        process.kill()
        _, said = process.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while any(map(is_there, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if is_there(pid)]
    assert said == ""
