"""What was packed comes out, whatever it was packed with, whole or in parts."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_cli.errors import DownloadError
from handseg_cli.io.archives import is_unpacked, unpack, unpack_parts
from tests.tiny.archives import MAKERS, TREE, Make, tree_in, write_tar, write_zip

every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


@every_kind
def test_what_was_packed_comes_out_whatever_the_suffix_says(tmp_path: Path, make: Make) -> None:
    make(tmp_path / "set.bin", TREE)
    unpack(tmp_path / "set.bin", tmp_path / "raw" / "set")
    assert tree_in(tmp_path / "raw" / "set") == TREE
    assert {path.name for path in (tmp_path / "raw").iterdir()} == {"set"}


@every_kind
def test_names_of_many_bytes_come_out(tmp_path: Path, make: Make) -> None:
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


@every_kind
def test_progress_rises_to_the_size_of_the_archive(tmp_path: Path, make: Make) -> None:
    make(tmp_path / "set", TREE)
    told: list[tuple[int, int]] = []
    unpack(tmp_path / "set", tmp_path / "raw", report=lambda done, whole: told.append((done, whole)))
    size = (tmp_path / "set").stat().st_size
    assert {whole for _, whole in told} == {size}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (size, size)


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
