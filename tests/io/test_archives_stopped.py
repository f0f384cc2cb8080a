"""Whatever stops a run, a folder is there whole or not at all, and the next run completes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from handseg_cli.errors import DiskFullError, DownloadError, OutputError
from handseg_cli.io.archives import unpack
from tests.tiny.archives import MAKERS, TREE, Make, tree_in, write_tar, write_zip

every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


class Space:
    """What shutil.disk_usage returns."""

    free = 4999


def test_too_little_space_is_seen_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_zip(tmp_path / "set.zip", {"a": b"x" * 5000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Space())
    with pytest.raises(DiskFullError, match="5000 bytes are needed, 4999 are free"):
        unpack(tmp_path / "set.zip", tmp_path / "raw")
    assert {path.name for path in tmp_path.iterdir()} == {"set.zip"}


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tar(tmp_path / "set.tar", TREE)
    real = os.fdopen
    opened = 0

    def full(descriptor: int, mode: str) -> IO[Any]:
        nonlocal opened
        opened += 1
        if opened == 2:
            os.close(descriptor)
            return real(os.open("/dev/full", os.O_WRONLY), mode)
        return real(descriptor, mode)

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(DiskFullError, match="make room"):
        unpack(tmp_path / "set.tar", tmp_path / "raw")
    assert opened == 2
    assert {path.name for path in tmp_path.iterdir()} == {"set.tar"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said_so(tmp_path: Path) -> None:
    write_tar(tmp_path / "set.tar", TREE)
    (tmp_path / "shut").mkdir(mode=0o555)
    with pytest.raises(OutputError, match="cannot be written to"):
        unpack(tmp_path / "set.tar", tmp_path / "shut" / "raw")


def test_a_folder_where_nothing_can_be_made_is_said_so(tmp_path: Path) -> None:
    write_tar(tmp_path / "set.tar", TREE)
    with pytest.raises(OutputError, match="cannot be written"):
        unpack(tmp_path / "set.tar", Path("/proc/raw"))


def test_an_archive_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    for name in ("none.zip", ""):
        with pytest.raises(DownloadError, match="cannot be read"):
            unpack(tmp_path / name, tmp_path / "raw")
    assert not list(tmp_path.iterdir())


@every_kind
def test_an_archive_cut_short_anywhere_leaves_nothing(tmp_path: Path, make: Make) -> None:
    make(tmp_path / "set", TREE)
    data = (tmp_path / "set").read_bytes()
    content = len(data.rstrip(b"\0")) if data[:4] == b"hand" else len(data)
    for length in [*range(0, content, content // 23), content - 1]:
        (tmp_path / "set").write_bytes(data[:length])
        with pytest.raises(DownloadError, match=r"set: is damaged \(.+\); delete it and run the download again"):
            unpack(tmp_path / "set", tmp_path / "raw")
        assert {path.name for path in tmp_path.iterdir()} == {"set"}


def test_a_stop_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    write_tar(tmp_path / "set", TREE)
    with pytest.raises(KeyboardInterrupt):
        unpack(tmp_path / "set", tmp_path / "raw", report=stop)
    assert {path.name for path in tmp_path.iterdir()} == {"set"}


# --- kills -----------------------------------------------------------------------------------------------------

KILLED_EVERYWHERE = """
import os, signal, sys
from pathlib import Path
from handseg_cli.io.archives import is_unpacked, unpack
from handseg_cli.errors import HandsegError

left = None
def count(event, arguments):
    global left
    if left is not None and event in ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)

home, before = Path(sys.argv[1]), sys.argv[2].split()
for number in range(1000):
    place = home / str(number)
    folder = place / "raw"
    for name in before:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"mine")
    child = os.fork()
    if not child:
        left = number
        place.mkdir(exist_ok=True)
        unpack(home / "set", folder)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    if not is_unpacked(folder, "set"):
        assert status
        unpack(home / "set", folder)
    assert is_unpacked(folder, "set")
    if not status:
        break
print(number)
"""


@pytest.mark.parametrize("before", ["", "mine.txt hands/mine.txt"])
def test_a_run_killed_at_any_instant_is_completed_by_the_next(tmp_path: Path, before: str) -> None:
    write_tar(tmp_path / "set", TREE)
    script = [sys.executable, "-c", KILLED_EVERYWHERE, str(tmp_path), before]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    instants = int(done.stdout)
    assert instants > 20
    for number in range(instants + 1):
        assert tree_in(tmp_path / str(number) / "raw") == {**TREE, **dict.fromkeys(before.split(), b"mine")}


def test_a_killed_run_shows_nothing_and_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    write_tar(tmp_path / "set", {f"hands/{number}": b"x" * 100 for number in range(200)})
    code = (
        "import os, sys; from pathlib import Path; from handseg_cli.io.archives import unpack\n"
        "here = Path(sys.argv[1]); left = [100]\n"
        "def report(done, whole):\n    left[0] -= 1\n    left[0] or os.kill(os.getpid(), 9)\n"
        "unpack(here / 'set', here / 'raw', report=report)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == -9
    assert not (tmp_path / "raw").exists()
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) > 90
    unpack(tmp_path / "set", tmp_path / "raw")
    assert len(tree_in(tmp_path / "raw")) == 200
    assert {path.name for path in tmp_path.iterdir()} == {"set", "raw"}
