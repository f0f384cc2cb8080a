from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.datasets.coco import Coco
from handseg_cli.datasets.dataset import Entry
from handseg_cli.errors import DatasetError
from handseg_cli.sample import Sample

SIZE = (20, 30)
SQUARE = [[4, 4, 14, 4, 14, 14, 4, 14]]


def find(folder: Path, segmentation: object, **more: Any) -> list[Entry]:
    """Write a.png and hands.json with one annotation, and list what they hold."""
    Image.new("RGB", SIZE[::-1], "salmon").save(folder / "a.png")
    value = {
        "images": [{"id": 1, "file_name": "a.png", "height": SIZE[0], "width": SIZE[1]}],
        "annotations": [{"image_id": 1, "category_id": 1, "segmentation": segmentation}],
        "categories": [{"id": 1, "name": "hand"}],
    }
    (folder / "hands.json").write_text(json.dumps({**value, **more}))
    return list(Coco().find(folder / "hands.json"))


def read(folder: Path, segmentation: object, **more: Any) -> Sample:
    (entry,) = find(folder, segmentation, **more)
    return Coco().read(entry)


def mask_of(sample: Sample) -> NDArray[np.uint8]:
    assert sample.mask is not None
    return sample.mask


def test_a_tree_is_read_with_sides_groups_and_splits(whole: Path) -> None:
    entries = pickle.loads(pickle.dumps(list(Coco().find(whole))))
    samples = {sample.key.replace("0000000000", ""): sample for sample in map(Coco().read, entries)}
    told = {key: (sample.group, sample.split, sample.hands) for key, sample in samples.items()}
    assert told == {
        "anna/01": ("anna", "train", "left"),
        "anna/02": ("anna", "train", "both"),
        "ben/03": ("ben", "train", ""),
        "cleo/01": ("cleo", "val", "right"),
        "cleo/02": ("cleo", "val", "left"),
        "cleo/03": ("cleo", "val", "left"),
    }
    assert not mask_of(samples["ben/03"]).any()
    np.testing.assert_array_equal(mask_of(samples["cleo/01"]), mask_of(samples["cleo/02"]))
    crowd = np.zeros((30, 40), np.uint8)
    crowd[5:15, 10:20] = 2
    np.testing.assert_array_equal(samples["cleo/01"].sides, crowd)
    both = samples["anna/02"].sides
    assert both is not None
    assert (both[10, 10], both[10, 33], both[27, 30], both[0, 0]) == (1, 2, 2, 0)


def test_one_file_of_a_tree_finds_the_photos_beside_its_folder(whole: Path) -> None:
    entries = list(Coco().find(whole / "annotations" / "instances_val.json"))
    assert [entry.image.is_file() for entry in entries] == [True] * 3


@pytest.mark.parametrize("place", ["photos/a.png", "images/a.png", "images/train2017/a.png", "train2017/a.png"])
def test_photos_are_found_where_exporters_put_them(place: str, tmp_path: Path) -> None:
    find(tmp_path, SQUARE)
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / "a.png").rename(tmp_path / place)
    (tmp_path / "photos").mkdir(exist_ok=True)
    (tmp_path / "hands.json").rename(tmp_path / "photos" / "instances_train2017.json")
    (entry,) = Coco().find(tmp_path)
    assert entry.image == tmp_path / place
    assert entry.split == "train"


def test_overlapping_hands_are_united(tmp_path: Path) -> None:
    assert mask_of(read(tmp_path, [*SQUARE, *SQUARE])).sum() == mask_of(read(tmp_path, SQUARE)).sum() > 80 * 255


def test_overlapping_hands_of_two_sides_are_both(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "left hand"}, {"id": 2, "name": "right hand"}, {"id": 3, "name": "hand"}]
    annotations = [
        {"image_id": 1, "category_id": number, "segmentation": [[x, 2, x + 8, 2, x + 8, 12, x, 12]]}
        for number, x in ((1, 2), (2, 6), (3, 18))
    ]
    sample = read(tmp_path, None, categories=categories, annotations=annotations)
    assert sample.sides is not None
    assert sample.sides[6, [0, 4, 8, 12, 16, 22]].tolist() == [0, 1, 3, 2, 0, 3]
    assert sample.hands == "both"


def test_one_photo_in_two_files_has_the_hands_of_both(tmp_path: Path) -> None:
    find(tmp_path, [[20, 4, 28, 4, 28, 14, 20, 14]])
    (tmp_path / "hands.json").rename(tmp_path / "more.json")
    find(tmp_path, SQUARE)
    (entry,) = Coco().find(tmp_path)
    assert mask_of(Coco().read(entry))[8, [8, 17, 24]].tolist() == [255, 0, 255]


def test_one_photo_in_two_splits_is_refused(tmp_path: Path) -> None:
    find(tmp_path, SQUARE)
    for split in ("train", "val"):
        (tmp_path / f"{split}.json").write_text((tmp_path / "hands.json").read_text())
    with pytest.raises(DatasetError, match=r"val.json image 1: .*a.png is in val and, by .*, in train; remove one"):
        list(Coco().find(tmp_path))


