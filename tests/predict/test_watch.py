"""A real `handseg predict --watch`: it does photos as they are complete, and only then."""

from __future__ import annotations

import errno
import io
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ConfigError, HandsegError
from handseg_cli.predict.stream import predict
from handseg_cli.predict.watch import adder, is_being_written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

Watch = Callable[..., Any]


def photo(seed: int) -> bytes:
    """Return a photo of noise, which takes several pages of a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def put(path: Path, seed: int = 0) -> None:
    path.write_bytes(photo(seed))


class Watched:
    """A running watch; `next` is its next record."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def next(self) -> tuple[str, str]:
        """Wait for a record and return its path and status."""
        assert self.process.stdout is not None
        record = json.loads(self.process.stdout.readline())
        return record["path"], record["status"]

    def stop(self) -> tuple[int, list[tuple[str, str]]]:
        """Let it end; return the exit code and the records that were still to come."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        rest = [json.loads(line) for line in out.splitlines()]
        return self.process.returncode, [(record["path"], record["status"]) for record in rest]


@pytest.fixture
def watch(tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return what watches the current folder, which holds one photo, and waits until that is done."""
    monkeypatch.chdir(tmp_path)
    put(Path("first.jpg"))

    @contextmanager
    def begin(*options: str, folder: str = ".") -> Iterator[Watched]:
        command = [sys.executable, "-m", "handseg_cli", "predict", folder, "--watch", "--json", *options]
        with subprocess.Popen([*command, "--weights", str(tiny_weights)], stdout=subprocess.PIPE, text=True) as process:
            try:
                watched = Watched(process)
                assert watched.next() == (str(Path(folder, "first.jpg")), "done")
                yield watched
            finally:
                process.kill()

    return begin


def test_a_photo_that_is_written_slowly_is_done_once_it_is_closed(watch: Watch) -> None:
    data = photo(1)
    with watch() as watched:
        with Path("slow.jpg").open("wb", buffering=0) as file:
            for at in range(0, len(data), len(data) // 3):
                file.write(data[at : at + len(data) // 3])
                time.sleep(0.1)
            assert not Path("slow.jpg.png").exists()
        assert watched.next() == ("slow.jpg", "done")
        assert watched.stop() == (0, [])


def test_a_photo_that_is_being_written_from_before_is_waited_for(watch: Watch) -> None:
    data = photo(1)
    with Path("slow.jpg").open("wb", buffering=0) as file:
        file.write(data[:3000])
        with watch() as watched:
            time.sleep(0.5)  # longer than it takes to look for more
            file.write(data[3000:])
            file.close()
            assert watched.next() == ("slow.jpg", "done")
            assert watched.stop() == (0, [])


def test_what_arrives_is_done_and_nothing_else_speaks(watch: Watch) -> None:
    Path("in").mkdir()
    with watch("--recursive") as watched:
        put(Path(".upload"), 1)
        Path(".upload").rename("moved.jpg")
        assert watched.next() == ("moved.jpg", "done")
        put(Path("in/inner.jpg"), 2)
        assert watched.next() == ("in/inner.jpg", "done")
        Path("notes.txt").write_text("no photo")
        Path("new/deep").mkdir(parents=True)
        time.sleep(0.5)
        put(Path("new/deep/one.jpg"), 3)
        assert watched.next() == ("new/deep/one.jpg", "done")
        put(Path("first.jpg"), 4)
        assert watched.next() == ("first.jpg", "done")
        Path("broken.jpg").write_text("no photo")
        assert watched.next() == ("broken.jpg", "failed")
        assert watched.stop() == (1, [])


def test_a_folder_moved_in_with_its_photos_is_done(watch: Watch, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "album"
    other.mkdir()
    put(other / "a.jpg", 1)
    with watch("--recursive") as watched:
        other.rename("album")
        assert watched.next() == ("album/a.jpg", "done")
        put(Path("album/b.jpg"), 2)
        assert watched.next() == ("album/b.jpg", "done")


def test_what_the_kernel_forgot_is_found_by_looking_again(watch: Watch) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip("this kernel remembers too much")
    with watch() as watched:
        watched.process.send_signal(signal.SIGSTOP)
        for number in range(limit // 2 + 100):
            Path(f".{number}").touch()
        put(Path("late.jpg"), 1)
        watched.process.send_signal(signal.SIGCONT)
        assert sorted([watched.next(), watched.next()]) == [("first.jpg", "skipped"), ("late.jpg", "done")]


def test_too_many_folders_are_told_with_a_way_out(tmp_path: Path) -> None:
    class Full:
        def add_watch(self, folder: Path, mask: int) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(HandsegError, match="max_user_watches"):
        adder(Full(), {})(tmp_path)


def test_a_watch_ends_with_its_folder(watch: Watch) -> None:
    Path("in").mkdir()
    put(Path("in/first.jpg"))
    with watch(folder="in") as watched:
        shutil.rmtree("in")
        assert watched.process.wait(timeout=30) == 0


def test_a_file_that_somebody_writes_to_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb"):
        assert is_being_written(path)
    with path.open("rb"):
        assert not is_being_written(path)
    assert not is_being_written(tmp_path / "gone.jpg")


def test_a_watch_of_no_folder_is_refused(tmp_path: Path, tiny_weights: Path) -> None:
    put(tmp_path / "a.jpg")
    with pytest.raises(ConfigError, match="needs a folder"):
        predict(PredictConfig(paths=(tmp_path / "a.jpg",), watch=True, weights=str(tiny_weights), quiet=True))
