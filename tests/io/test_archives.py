"""Archives become folders that are there whole or not at all, whatever stops the run."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_cli.errors import DiskFullError, DownloadError, OutputError
from handseg_cli.io.archives import MARKS, is_unpacked, unpack, unpack_parts
from handseg_cli.io.files import PART, claim

TREE = {
    "hands/a.jpg": b"a" * 5000,
    "hands/deep/er/b.png": os.urandom(3000),
    "hands/empty.txt": b"",
    "read me.txt": "Hände".encode(),
}


def write_zip(path: Path, tree: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in tree.items():
            archive.writestr(name, data)


def write_tar(path: Path, tree: dict[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> None:
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def tree_in(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, without the marks."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and MARKS not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


MAKERS: dict[str, Callable[[Path, dict[str, bytes]], None]] = {
    "deflated zip": write_zip,
    "stored zip": lambda path, tree: write_zip(path, tree, zipfile.ZIP_STORED),
    "tar": write_tar,
    "GNU tar": lambda path, tree: write_tar(path, tree, "w", tarfile.GNU_FORMAT),
    "ustar": lambda path, tree: write_tar(path, tree, "w", tarfile.USTAR_FORMAT),
    "tar.gz": lambda path, tree: write_tar(path, tree, "w:gz"),
    "tar.bz2": lambda path, tree: write_tar(path, tree, "w:bz2"),
}
every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


@every_kind
def test_what_was_packed_comes_out_whatever_the_suffix_says(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], None]
) -> None:
    make(tmp_path / "set.bin", TREE)
    unpack(tmp_path / "set.bin", tmp_path / "raw" / "set")
    assert tree_in(tmp_path / "raw" / "set") == TREE
    assert {path.name for path in (tmp_path / "raw").iterdir()} == {"set"}


@every_kind
def test_names_of_many_bytes_come_out(tmp_path: Path, make: Callable[[Path, dict[str, bytes]], None]) -> None:
    name = "/".join(["folder" * 8] * 4) + "/" + "f" * 40  # what ustar can still split
    make(tmp_path / "set", {name: b"1"})
    unpack(tmp_path / "set", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == {name: b"1"}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_names_that_need_records_come_out(tmp_path: Path, form: int) -> None:
    tree = {"ö" * 100 + "/" + "é" * 120: b"1", "after": b"2"}
    write_tar(tmp_path / "set", tree, "w", form)
    unpack(tmp_path / "set", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == tree


def test_a_zip_of_64_bits_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    write_zip(tmp_path / "set", TREE)
    assert b"PK\6\6" in (tmp_path / "set").read_bytes()
    unpack(tmp_path / "set", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == TREE


def test_a_zip_written_to_a_pipe_comes_out(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError("a pipe")

        def seek(self, offset: int, whence: int = 0) -> int:
            raise OSError("a pipe")

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # sizes stand behind the members
        archive.writestr("a", b"1" * 100)
    (tmp_path / "set").write_bytes(pipe.getvalue())
    unpack(tmp_path / "set", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == {"a": b"1" * 100}


def test_folders_come_out_even_where_they_are_empty(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set", "w") as archive:
        for name in (".", "./full", "./full/empty"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o000
            archive.addfile(folder)
        archive.addfile(tarfile.TarInfo("./full/file"))
    unpack(tmp_path / "set", tmp_path / "raw")
    assert (tmp_path / "raw/full/empty").is_dir()
    assert tree_in(tmp_path / "raw") == {"full/file": b""}


def test_what_macos_adds_stays_out(tmp_path: Path) -> None:
    litter = {"__MACOSX/._a": b"1", "x/.DS_Store": b"2", "x/._y": b"3", ".DS_Store": b"4", "__MACOSX/x/y": b"5"}
    write_zip(tmp_path / "set", {**litter, "x/y": b"6", "x/__MACOSX_.txt": b"7"})
    unpack(tmp_path / "set", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == {"x/y": b"6", "x/__MACOSX_.txt": b"7"}


def test_the_umask_alone_decides_on_modes(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set", "w") as archive:
        info = tarfile.TarInfo("x/evil")
        info.mode = 0o6777
        archive.addfile(info)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as zipped:
        entry = zipfile.ZipInfo("x/evil")
        entry.external_attr = (stat.S_IFREG | 0o4777) << 16
        zipped.writestr(entry, b"")
    before = os.umask(0o027)
    try:
        unpack(tmp_path / "set", tmp_path / "tar")
        unpack(tmp_path / "set.zip", tmp_path / "zip")
    finally:
        os.umask(before)
    for name in ("tar", "zip"):
        modes = [stat.S_IMODE((tmp_path / name / inner).stat().st_mode) for inner in ("", "x", "x/evil")]
        assert modes == [0o750, 0o750, 0o640]


# --- marks, and folders that are there -------------------------------------------------------------------------


def test_the_mark_says_what_was_unpacked(tmp_path: Path) -> None:
    write_zip(tmp_path / "set.zip", TREE)
    assert not is_unpacked(tmp_path / "raw", "set.zip")
    unpack(tmp_path / "set.zip", tmp_path / "raw", sha256="ab12")
    assert is_unpacked(tmp_path / "raw", "set.zip")
    assert not is_unpacked(tmp_path / "raw", "other.zip")
    assert json.loads((tmp_path / "raw" / MARKS / "set.zip.json").read_bytes()) == {
        "archive": "set.zip",
        "size": (tmp_path / "set.zip").stat().st_size,
        "sha256": "ab12",
        "files": 4,
        "bytes": sum(map(len, TREE.values())),
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"archive": "b.zip"}'])
def test_a_broken_mark_marks_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKS).mkdir()
    (tmp_path / MARKS / "a.zip.json").write_text(text)
    assert not is_unpacked(tmp_path, "a.zip")


def test_several_archives_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "mine.txt").write_bytes(b"0")
    write_zip(tmp_path / "1.zip", {"x/a": b"1", "readme": b"same"})
    write_tar(tmp_path / "2.tar", {"x/y/b": b"2", "readme": b"same", "z/c": b"3"})
    for name in ("1.zip", "2.tar"):
        unpack(tmp_path / name, folder)
    assert tree_in(folder) == {"mine.txt": b"0", "x/a": b"1", "readme": b"same", "x/y/b": b"2", "z/c": b"3"}
    assert is_unpacked(folder, "1.zip")
    assert is_unpacked(folder, "2.tar")
    assert not [path for path in tmp_path.rglob("*") if PART in path.name]


@pytest.mark.parametrize("name", ["x/a", "x"])
def test_nothing_that_is_there_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / "raw" / name).parent.mkdir(parents=True)
    (tmp_path / "raw" / name).write_bytes(b"precious")
    write_zip(tmp_path / "set.zip", {"a": b"0", "x/a": b"other"})
    with pytest.raises(OutputError, match="move it away"):
        unpack(tmp_path / "set.zip", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == {name: b"precious"}
    assert not is_unpacked(tmp_path / "raw", "set.zip")


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "x").symlink_to(tmp_path / "elsewhere")
    write_zip(tmp_path / "set.zip", {"x/a": b"1"})
    with pytest.raises(OutputError, match="move it away"):
        unpack(tmp_path / "set.zip", tmp_path / "raw")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_linked_folder_is_filled_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "disk" / "set").mkdir(parents=True)
    (tmp_path / "raw").symlink_to(tmp_path / "disk" / "set")
    write_zip(tmp_path / "set.zip", TREE)
    unpack(tmp_path / "set.zip", tmp_path / "raw")
    assert tree_in(tmp_path / "disk" / "set") == TREE


def test_a_file_in_place_of_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"precious")
    write_zip(tmp_path / "set.zip", TREE)
    with pytest.raises(OutputError, match="is no folder"):
        unpack(tmp_path / "set.zip", tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == b"precious"


def test_archives_unpacked_at_once_into_one_folder_all_arrive(tmp_path: Path) -> None:
    trees: list[dict[str, bytes]] = [{f"x/{name}": b"1", "x/same": b"2", name: b"3"} for name in "abcdef"]
    for name, tree in zip("abcdef", trees, strict=True):
        write_tar(tmp_path / name, tree)
    for number in range(5):
        folder = tmp_path / f"raw{number}"
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name, folder=folder: unpack(tmp_path / name, folder), "abcdef"))
        assert tree_in(folder) == {name: data for tree in trees for name, data in tree.items()}
        assert all(is_unpacked(folder, name) for name in "abcdef")


def test_two_runs_do_not_unpack_the_same(tmp_path: Path) -> None:
    write_zip(tmp_path / "set.zip", TREE)
    with claim(tmp_path / "raw.set.zip") or pytest.fail("not free"), pytest.raises(OutputError, match="another run"):
        unpack(tmp_path / "set.zip", tmp_path / "raw")
    unpack(tmp_path / "set.zip", tmp_path / "raw")
    assert tree_in(tmp_path / "raw") == TREE


# --- parts -----------------------------------------------------------------------------------------------------


def cut(path: Path, places: list[int]) -> list[Path]:
    data = path.read_bytes()
    ends = [*sorted(min(place, len(data)) for place in places), len(data)]
    parts = [path.with_name(f"{path.name}.part{number:02}") for number in range(len(ends))]
    for part, start, end in zip(parts, [0, *ends], ends, strict=False):
        part.write_bytes(data[start:end])
    path.unlink()
    return parts


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "deflated zip"])
@settings(max_examples=25)
@given(places=st.lists(st.integers(0, 15000), max_size=5))
def test_parts_cut_anywhere_are_one_archive(kind: str, places: list[int]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        MAKERS[kind](folder / "set", TREE)
        parts = cut(folder / "set", places)
        unpack_parts(parts, folder / "raw", "set")
        assert tree_in(folder / "raw") == TREE
        assert is_unpacked(folder / "raw", "set")


def test_a_missing_or_a_swapped_part_is_found(tmp_path: Path) -> None:
    write_tar(tmp_path / "set", TREE)
    parts = cut(tmp_path / "set", [3000, 9000])
    with pytest.raises(DownloadError, match="part00 and its other parts: is damaged"):
        unpack_parts(parts[:2], tmp_path / "raw", "set")
    with pytest.raises(DownloadError, match="damaged"):
        unpack_parts([parts[0], parts[2], parts[1]], tmp_path / "raw", "set")
    parts[1].unlink()
    with pytest.raises(DownloadError, match="part01: cannot be read"):
        unpack_parts(parts, tmp_path / "raw", "set")
    assert not (tmp_path / "raw").exists()


# --- what goes wrong -------------------------------------------------------------------------------------------


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
def test_an_archive_cut_short_anywhere_leaves_nothing(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], None]
) -> None:
    make(tmp_path / "set", TREE)
    data = (tmp_path / "set").read_bytes()
    content = len(data.rstrip(b"\0")) if data[:4] == b"hand" else len(data)
    for length in [*range(0, content, content // 23), content - 1]:
        (tmp_path / "set").write_bytes(data[:length])
        with pytest.raises(DownloadError, match=r"set: is damaged \(.+\); delete it and run the download again"):
            unpack(tmp_path / "set", tmp_path / "raw")
        assert {path.name for path in tmp_path.iterdir()} == {"set"}


@every_kind
def test_progress_rises_to_the_size_of_the_archive(
    tmp_path: Path, make: Callable[[Path, dict[str, bytes]], None]
) -> None:
    make(tmp_path / "set", TREE)
    told: list[tuple[int, int]] = []
    unpack(tmp_path / "set", tmp_path / "raw", report=lambda done, whole: told.append((done, whole)))
    size = (tmp_path / "set").stat().st_size
    assert {whole for _, whole in told} == {size}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (size, size)


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
