"""Rendered hands: their parts, sides, joints and numbers."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.datasets.rhd import Rhd
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.sample import Sample


def read(raw: Path, key: str) -> Sample:
    return Rhd().read(next(entry for entry in Rhd().find(raw) if entry.key == key))


def there(array: NDArray[Any] | None) -> NDArray[Any]:
    assert array is not None
    return array


def rewrite(raw: Path, records: object) -> None:
    (raw / "RHD_published_v2/training/anno_training.pickle").write_bytes(pickle.dumps(records))


def test_photos_are_listed_by_number_and_the_bad_ones_left_out(whole: Path) -> None:
    entries = list(Rhd().find(whole))
    training = [f"training/{number:05d}" for number in (0, 1, 2, 10)]
    assert [entry.key for entry in entries] == [*training, "evaluation/00000", "evaluation/00003"]
    assert [entry.split for entry in entries] == ["train"] * 4 + ["test"] * 2
    assert len({entry.group for entry in entries}) == len(entries)


@pytest.mark.parametrize("place", ["RHD_published_v2", "."])
def test_the_inner_folder_may_be_named_too(whole: Path, place: str) -> None:
    assert len(list(Rhd().find(whole / place))) == 6


def test_the_person_is_no_hand(whole: Path) -> None:
    sample = read(whole, "training/00001")
    mask, parts = there(sample.mask), there(sample.parts)
    assert (parts == 1).any()
    assert np.array_equal(mask == 255, parts >= 2)
    assert np.array_equal(mask == 0, parts <= 1)


@pytest.mark.parametrize(
    ("key", "hands", "found"),
    [
        ("training/00000", "both", {0, 1, 2}),
        ("training/00001", "left", {0, 1}),
        ("training/00010", "right", {0, 2}),
        ("training/00002", "", {0}),
    ],
)
def test_sides_follow_from_the_parts(whole: Path, key: str, hands: str, found: set[int]) -> None:
    sample = read(whole, key)
    sides, parts = there(sample.sides), there(sample.parts)
    assert sample.hands == hands
    assert set(np.unique(sides)) == found
    assert np.array_equal(sides == 1, (parts >= 2) & (parts <= 17))
    assert np.array_equal(sides == 2, parts >= 18)


def test_joints_in_mm_are_projected_onto_the_points(whole: Path) -> None:
    sample = read(whole, "training/00000")
    joints = there(sample.joints)
    assert 300 < joints[:, 2].mean() < 900
    projected = joints @ there(sample.camera).T
    assert np.abs(projected[:, :2] / projected[:, 2:] - there(sample.points)).max() < 0.01


def test_only_visible_joints_are_valid(whole: Path) -> None:
    sample = read(whole, "training/00000")
    valid, points = there(sample.valid), there(sample.points)
    assert 0 < valid.sum() < 42
    assert ((points[valid] >= 0) & (points[valid] < 320)).all()


def test_a_part_that_does_not_exist_is_refused(raw: Path) -> None:
    mask = raw / "RHD_published_v2/training/mask/00000.png"
    Image.fromarray(np.full((320, 320), 34, np.uint8)).save(mask)
    with pytest.raises(DatasetError, match=r"00000\.png.*0 to 33"):
        read(raw, "training/00000")


def test_a_damaged_photo_stops_no_other(raw: Path) -> None:
    (raw / "RHD_published_v2/training/color/00000.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(ImageError, match=r"00000\.png"):
        read(raw, "training/00000")
    assert read(raw, "training/00001").hands == "left"


def test_missing_annotations_are_named(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"training: is missing; run `handseg download rhd`"):
        list(Rhd().find(tmp_path))
    (raw / "RHD_published_v2/evaluation/anno_evaluation.pickle").unlink()
    with pytest.raises(DatasetError, match=r"anno_evaluation\.pickle: is missing"):
        list(Rhd().find(raw))


@pytest.mark.parametrize(
    "records",
    [[1, 2], {"a": 1}, {0: 1}, {0: {"xyz": np.zeros((42, 3))}}, {0: dict.fromkeys(("xyz", "uv_vis", "K"), 1)}],
)
def test_annotations_of_another_form_are_refused_by_name(raw: Path, records: object) -> None:
    rewrite(raw, records)
    with pytest.raises(DatasetError, match=r"anno_training\.pickle"):
        list(Rhd().find(raw))


def test_entries_can_be_sent_to_other_processes(whole: Path) -> None:
    entry = next(Rhd().find(whole))
    assert len(pickle.dumps(entry)) < 3000
    again = Rhd().read(pickle.loads(pickle.dumps(entry)))
    assert np.array_equal(again.image, Rhd().read(entry).image)
