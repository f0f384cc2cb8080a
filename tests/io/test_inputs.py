"""Reading files that people name."""

from __future__ import annotations

import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from handseg_cli.errors import ImageError
from handseg_cli.io.inputs import read_bytes, read_head


def test_read_bytes_reads_all_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(range(256)) * 100)
    assert read_bytes(path) == path.read_bytes()
    assert read_bytes(path, limit=25_600) == path.read_bytes()
    assert read_head(path, 10) == bytes(range(10))


@pytest.mark.skipif(not Path("/proc/version").is_file(), reason="Linux has files that tell a size of 0")
def test_a_file_that_tells_no_size_is_read_whole() -> None:
    assert read_bytes(Path("/proc/version")) == Path("/proc/version").read_bytes() != b""
    with pytest.raises(ImageError, match="larger than"):
        read_bytes(Path("/proc/version"), limit=5)
    assert len(read_head(Path("/proc/version"), 5)) == 5


def test_read_bytes_refuses_what_is_larger_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(3 << 30)
    tracemalloc.start()
    with pytest.raises(ImageError, match="512 MiB"):
        read_bytes(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20, "nothing of it is read"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are for POSIX")
def test_pipes_devices_folders_and_sockets_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        kinds = {"pipe": "named pipe", "socket": "socket", "/dev/zero": "device", ".": "folder"}
        for name, kind in kinds.items():
            with pytest.raises(ImageError, match=f"is a {kind}"):
                read_bytes(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are for POSIX")
def test_pipe_that_takes_the_name_of_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"x")
    regular = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda self: regular)
    with pytest.raises(ImageError, match="named pipe"):
        read_bytes(tmp_path / "pipe")


def test_missing_files_loops_and_impossible_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, reason in {"gone": "not there", "loop": "cannot be read", "a\0b": "null", "n" * 300: "too long"}.items():
        with pytest.raises(ImageError, match=reason):
            read_bytes(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch(mode=0)
    with pytest.raises(ImageError, match="permissions"):
        read_bytes(path)
