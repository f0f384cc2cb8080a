"""Archives come into folders that are there already: beside what lies there, and never over it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from handseg_cli.errors import OutputError
from handseg_cli.io.archives import MARKS, is_unpacked, unpack
from handseg_cli.io.files import PART, claim
from tests.tiny.archives import TREE, tree_in, write_tar, write_zip


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
