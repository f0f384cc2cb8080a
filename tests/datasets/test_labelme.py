from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.labelme import LabelMe
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.sample import Sample
from tests.tiny import labelme as tiny

SQUARE = [[5, 5], [15, 5], [15, 15], [5, 15]]


def shape(label: str = "hand", points: Any = SQUARE, **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": "polygon", **more}


def write(folder: Path, *shapes: Any, name: str = "a", **more: Any) -> None:
    """Write a photo of 40 x 20 and its JSON file."""
    Image.new("RGB", (40, 20), "salmon").save(folder / f"{name}.png")
    value = {"imagePath": f"{name}.png", "shapes": shapes, "imageHeight": 20, "imageWidth": 40, **more}
    (folder / f"{name}.json").write_text(json.dumps(value))


def find(folder: Path, *shapes: Any, **more: Any) -> Entry:
    write(folder, *shapes, **more)
    (entry,) = LabelMe().find(folder)
    return entry


def read(folder: Path, *shapes: Any, **more: Any) -> Sample:
    return LabelMe().read(find(folder, *shapes, **more))


def test_a_folder_is_read_with_all_shapes_and_sides(whole: Path) -> None:
    entries = pickle.loads(pickle.dumps(list(LabelMe().find(whole))))
    samples = {sample.key: sample for sample in map(LabelMe().read, entries)}
    told = {
        key: (sample.group, sample.hands, int((sample.mask > 0).sum()))
        for key, sample in samples.items()
        if sample.mask is not None
    }
    areas = {"anna/1": 400, "anna/2": 400, "ben/1": 314, "ben/2": 200, "cleo/1": 0, "cleo/2": 400}
    assert told.keys() == areas.keys()
    for key, area in areas.items():
        assert told[key][2] == pytest.approx(area, rel=0.13)
    assert [told[key][:2] for key in areas] == [
        ("anna", "left"), ("anna", "right"), ("ben", "left"), ("ben", ""), ("cleo", ""), ("cleo", "right"),
    ]  # fmt: skip
    assert samples["ben/2"].sides is None
    sides = samples["anna/2"].sides
    assert sides is not None
    assert (sides[20, 40], sides[20, 20]) == (2, 0)


def test_a_mask_lies_where_its_corner_is(whole: Path) -> None:
    (entry,) = (entry for entry in LabelMe().find(whole) if entry.key == "ben/2")
    expected = np.zeros((40, 60), np.uint8)
    expected[8:18, 10:30] = 255
    np.testing.assert_array_equal(LabelMe().read(entry).mask, expected)


def test_shapes_without_a_kind_are_polygons(tmp_path: Path) -> None:
    mask = read(tmp_path, {"label": "hand", "points": SQUARE}).mask
    assert mask is not None
    assert mask[10, 10] == 255


def test_a_label_that_is_alone_is_a_hand(tmp_path: Path) -> None:
    mask = read(tmp_path, shape("main")).mask
    assert mask is not None
    assert mask.any()


def test_labels_of_which_none_is_a_hand_are_listed(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none of its classes \(cup, main\) is named after hands"):
        find(tmp_path, shape("main"), shape("cup"))


def test_a_photo_that_was_moved_with_its_labels_is_found(tmp_path: Path) -> None:
    assert find(tmp_path, shape(), imagePath="was/elsewhere/b.png").image == tmp_path / "a.png"


def test_two_photos_of_one_stem_are_told_apart_by_the_path(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.bmp")
    assert find(tmp_path, shape()).image == tmp_path / "a.png"


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.png", "p/../../a.png", "..\\a.png", "C:\\a.png", "", None, 5])
def test_paths_that_leave_the_folder_are_refused_by_file(path: object, tmp_path: Path) -> None:
    entry = find(tmp_path, shape(), imagePath=path)
    with pytest.raises(DatasetError, match=r"a.json imagePath: (.* is not below|names no file)"):
        LabelMe().read(entry)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (shape(points=[[float("nan"), 1], [2, 2], [3, 1]]), "has points that are no pairs"),
        (shape(points=[[1e300, 1], [2, 2], [3, 1]]), "has points that are no pairs"),
        (shape(points=[1, 2, 3]), "has points that are no pairs"),
        (shape(points=[[1, 2], [3]]), "has points that are no pairs"),
        (shape(points=None), "has points that are no pairs"),
        (shape(points=[["a", "b"]]), "has points that are no pairs"),
        (shape(points=[]), "has points that are no pairs"),
        (shape(points=[[1, 2]], shape_type="circle"), "has too few points"),
        (shape(shape_type="spiral"), "has the shape spiral, which cannot be filled"),
        (shape(shape_type=["polygon"]), "has the shape"),
        (shape(shape_type="mask", mask="no base64!"), "is no base64"),
        (shape(shape_type="mask", mask="aGFuZA=="), "holds no photo"),
        ({"points": SQUARE}, "has a shape without a label"),
        ("hand", "has a shape without a label"),
    ],
)
def test_a_hand_that_cannot_be_drawn_fails_its_photo_alone(broken: object, reason: str, tmp_path: Path) -> None:
    write(tmp_path, shape(), name="b")
    write(tmp_path, broken)
    first, second = LabelMe().find(tmp_path)
    with pytest.raises((DatasetError, ImageError), match=rf"a.json\b.*{reason}"):
        LabelMe().read(first)
    LabelMe().read(second)


def test_a_mask_that_runs_out_of_the_photo_is_refused(tmp_path: Path) -> None:
    patch = tiny.patch(10, 20)
    with pytest.raises(DatasetError, match="runs out of the photo"):
        read(tmp_path, shape(points=[[30, 15], [49, 24]], shape_type="mask", mask=patch))


def test_other_things_may_be_broken(tmp_path: Path) -> None:
    mask = read(tmp_path, shape(), shape("cup", points=None), shape("cup", shape_type="spiral")).mask
    assert mask is not None
    assert mask.any()


def test_a_photo_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a.json: is for 20 x 40 pixels but the photo has 40 x 20; its EXIF turns"):
        read(tmp_path, shape(), imageHeight=40, imageWidth=20)


def test_a_photo_that_is_gone_is_named(tmp_path: Path) -> None:
    entry = find(tmp_path, shape())
    (tmp_path / "a.png").unlink()
    with pytest.raises(ImageError, match=r"a.png: is not there"):
        LabelMe().read(entry)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_broken_json_fails_alone(text: str, tmp_path: Path) -> None:
    write(tmp_path, shape())
    (tmp_path / "b.json").write_text(text)
    first, second = LabelMe().find(tmp_path)
    LabelMe().read(first)
    with pytest.raises(DatasetError, match=r"b.json: is broken JSON"):
        LabelMe().read(second)


def test_a_wrong_folder_tells_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"images": []}')
    for raw in (tmp_path, tmp_path / "lost"):
        with pytest.raises(DatasetError, match=r"(holds no|is missing).*JSON files of labelme \(shapes, imagePath\)"):
            list(LabelMe().find(raw))
