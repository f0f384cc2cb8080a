"""InterHand2.6M: annotations joined in any order, joints in the camera's frame, masks only where they can be right."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import lmdb
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.interhand import InterHand
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.sample import Sample

ROOT = "InterHand2.6M_5fps_batch1"
DATA = f"{ROOT}/annotations/train/InterHand2.6M_train_data.json"
JOINTS = f"{ROOT}/annotations/train/InterHand2.6M_train_joint_3d.json"
CAMERA = f"{ROOT}/annotations/train/InterHand2.6M_train_camera.json"
BOTH = "train/Capture3/0390_dh_touchROM/cam400026/image69148"
RIGHT = "train/Capture3/0007_thumbup_normal/cam410053/image69151"
LEFT = "train/Capture3/ROM08_Interaction/cam400026/image69154"
FEW = "train/Capture3/0390_dh_touchROM/cam400026/image69160"


def found(raw: Path) -> dict[str, Entry]:
    return {entry.key: entry for entry in InterHand().find(raw)}


def read(raw: Path, key: str) -> Sample:
    return InterHand().read(found(raw)[key])


def there(array: NDArray[Any] | None) -> NDArray[Any]:
    assert array is not None
    return array


def change(path: Path, edit: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def details(raw: Path) -> list[bytes]:
    return [pickle.dumps(entry.detail) for entry in found(raw).values()]


# --- finding ---------------------------------------------------------------------------------------------------


def test_splits_are_official_and_groups_are_persons(whole: Path) -> None:
    train, val, test = [("train", "subject1")] * 8, [("val", "subject2")] * 4, [("test", "subject3")] * 4
    assert [(entry.split, entry.group) for entry in found(whole).values()] == train + val + test


def test_without_persons_captures_are_groups(raw: Path) -> None:
    change(raw / DATA, lambda data: [image.pop("subject") for image in data["images"]])
    assert found(raw)[BOTH].group == "train/Capture3"


def test_annotations_in_any_order_are_joined_alike(raw: Path) -> None:
    before = details(raw)
    change(raw / DATA, lambda data: data["annotations"].reverse())
    assert details(raw) == before
    change(raw / DATA, lambda data: data.update(images=data.pop("images")))  # now behind the annotations
    assert details(raw) == before
    change(raw / JOINTS, lambda frames: frames.update({"3": dict(reversed(frames["3"].items()))}))
    assert details(raw) == before


def test_nothing_is_left_in_the_folder_of_temporary_files(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "temporary"))
    entries = InterHand().find(raw)
    next(entries)
    entries.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "temporary").iterdir())


def test_the_first_entry_comes_before_the_joints_are_read_to_their_end(raw: Path) -> None:
    (raw / JOINTS).write_text((raw / JOINTS).read_text()[:-20])
    entries = InterHand().find(raw)
    assert next(entries).key == BOTH
    with pytest.raises(DatasetError, match=r"train_joint_3d\.json: is damaged or cut off"):
        list(entries)


@pytest.mark.parametrize("name", [DATA, JOINTS, CAMERA])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7])
def test_annotations_that_are_cut_off_are_named(raw: Path, name: str, keep: float) -> None:
    content = (raw / name).read_bytes()
    (raw / name).write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DatasetError, match=Path(name).name):
        found(raw)


def test_a_record_without_its_fields_is_named(raw: Path) -> None:
    change(raw / DATA, lambda data: data["images"][1].pop("camera"))
    with pytest.raises(DatasetError, match=r"train_data\.json: image 14 is damaged \(KeyError\('camera'\)\)"):
        found(raw)
    change(raw / DATA, lambda data: data["annotations"][0]["joint_valid"].pop())
    with pytest.raises(DatasetError, match=r"train_data\.json: annotation 7 is damaged"):
        found(raw)


@pytest.mark.parametrize("name", ["../../../etc/passwd.jpg", "/etc/passwd.jpg", "a//b.jpg", "C:x.jpg", "a\\b.jpg"])
def test_no_photo_is_read_outside_of_the_folder(raw: Path, name: str) -> None:
    change(raw / DATA, lambda data: data["images"][0].update(file_name=name))
    with pytest.raises(DatasetError, match="image 7 is damaged"):
        found(raw)


def test_missing_files_are_named_with_the_way_out(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        DatasetError, match=r"empty/annotations: is missing or empty; `handseg download interhand` .*https"
    ):
        found(tmp_path / "empty")
    (raw / CAMERA).unlink()
    with pytest.raises(DatasetError, match=r"train_camera\.json: is missing"):
        found(raw)
    shutil.rmtree(raw / ROOT / "annotations" / "train")
    assert {entry.split for entry in found(raw).values()} == {"val", "test"}
    shutil.rmtree(raw / ROOT / "images")
    with pytest.raises(DatasetError, match=r"images/val: is missing; run `handseg download interhand`"):
        found(raw)


def test_annotations_may_lie_beside_the_folder_of_images(raw: Path) -> None:
    (raw / ROOT / "annotations").rename(raw / "annotations")
    assert len(found(raw)) == 16


# --- reading ---------------------------------------------------------------------------------------------------


def test_joints_are_in_the_frame_of_the_camera_and_projected(whole: Path) -> None:
    sample = read(whole, BOTH)
    joints, points, camera = there(sample.joints), there(sample.points), there(sample.camera)
    known = np.flatnonzero(joints.any(axis=1))
    assert len(known) == 41
    projected = joints[known] @ camera.T
    assert np.abs(projected[:, :2] / projected[:, 2:] - points[known]).max() < 0.01
    # The camera stands at (0, 0, 100) and is turned by half around its axis.
    world = json.loads((whole / JOINTS).read_text())["3"]["69148"]["world_coord"]
    assert np.allclose(joints[20], [-world[20][0], -world[20][1], world[20][2] - 100], atol=1e-3)


def test_joints_outside_of_the_photo_are_given_but_not_valid(whole: Path) -> None:
    sample = read(whole, BOTH)
    joints, points, valid = there(sample.joints), there(sample.points), there(sample.valid)
    assert points[0, 0] < 0
    assert joints[0].any()
    assert not np.any([*joints[1], *points[1]])  # never found
    assert valid.tolist() == [False, False, *[True] * 40]


@pytest.mark.parametrize(
    ("key", "hands", "valid"),
    [(BOTH, "both", (19, 21)), (RIGHT, "right", (19, 0)), (LEFT, "left", (0, 21)), (FEW, "", (3, 4))],
)
def test_hands_are_told_where_enough_is_seen(whole: Path, key: str, hands: str, valid: tuple[int, int]) -> None:
    sample = read(whole, key)
    flags = there(sample.valid)
    assert sample.hands == hands
    assert (flags[:21].sum(), flags[21:].sum()) == valid


def test_right_parts_are_1_to_16(whole: Path) -> None:
    sample = read(whole, BOTH)
    parts, sides, mask = there(sample.parts), there(sample.sides), there(sample.mask)
    assert np.array_equal(sides == 2, (parts >= 1) & (parts <= 16))
    assert np.array_equal(sides == 1, parts >= 17)
    assert np.array_equal(mask == 255, parts > 0)
    assert set(np.unique(parts)) == set(range(33))


def test_without_part_masks_there_are_joints_alone(raw: Path) -> None:
    assert read(raw, LEFT).mask is None
    shutil.rmtree(raw / ROOT / "segm_32")
    sample = read(raw, BOTH)
    assert (sample.mask, sample.sides, sample.parts) == (None, None, None)


@pytest.mark.parametrize("shown", [range(1), range(17), range(17, 33)])
def test_a_mask_that_lacks_a_hand_is_not_given(raw: Path, shown: range) -> None:
    path = raw / ROOT / "segm_32" / f"{BOTH}.png"
    parts = np.asarray(Image.open(path))
    Image.fromarray(np.where(np.isin(parts, shown), parts, 0).astype(np.uint8)).save(path)
    assert read(raw, BOTH).parts is None
    assert there(read(raw, BOTH).joints).any()


def test_a_mask_of_another_kind_is_refused(raw: Path) -> None:
    path = raw / ROOT / "segm_32" / f"{BOTH}.png"
    for wrong in (np.full((128, 84), 33), np.zeros((128, 83)), np.full((128, 84, 3), [1, 0, 0])):
        Image.fromarray(wrong.astype(np.uint8)).save(path)
        with pytest.raises(DatasetError, match="not numbers up to 32"):
            read(raw, BOTH)


def test_a_photo_of_another_size_is_refused(raw: Path) -> None:
    Image.new("RGB", (84, 84)).save(raw / ROOT / "images" / f"{BOTH}.jpg")
    with pytest.raises(DatasetError, match="is not of 84 x 128 pixels"):
        read(raw, BOTH)


def test_what_the_annotations_do_not_tell_is_said_on_reading(raw: Path) -> None:
    change(raw / DATA, lambda data: data["annotations"].pop(0))
    change(raw / JOINTS, lambda frames: frames["3"].pop("69151"))
    change(raw / CAMERA, lambda captures: captures["3"]["campos"].pop("410053"))
    assert len(found(raw)) == 16
    other = LEFT.replace("cam400026", "cam410053")
    for key, lacking in ((BOTH, "annotation"), (RIGHT, "frame"), (other, "camera")):
        with pytest.raises(DatasetError, match=f"{key}: the annotations tell nothing of its {lacking}"):
            read(raw, key)


# --- LMDB ------------------------------------------------------------------------------------------------------


def pack(source: Path, target: Path) -> None:
    """Pack a folder as DIGIT does: photos with red and blue swapped, everything as PNG."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with lmdb.open(str(target), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        for path in sorted(source.rglob("*.*g")):
            pixels = there(cv2.imread(str(path)))
            swapped = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if path.suffix == ".jpg" else pixels
            data = cv2.imencode(".png", there(swapped))[1].tobytes()
            transaction.put(path.relative_to(source).as_posix().encode(), data)
        transaction.put(b"__len__", b"\x80not of ours")


