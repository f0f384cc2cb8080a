"""Claims and writes: a file is there whole or not at all, and one run at a time is at it."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from handseg_cli.errors import DiskFullError, OutputError
from handseg_cli.io import files
from handseg_cli.io.files import PART, claim, explained, part_of, write_atomic


def test_a_write_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    write_atomic(tmp_path / "mask.png", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("mask.png", b"new")]


def test_a_write_replaces_the_old_file_in_one_step(tmp_path: Path) -> None:
    target = tmp_path / "mask.png"
    target.write_bytes(b"old")
    mine = claim(target)
    assert mine is not None
    assert target.read_bytes() == b"old"
    mine.write(b"new")
    assert target.read_bytes() == b"new"


def test_a_released_claim_leaves_nothing(tmp_path: Path) -> None:
    mine = claim(tmp_path / "mask.png")
    assert mine is not None
    mine.release()
    mine.release()
    assert not list(tmp_path.iterdir())


def test_an_ended_claim_cannot_be_written(tmp_path: Path) -> None:
    mine = claim(tmp_path / "mask.png")
    assert mine is not None
    mine.write(b"once")
    with pytest.raises(ValueError, match="ended"):
        mine.write(b"twice")


def test_a_claim_keeps_others_off_until_it_ends(tmp_path: Path) -> None:
    mine = claim(tmp_path / "mask.png")
    assert mine is not None
    assert claim(tmp_path / "mask.png") is None
    mine.release()
    again = claim(tmp_path / "mask.png")
    assert again is not None
    again.release()


def test_a_claim_keeps_another_process_off(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from handseg_cli.io.files import claim; print(claim(Path(sys.argv[1])))"
    )
    mine = claim(tmp_path / "mask.png")
    assert mine is not None
    with mine:
        assert subprocess.check_output([sys.executable, "-c", code, str(tmp_path / "mask.png")], text=True) == "None\n"


def test_a_file_can_be_written_piece_by_piece(tmp_path: Path) -> None:
    part_of(tmp_path / "clip.mkv").write_bytes(b"longer rubbish of a run that was killed")
    mine = claim(tmp_path / "clip.mkv")
    assert mine is not None
    with mine.file() as file:
        file.write(b"....ody")
        file.seek(0)
        file.write(b"head b")
    mine.finish()
    assert (tmp_path / "clip.mkv").read_bytes() == b"head by"


def test_the_rest_of_a_killed_run_is_taken_over(tmp_path: Path) -> None:
    part_of(tmp_path / "mask.png").write_bytes(b"rubbish of a run that was killed")
    write_atomic(tmp_path / "mask.png", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("mask.png", b"new")]


def test_a_second_name_of_a_file_is_not_written_to(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    os.link(victim, part_of(tmp_path / "mask.png"))
    write_atomic(tmp_path / "mask.png", b"new")
    assert victim.read_bytes() == b"precious"


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    part_of(tmp_path / "mask.png").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError, match=r"mask\.png"):
        write_atomic(tmp_path / "mask.png", b"new")
    assert not (tmp_path / "victim").exists()


def test_a_pipe_in_the_way_is_removed(tmp_path: Path) -> None:
    os.mkfifo(part_of(tmp_path / "mask.png"))
    write_atomic(tmp_path / "mask.png", b"new")
    assert (tmp_path / "mask.png").read_bytes() == b"new"


def test_a_claim_whose_file_was_removed_does_not_take_that_of_another(tmp_path: Path) -> None:
    mine = claim(tmp_path / "mask.png")
    assert mine is not None
    mine.part.unlink()
    other = claim(tmp_path / "mask.png")
    assert other is not None
    with pytest.raises(OutputError, match="removed"):
        mine.write(b"mine")
    other.write(b"other")
    assert (tmp_path / "mask.png").read_bytes() == b"other"


@pytest.mark.parametrize("length", [200, 241, 242, 255])
def test_names_as_long_as_the_system_takes_can_be_written(tmp_path: Path, length: int) -> None:
    target = tmp_path / ("é" * 50 + "x" * (length - 100))
    write_atomic(target, b"new")
    assert target.read_bytes() == b"new"


def test_a_name_that_is_too_long_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="255 bytes"):
        claim(tmp_path / ("x" * 256))


def test_a_name_that_is_no_unicode_can_be_written(tmp_path: Path) -> None:
    write_atomic(tmp_path / os.fsdecode(b"caf\xe9.png"), b"new")
    assert os.listdir(os.fsencode(tmp_path)) == [b"caf\xe9.png"]


def test_a_file_gets_the_permissions_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "mask.png", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "mask.png").stat().st_mode & 0o777 == 0o640


def test_many_threads_that_want_one_file_never_hold_it_together(tmp_path: Path) -> None:
    inside, most = [], []
    lock = threading.Lock()

    def work(number: int) -> None:
        mine = claim(tmp_path / f"{number % 2}.png")
        if mine is None:
            return
        with mine:
            with lock:
                inside.append(number % 2)
                most.append(inside.count(number % 2))
            time.sleep(0.0005)
            with lock:
                inside.remove(number % 2)
            if number % 3:
                mine.write(b"x" * number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(600)))
    assert set(most) == {1}
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(PART)]


@pytest.mark.parametrize(
    ("number", "kind", "advice"),
    [
        (errno.ENOSPC, DiskFullError, "make room"),
        (errno.EDQUOT, DiskFullError, "make room"),
        (errno.EROFS, OutputError, "-o DIR"),
        (errno.EACCES, OutputError, "-o DIR"),
        (errno.EIO, OutputError, "Input/output error"),
    ],
)
def test_an_error_of_the_disk_says_what_to_do(number: int, kind: type[OutputError], advice: str) -> None:
    with pytest.raises(kind, match=advice), explained(Path("masks/a.png")):
        raise OSError(number, os.strerror(number))


def refuse(descriptor: int, operation: int) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.parametrize("where", ["windows", "network"])
def test_without_locks_nothing_is_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "windows":
        monkeypatch.setattr(files, "fcntl", None)
    else:
        monkeypatch.setattr(fcntl, "flock", refuse)
    one, other = claim(tmp_path / "mask.png"), None
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(claim, tmp_path / "mask.png").result()
    assert one is not None
    assert other is not None
    one.write(b"one")
    other.write(b"other")
    left = claim(tmp_path / "mask.png")
    assert left is not None
    left.release()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("mask.png", b"other")]