def test_a_group_that_an_exporter_adds_is_no_class(tmp_path: Path) -> None:
    categories = [
        {"id": 0, "name": "gloves", "supercategory": "none"},
        {"id": 1, "name": "glove", "supercategory": "gloves"},
    ]
    assert mask_of(read(tmp_path, SQUARE, categories=categories)).any()


@pytest.mark.parametrize(
    ("counts", "reason"), [([100, 700], "no numbers from 0 to 600"), ("oo", "ends within a run length")]
)
def test_run_lengths_that_do_not_fit_fail_their_photo_alone(counts: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"hands.json annotation 1: .*{reason}.*; mend or remove it"):
        read(tmp_path, {"size": [*SIZE], "counts": counts})


@pytest.mark.parametrize("size", [[30, 20], [2000, 3000], [20], None, "20 x 30", [20.5, 30], [[20], [30]]])
def test_run_lengths_for_another_size_are_refused_with_both(size: object, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"annotation 1: is for \d+ x \d+ pixels but the photo has 30 x 20"):
        read(tmp_path, {"size": size, "counts": [300, 300]})


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        (None, "is a hand without an outline"),
        ([], "is a hand without an outline"),
        ({"counts": []}, "is a hand without an outline"),
        ([[4, 4, 14, 4, 14]], "its polygons are no lists of x1, y1"),
        ([4, 4, 14, 4, 14, 14], "its polygons are no lists of x1, y1"),
        ([["a", 1, 2, 3, 4, 5]], "its polygons are no lists of x1, y1"),
        ([{"x": 1}], "its polygons are no lists of x1, y1"),
        ([[[1, 2], [3]]], "its polygons are no lists of x1, y1"),
        ([[10**400, 4, 14, 4, 14, 14]], "its polygons are no lists of x1, y1"),
        ([[float("nan"), 4, 14, 4, 14, 14]], "numbers that are no pixels"),
        ([[4, float("inf"), 14, 4, 14, 14]], "numbers that are no pixels"),
        ([[None, 4, 14, 4, 14, 14]], "numbers that are no pixels"),
        ([[1e300, 4, 14, 4, 14, 14]], "numbers that are no pixels"),
    ],
)
def test_a_hand_that_cannot_be_drawn_fails_its_photo_alone(segmentation: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"hands.json annotation 1: .*{reason}.*; mend or remove it"):
        read(tmp_path, segmentation)


def test_other_things_may_be_broken(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "cup"}, {"id": 2, "name": "hand"}]
    assert not mask_of(read(tmp_path, "broken", categories=categories)).any()


def test_outlines_may_leave_the_photo(tmp_path: Path) -> None:
    assert mask_of(read(tmp_path, [[-50, -50, 900, -50, 900, 900, -50, 900], [3, 3, 5, 5]])).all()


def test_a_photo_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "a.png", "height": 40, "width": 60}]
    with pytest.raises(DatasetError, match=r"image 1: is for 60 x 40 pixels but the photo has 30 x 20"):
        read(tmp_path, SQUARE, images=images)


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.png", "p/../../a.png", "..\\a.png", "C:/a.png", "", "a\0.png"])
def test_paths_that_leave_the_folder_are_refused_by_entry(path: str, tmp_path: Path) -> None:
    images = [{"id": 2, "file_name": "a.png"}, {"id": 1, "file_name": path}]
    with pytest.raises(DatasetError, match=r"hands.json image 2: .* is not below"):
        find(tmp_path, SQUARE, images=images)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"images": [{"id": 1}]}, "image 1: lacks its id or file_name"),
        ({"images": [{"id": [1], "file_name": "a.png"}]}, "image 1: lacks its id"),
        ({"images": ["a.png"]}, "image 1: lacks its id"),
        ({"images": [{"id": 1, "file_name": 5}]}, "image 1: lacks its id or file_name"),
        ({"images": [{"id": 1, "file_name": "lost.png"}]}, "none of its 1 photos is there, such as .*lost.png"),
        ({"images": []}, "holds no COCO file that lists photos"),
        ({"annotations": ["hand"]}, "annotation 1: lacks its image_id"),
        ({"annotations": [{"image_id": {}}]}, "annotation 1: lacks its image_id"),
        ({"categories": [{"name": "hand"}]}, "category 1: lacks its id"),
        ({"categories": None}, "holds no COCO file"),
    ],
)
def test_a_broken_file_is_refused_with_the_entry(more: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=reason):
        find(tmp_path, SQUARE, **more)


def test_a_hand_of_no_category_fails_its_photo_alone(tmp_path: Path) -> None:
    annotations = [{"image_id": 1, "category_id": 9, "segmentation": SQUARE}]
    with pytest.raises(DatasetError, match="annotation 1: its category_id is not among the categories"):
        read(tmp_path, None, annotations=annotations)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"images": [' + "9" * 5000 + "]}", "\udcff"])
def test_broken_json_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "hands.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DatasetError, match=r"hands.json: is (broken JSON|no UTF-8 text)"):
        list(Coco().find(tmp_path))


def test_a_wrong_folder_tells_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"shapes": []}')
    for raw in (tmp_path, tmp_path / "lost", tmp_path / "other.json"):
        with pytest.raises(DatasetError, match=r"(holds no|is missing).*COCO JSON files \(images, annotations"):
            list(Coco().find(raw))
