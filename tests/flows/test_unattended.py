"""Real runs that are killed, starved of disk or started thrice at once; data_scripts/torture.py does it at length."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handseg_cli.io.files import PART
from handseg_cli.predict.stamps import is_stamped

PREDICT = [sys.executable, "-m", "handseg_cli", "predict"]
Start = Callable[..., "subprocess.Popen[str]"]
OWN_MOUNTS = ["unshare", "--map-root-user", "--mount"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder with photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(40):
        colours = np.random.default_rng(number).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(colours).resize((640, 480)).save(folder / f"{number:02}.jpg")
    return folder


@pytest.fixture
def start(tiny_weights: Path) -> Start:
    """Return what starts `handseg predict`."""

    def run(*arguments: str | Path, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        command = [*before, *PREDICT, *map(str, arguments), "--weights", str(tiny_weights)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End a process in any case."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process and return its exit code and what it said on stderr."""
    with running(process):
        _, said = process.communicate(timeout=60)
    return process.returncode, said


def masks(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the inode and time of each mask in a folder; each must be whole and stamped."""
    found = {}
    for path in sorted(folder.glob("*.jpg.png")):
        with Image.open(path) as mask:
            mask.load()
        assert is_stamped(path)
        found[path.name] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(PART)]


def wait_for_masks(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    while len(list(folder.glob("*.jpg.png"))) < count and process.poll() is None:
        time.sleep(0.001)


def read_records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_runs_that_are_killed_leave_whole_masks_and_nothing_is_done_twice(photos: Path, start: Start) -> None:
    rng = random.Random(0)
    finished: dict[str, tuple[int, int]] = {}
    for _ in range(3):
        process = start(photos, "--manifest", photos.parent / "m.jsonl")
        with running(process):
            wait_for_masks(photos, len(finished) + rng.randint(1, 4), process)
            time.sleep(rng.random() * 0.005)
            process.send_signal(signal.SIGKILL)
        now = masks(photos)
        assert now.items() >= finished.items()
        finished = now
    assert len(finished) < 40
    assert finish(start(photos))[0] == 0
    after = masks(photos)
    assert len(after) == 40
    assert after.items() >= finished.items()
    assert not parts(photos)


def test_runs_at_once_share_the_work_and_do_each_photo_once(photos: Path, start: Start) -> None:
    manifest = photos.parent / "m.jsonl"
    processes = [start(photos, "--manifest", manifest, "--workers", "2") for _ in range(3)]
    assert [finish(process)[0] for process in processes] == [0, 0, 0]
    records = read_records(manifest)
    assert len(records) == 3 * 40
    done = Counter(record["path"] for record in records if record["status"] == "done")
    assert len(done) == 40
    assert set(done.values()) == {1}
    assert {record["status"] for record in records} <= {"done", "skipped", "busy"}
    assert len(masks(photos)) == 40
    assert not parts(photos)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_told_to_stop_leaves_no_trace_but_masks(
    photos: Path, start: Start, number: signal.Signals, code: int
) -> None:
    process = start(photos, "--manifest", photos.parent / "m.jsonl", "--workers", "1")
    with running(process):
        wait_for_masks(photos, 2, process)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    done = [record["path"] for record in read_records(photos.parent / "m.jsonl") if record["status"] == "done"]
    assert sorted(masks(photos)) == sorted(Path(path).name + ".png" for path in done)
    assert 2 <= len(done) < 40
    assert not parts(photos)


def test_a_run_by_cron_says_one_line_or_nothing(photos: Path, start: Start) -> None:
    with running(start(photos)) as process:
        out, said = process.communicate(timeout=60)
    assert out == ""
    assert said.startswith("40 done")
    assert said.count("\n") == 1
    assert finish(start(photos, "--quiet")) == (0, "")


def test_find_may_name_the_photos_and_then_the_masks_too(photos: Path, start: Start) -> None:
    find = f'cd "{photos.parent}"; find photos -type f -print0 | "$@"'
    for report in ("40 done", "0 done, 40 up to date"):
        code, said = finish(start("--files0-from", "-", before=("sh", "-c", find, "sh")))
        assert (code, said.startswith(report)) == (0, True)
    assert len(list(photos.iterdir())) == 80


def test_a_daemon_with_everything_closed_does_its_work(photos: Path, start: Start) -> None:
    closed = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    assert finish(start(photos, before=closed))[0] == 0
    assert len(masks(photos)) == 40


def test_nobody_reading_the_lines_is_no_error_to_talk_of(photos: Path, start: Start) -> None:
    with running(start(photos, "--json")) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """Return what makes the start of a command that first mounts something, where this is allowed."""
    if shutil.which("unshare") is None or subprocess.run([*OWN_MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("mounting needs user namespaces")
    return lambda mount: (*OWN_MOUNTS, "sh", "-ec", f'cd "{tmp_path}"; {mount}; "$@"', "sh")


def test_a_full_disk_stops_the_run_and_leaves_whole_masks(
    photos: Path, start: Start, script: Callable[[str], tuple[str, ...]]
) -> None:
    out, kept = photos.parent / "out", photos.parent / "kept"
    out.mkdir()
    mount = 'mount -t tmpfs -o size=64k none out; trap "cp -r out kept" EXIT'
    code, said = finish(start(photos, "-o", out, "--manifest", photos.parent / "m.jsonl", before=script(mount)))
    assert code == 5
    assert "no space left" in said
    records = read_records(photos.parent / "m.jsonl")
    statuses = Counter(record["status"] for record in records)
    assert 0 < statuses["done"] == len(masks(kept)) < 40
    assert 1 <= statuses["failed"] <= 8
    assert not parts(kept)
    assert finish(start(photos, "-o", kept))[0] == 0
    assert len(masks(kept)) == 40


def test_a_folder_that_cannot_be_written_is_reported_with_a_way_out(
    photos: Path, start: Start, script: Callable[[str], tuple[str, ...]]
) -> None:
    mount = "mount --bind photos photos; mount -o remount,bind,ro photos"
    code, said = finish(start(photos, "--manifest", photos.parent / "m.jsonl", before=script(mount)))
    assert code == 1
    records = read_records(photos.parent / "m.jsonl")
    assert len(records) == 40
    assert all(record["status"] == "failed" and "-o DIR" in record["reason"] for record in records)
    assert said.count("-o DIR") == 40
