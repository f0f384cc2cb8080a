from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.yolo import Yolo, parse_names
from handseg_cli.errors import DatasetError
from handseg_cli.sample import Sample

SQUARE = "0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5"


def write(folder: Path, name: str, text: str | None) -> None:
    """Write a photo of 40 x 20 and its labels."""
    photo, labels = folder / "images" / name, (folder / "labels" / name).with_suffix(".txt")
    for path in (photo, labels):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 20), "salmon").save(photo)
    if text is not None:
        labels.write_text(text)


def find(folder: Path, text: str) -> Entry:
    write(folder, "a.png", text)
    (entry,) = Yolo().find(folder)
    return entry


def read(folder: Path, text: str) -> Sample:
    return Yolo().read(find(folder, text))


def test_a_tree_is_read_with_sides_groups_and_splits(whole: Path) -> None:
    samples = [Yolo().read(entry) for entry in Yolo().find(whole)]
    assert [(sample.key, sample.group, sample.split, sample.hands) for sample in samples] == [
        ("train/anna/000", "anna", "train", "left"),
        ("train/anna/001", "anna", "train", "both"),
        ("train/ben/002", "ben", "train", "right"),
        ("train/ben/003", "ben", "train", ""),
        ("val/cleo/004", "cleo", "val", ""),
        ("val/cleo/005", "cleo", "val", "right"),
    ]
    for number, shares in enumerate([(0.15, 0), (0.1, 0.18), (0, 0.08), (0, 0), (0, 0), (0, 0.2)]):
        sides = samples[number].sides
        assert sides is not None
        for side, share in zip((1, 2), shares, strict=True):
            assert (sides == side).mean() == pytest.approx(share, abs=0.04)


def test_photos_without_outlines_show_no_hand(tmp_path: Path) -> None:
    write(tmp_path, "a.png", f"0 {SQUARE}")
    write(tmp_path, "b.png", None)
    write(tmp_path, "c.png", "\n")
    masks = [Yolo().read(entry).mask for entry in Yolo().find(tmp_path)]
    assert [mask is not None and bool(mask.any()) for mask in masks] == [True, False, False]


def test_splits_may_stand_before_images(tmp_path: Path) -> None:
    write(tmp_path / "valid", "p/a.png", f"0 {SQUARE}")
    (entry,) = Yolo().find(tmp_path)
    assert (entry.key, entry.group, entry.split) == ("valid/p/a", "p", "val")


def test_an_outline_lies_where_its_numbers_say(tmp_path: Path) -> None:
    sample = read(tmp_path, f"0 {SQUARE}\n")
    assert sample.mask is not None
    rows, columns = np.nonzero(sample.mask)
    assert (rows.min(), columns.min()) == (2, 4)
    assert rows.max() in (9, 10)
    assert columns.max() in (19, 20)
    assert sample.sides is None


def test_without_names_only_class_0_is_a_hand(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a.txt line 2: class 1 has no name; add it to the names in data.yaml"):
        read(tmp_path, f"0 {SQUARE}\n1 {SQUARE}\n")


NAMES = {0: "left hand", 1: "cup, full", 2: "it's"}


@pytest.mark.parametrize(
    "text",
    [
        "names: ['left hand', \"cup, full\", it's]",
        "nc: 3\nnames: [left hand, 'cup, full', \"it's\"]  # three\npath: x",
        "names:\n- left hand\n- cup, full\n- it's\nnc: 3\n",
        "names:\n  - left hand   # mine\n\n  - 'cup, full'\n  - \"it's\"\nnc: 3\n",
        "path: names: x\nnames:\n  0: left hand\n  1: cup, full\n  2: it's\ntrain: [a]\n",
        "names: {0: left hand, 1: 'cup, full', 2: \"it's\"}",
        "names: [\n  'left hand',\n  'cup, full',\n  \"it's\",\n]\nval: [x]\n",
    ],
)
def test_names_are_read_however_yaml_writes_them(text: str) -> None:
    assert parse_names(text) == NAMES


@pytest.mark.parametrize("text", ["", "nc: 3", "names:", "names: []", "my names: [a]", "- names", "names: [", "\0"])
def test_a_file_without_names_has_none(text: str) -> None:
    assert parse_names(text) == {}


def test_a_long_broken_list_of_names_takes_no_time() -> None:
    parse_names("names: [" + "'a" * 50_000 + '"' + " 1:" * 50_000)


def test_classes_are_hands_by_name_and_must_have_one(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [cup, right_hand]")
    sample = read(tmp_path, f"0 {SQUARE}\n1 0.6 0.1 0.9 0.1 0.9 0.5\n")
    assert sample.hands == "right"
    assert sample.mask is not None
    assert not sample.mask[:, :24].any()
    with pytest.raises(DatasetError, match="line 1: class 2 has no name"):
        read(tmp_path, f"2 {SQUARE}\n")
    (tmp_path / "data.yaml").write_text("names: [cup, glass]")
    with pytest.raises(DatasetError, match=r"data.yaml: none of its classes \(cup, glass\) is named after hands"):
        read(tmp_path, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.5 0.5 0.2 0.2", "is a box, not an outline; export the labels for segmentation"),
        ("0 0.1 0.1 0.5 0.1", "is a box"),
        ("0", "has 1 numbers"),
        ("0 0.1 0.1 0.5 0.1 0.5 0.5 0.1", "has 8 numbers"),
        ("0 0.1 0.1 0.5 0.1 0.5 nan", "has numbers that are none"),
        ("0 0.1 0.1 0.5 0.1 0.5 inf", "has numbers that are none"),
        ("nan 0.1 0.1 0.5 0.1 0.5 0.5", "has numbers that are none"),
        ("0.5 0.1 0.1 0.5 0.1 0.5 0.5", "has numbers that are none"),
        ("-1 0.1 0.1 0.5 0.1 0.5 0.5", "has numbers that are none"),
        ("hand 0.1 0.1 0.5 0.1 0.5 0.5", "is no row of numbers"),
        ("0 10 10 300 10 300 300", "has coordinates beyond 0 to 1"),
    ],
)
def test_a_broken_line_fails_its_photo_alone(line: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"a.txt line 2: {reason}"):
        read(tmp_path, f"0 {SQUARE}\n{line}\n")


def test_photos_that_share_labels_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.png", f"0 {SQUARE}")
    write(tmp_path, "a.jpg", f"0 {SQUARE}")
    with pytest.raises(DatasetError, match=r"images/a.png: has the same labels as .*images/a.jpg"):
        list(Yolo().find(tmp_path))


def test_labels_that_are_no_text_fail_their_photo_alone(tmp_path: Path) -> None:
    entry = find(tmp_path, "")
    (tmp_path / "labels" / "a.txt").write_bytes(b"\xff\xfe0")
    with pytest.raises(DatasetError, match=r"a.txt: is no UTF-8 text"):
        Yolo().read(entry)


def test_a_wrong_folder_tells_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "unlabelled", "a.png", None)
    for name in ("empty", "lost", "unlabelled"):
        with pytest.raises(DatasetError, match=rf"{name}: (holds no|is missing).*images/ and labels/ side by side"):
            list(Yolo().find(tmp_path / name))
