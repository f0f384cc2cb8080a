from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.eyth import Eyth
from handseg_cli.datasets.splits import split
from handseg_cli.errors import DatasetError


@pytest.fixture
def lists(raw: Path) -> Path:
    return raw / "eyth_dataset" / "train-val-test-split"


def find(raw: Path) -> list[Entry]:
    return list(Eyth().find(raw))


def test_photos_come_in_the_order_of_the_lists(raw: Path) -> None:
    train = ["vid4/frame1", "vid4/frame25", "vid6/frame1", "vid6/frame25", "vid9/frame1", "vid9/frame25"]
    val = ["vid4/frame100", "vid6/frame100", "vid9/frame100"]
    test = ["vid4/frame7", "vid6/frame7", "vid9/frame7"]
    assert [entry.key for entry in find(raw)] == [*train, *val, *test]
    assert split(find(raw), "official") == ["train"] * 6 + ["val"] * 3 + ["test"] * 3
    assert {entry.group for entry in find(raw)} == {"vid4", "vid6", "vid9"}


def test_masks_are_found_with_and_without_suffix(raw: Path) -> None:
    suffixes = {(entry.group, entry.labels.suffix) for entry in find(raw) if entry.labels}
    assert suffixes == {("vid4", ""), ("vid6", ".png"), ("vid9", "")}
    for entry in find(raw):
        mask = Eyth().read(entry).mask
        assert mask is not None
        assert 50 < np.count_nonzero(mask) < 150


def test_a_mask_that_was_renamed_is_found(raw: Path) -> None:
    masks = raw / "eyth_dataset" / "masks" / "vid4"
    (masks / "frame1").rename(masks / "frame1.png")
    assert find(raw)[0].labels == masks / "frame1.png"


def test_the_jpeg_masks_of_the_older_release_have_no_noise(raw: Path) -> None:
    masks = raw / "eyth_dataset" / "masks" / "vid6"
    wanted = Eyth().read(find(raw)[2]).mask
    with Image.open(masks / "frame1.png") as mask:
        mask.save(masks / "frame1.jpg", quality=95)
    (masks / "frame1.png").unlink()
    given = Eyth().read(find(raw)[2]).mask
    assert given is not None
    assert wanted is not None
    assert np.count_nonzero(given != wanted) <= 4


def test_a_photo_that_is_listed_twice_is_left_to_the_test(raw: Path, lists: Path) -> None:
    with (lists / "test.txt").open("a") as stream:
        stream.write("vid4/frame1.jpg\nvid4/frame1.jpg\n")
    found = {entry.key: entry.split for entry in find(raw)}
    assert len(find(raw)) == len(found) == 12
    assert found["vid4/frame1"] == "test"


def test_lists_of_another_system_are_read(raw: Path, lists: Path) -> None:
    (lists / "val.txt").write_bytes(b"\xef\xbb\xbfimages\\vid4\\frame100.jpg\r\n\r\n")
    assert [entry.key for entry in find(raw) if entry.split == "val"] == ["vid4/frame100"]


@pytest.mark.parametrize("line", ["../vid4/frame1.jpg", "/etc/passwd", "vid4/..", "frame1.jpg", "a/b/c.jpg", "\0"])
def test_a_line_that_names_no_photo_of_ours_is_refused(raw: Path, lists: Path, line: str) -> None:
    (lists / "val.txt").write_text(line)
    with pytest.raises(DatasetError, match=r"val\.txt: .* is no photo such as vid4/frame25\.jpg"):
        find(raw)


def test_a_missing_or_empty_list_is_refused(raw: Path, lists: Path) -> None:
    (lists / "val.txt").write_text("\n")
    with pytest.raises(DatasetError, match=r"val\.txt: names no photo"):
        find(raw)
    (lists / "val.txt").unlink()
    with pytest.raises(DatasetError, match=r"val\.txt: is missing; run `handseg download eyth` again"):
        find(raw)


def test_a_missing_mask_is_refused_by_name(raw: Path) -> None:
    (raw / "eyth_dataset" / "masks" / "vid4" / "frame1").unlink()
    with pytest.raises(DatasetError, match=r"frame1\.png: is missing"):
        Eyth().read(find(raw)[0])