def test_photos_and_parts_packed_into_lmdb_are_the_same(whole: Path, raw: Path) -> None:
    root = raw / ROOT
    pack(root / "images", raw / "packed.lmdb")
    pack(root / "segm_32", root / "segm_32.lmdb")
    for folder in (root / "images", root / "segm_32"):
        shutil.rmtree(folder)
    (root / "images").mkdir()
    shutil.move(raw / "packed.lmdb", root / "images" / "interhand.lmdb")
    for key in (BOTH, RIGHT, LEFT):
        packed, plain = read(raw, key), read(whole, key)
        assert np.abs(packed.image.astype(int) - plain.image).max() <= 3  # another decoder
        assert (packed.parts is None) == (plain.parts is None)
    assert np.array_equal(there(read(raw, BOTH).parts), there(read(whole, BOTH).parts))
    assert read(raw, BOTH).image[:40, :, 0].mean() > 150
    change(raw / DATA, lambda data: data["images"][0].update(file_name="Capture3/none.jpg"))
    with pytest.raises(ImageError, match=r"has no train/Capture3/none\.jpg"):
        read(raw, "train/Capture3/none")


# --- archives --------------------------------------------------------------------------------------------------


def test_the_parts_are_44_and_follow_each_other() -> None:
    sums, *parts, _ = InterHand.archives
    assert [parts[at].name[-6:] for at in (0, 25, 26, 43)] == ["partaa", "partaz", "partba", "partbr"]
    assert [part.name for part in parts] == sorted({part.name for part in parts})
    assert len(parts) == 44
    assert {(part.sums, part.part_of) for part in parts} == {(sums.name, sums.name.removesuffix(".CHECKSUM"))}
