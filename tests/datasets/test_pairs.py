from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.pairs import Pairs
from handseg_cli.errors import DatasetError, ImageError


def find(folder: Path, *lines: str) -> list[Entry]:
    """Write a CSV file and list what it holds."""
    (folder / "hands.csv").write_text("\n".join(lines), encoding="utf-8")
    return list(Pairs().find(folder / "hands.csv"))


def test_a_spreadsheet_is_read_with_groups_splits_and_odd_names(whole: Path) -> None:
    entries = list(Pairs().find(whole))
    assert entries == list(Pairs().find(whole / "hands.csv"))
    told = [(entry.key, entry.group, entry.split) for entry in entries]
    assert told[0] == ("shots/first one", "anna", "train")
    assert told[1] == ("shots/b", "anna", "train")
    assert told[2:] == [("shots/c", "ben", "val"), ("shots/d, again", "cleo", "test")]
    for number, entry in enumerate(entries):
        sample = Pairs().read(entry)
        assert sample.mask is not None
        rows, columns = np.nonzero(sample.mask)
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8 + number, 29, 10, 29 + 2 * number)


@pytest.mark.parametrize(
    ("lines", "group", "split"),
    [
        (("p/a.jpg,m.png",), "p", ""),
        (("p/a.jpg,m.png,anna",), "anna", ""),
        (("p/a.jpg,m.png,anna,val",), "anna", "val"),
        (("p/a.jpg,m.png,,val",), "p", "val"),
        (("p/a.jpg,m.png,test",), "p", "test"),
        (("train/a.jpg\tm.png",), "train/a", "train"),
        (("split,mask,note,image", "valid,m.png,fine,p/a.jpg"), "p", "val"),
        (("", "IMAGE,MASK", "a.jpg,m.png"), "a", ""),
        (("p\\a.jpg;m.png",), "p", ""),
    ],
)
def test_columns_are_told_by_header_or_place(lines: tuple[str, ...], group: str, split: str, tmp_path: Path) -> None:
    (entry,) = find(tmp_path, *lines)
    assert (entry.group, entry.split) == (group, split)
    assert entry.labels == tmp_path / "m.png"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a.jpg", "p/../../a.jpg", "..\\a.jpg", "C:\\a.jpg", "\\\\host\\a", "."]
)
@pytest.mark.parametrize("column", ["image", "mask"])
def test_paths_that_leave_the_folder_are_refused_by_line(path: str, column: str, tmp_path: Path) -> None:
    line = f"{path},m.png" if column == "image" else f"a.jpg,{path}"
    with pytest.raises(DatasetError, match=r"hands.csv line 2: .* is not below .*; write a relative path"):
        find(tmp_path, "b.jpg,b.png", line)


def test_a_path_may_go_up_and_come_back(tmp_path: Path) -> None:
    assert find(tmp_path, "p/../a.jpg,q/../m.png")[0].image == tmp_path / "a.jpg"


def test_a_relative_csv_finds_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find(tmp_path, "a.jpg,m.png")
    monkeypatch.chdir(tmp_path)
    for path in (Path("hands.csv"), Path("../") / tmp_path.name / "hands.csv"):
        (entry,) = Pairs().find(path)
        assert os.path.samefile(entry.image.parent, tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no rows"),
        ("image,mask\n", "has no rows"),
        ("a.jpg\n", "line 1: has one column"),
        ("a.jpg,m.png\n,m.png\n", "line 2: names no file"),
        ("a.jpg,m.png,anna,maybe\n", "line 1: its split is maybe; it is train, val, test or empty"),
        ("a.jpg,m.png\na.jpg,n.png\n", "line 2: names a.jpg again, after .* line 1"),
        ('"a.jpg,m.png\n', "is no CSV"),
        (f'"{"a" * 200_000}",m.png\n', "is no CSV"),
        ("a.jpg,m.png\0\n", "is not below|is no CSV"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=reason):
        find(tmp_path, text)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hands.csv").write_bytes("größe.jpg,m.png".encode("latin-1"))
    with pytest.raises(DatasetError, match="is no UTF-8 text"):
        list(Pairs().find(tmp_path))


def test_rows_without_mask_fail_alone(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    empty, lost = find(tmp_path, "a.png,", "b.png,nan")
    with pytest.raises(DatasetError, match=r"hands.csv line 1: has no mask; write its path into the second column"):
        Pairs().read(empty)
    with pytest.raises(ImageError, match="is not there"):
        Pairs().read(lost)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    Image.new("L", (4, 3)).save(tmp_path / "m.png")
    with pytest.raises(DatasetError, match="is for 4 x 3 pixels but the photo has 8 x 6"):
        Pairs().read(find(tmp_path, "a.png,m.png")[0])


def test_photos_of_one_stem_keep_their_suffixes(tmp_path: Path) -> None:
    assert [entry.key for entry in find(tmp_path, "a.jpg,1.png", "a.png,2.png", "b.jpg,3.png")] == [
        "a.jpg",
        "a.png",
        "b",
    ]


def test_a_folder_of_two_files_or_none_tells_what_was_expected(tmp_path: Path) -> None:
    for count in (0, 2):
        for number in range(count):
            (tmp_path / f"{number}.csv").touch()
        with pytest.raises(DatasetError, match=rf"holds {count} CSV files; expected one CSV file of image,mask"):
            list(Pairs().find(tmp_path))
    with pytest.raises(DatasetError, match="is missing; name a folder with one CSV file"):
        list(Pairs().find(tmp_path / "lost.csv"))
