from __future__ import annotations

import io
import os
import socket
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handseg_cli.errors import ImageError
from handseg_cli.io.images import IMAGE_SUFFIXES, read_bytes, read_head, sniff, sniff_video


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "jpeg"), ("MPO", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tiff")]
)
def test_sniff_names_the_format(kind: str, name: str) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, kind)
    assert sniff(stream.getvalue()[:64]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"II+\0\x08\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"GIF87a", "gif"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "bmp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"BMW is a maker of cars in Munich", None),
        (b"", None),
    ],
)
def test_sniff_of_heads(head: bytes, name: str | None) -> None:
    assert sniff(head) == name


@given(st.binary(max_size=500))
def test_sniffing_never_fails(head: bytes) -> None:
    sniff(head)
    sniff_video(head)


@pytest.mark.parametrize(
    ("head", "video"),
    [
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", True),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", True),
        (b"\0\0\0\x08wide", True),
        (b"RIFF\0\0\0\0AVI ", True),
        (b"\x1aE\xdf\xa3", True),
        (b"\0\0\1\xba", True),
        ((b"G" + bytes(187)) * 3, True),
        ((bytes(4) + b"G" + bytes(187)) * 3, True),
        (b"G" + bytes(500), False),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", False),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", False),
        (b"RIFF\0\0\0\0WEBP", False),
        (b"\xff\xd8\xff", False),
        (b"", False),
    ],
)
def test_sniff_video(head: bytes, video: bool) -> None:
    assert sniff_video(head) is video


def test_suffixes_are_lower_case_with_their_dot() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".heic", ".mpo"} <= IMAGE_SUFFIXES
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in IMAGE_SUFFIXES)


def test_read_bytes_reads_all_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(range(256)) * 100)
    assert read_bytes(path) == path.read_bytes()
    assert read_bytes(path, limit=25_600) == path.read_bytes()
    assert read_head(path, 10) == bytes(range(10))


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
