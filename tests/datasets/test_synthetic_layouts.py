"""Synthetic photos in the folders of other datasets: their adapters read back what was rendered."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from handseg_cli.config import PrepareConfig, SynthConfig
from handseg_cli.datasets import synthetic
from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.folder import Folder
from handseg_cli.datasets.interhand import InterHand
from handseg_cli.datasets.interhand_layout import ENOUGH
from handseg_cli.datasets.laid import Labels, Place, labels_of
from handseg_cli.datasets.prepare import prepare
from handseg_cli.datasets.rhd import BAD, SIDES, Rhd
from handseg_cli.datasets.rhd_layout import FOLDERS, coded, number_of, pickled
from handseg_cli.datasets.synth_plan import places, splits_of
from handseg_cli.datasets.synthetic import synth
from handseg_cli.io.pickles import load
from handseg_cli.sample import Sample
from handseg_cli.synth.labels import INTERHAND_JOINTS, TO_RHD
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.settings import VERSION, SynthSettings
from tests.tiny.rendered import render

COUNT, OF_FILES, SIZE = 10, 5, 64
ORDER = list(INTERHAND_JOINTS)
Read = tuple[Sample, Rendered, Labels]


@pytest.fixture(scope="module", autouse=True)
def _no_assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDSEG_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(synthetic, "RENDER", "tests.tiny.rendered:render")
        yield


def config_for(out: Path, layout: str) -> SynthConfig:
    split = ("train=0.6", "val=0.2", "test=0.2")
    styles = ("two-hands=2", "ego", "sign")
    count = OF_FILES if layout == "files" else COUNT
    return SynthConfig(out, count, 5, styles, SIZE, layout, split=split, engine="numpy", workers=1, quiet=True)  # type: ignore[arg-type]


def rendered_for(layout: str) -> list[tuple[Place, Rendered]]:
    config = config_for(Path("a"), layout)
    pinhole, styles = layout != "files", tuple(config.styles.items())
    settings = SynthSettings(5, styles, (SIZE, SIZE), engine="numpy", pinhole=pinhole)
    return [(place, render(settings, place.index)) for place in places(splits_of(config.count, config.shares))]


@pytest.fixture(scope="module")
def scenes() -> list[tuple[Place, Rendered]]:
    return rendered_for("rhd")


def there(array: NDArray[Any] | None) -> NDArray[Any]:
    assert array is not None
    return array


def mode_of(path: Path) -> str:
    with Pillow.open(path) as picture:
        return picture.mode


def made(layout: str, factory: pytest.TempPathFactory) -> Path:
    return synth(config_for(factory.mktemp(layout) / "out", layout)).path


# --- RHD -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rhd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("rhd", tmp_path_factory)


@pytest.fixture(scope="module")
def of_rhd(rhd: Path, scenes: list[tuple[Place, Rendered]]) -> list[Read]:
    """Return each photo as it is read, and as it was rendered."""
    entries = {entry.key: entry for entry in Rhd().find(rhd)}
    keys = [f"{FOLDERS[place.split]}/{place.number:05d}" for place, _ in scenes]
    assert sorted(keys) == sorted(entries)
    return [
        (Rhd().read(entries[key]), rendered, labels_of(rendered))
        for key, (_, rendered) in zip(keys, scenes, strict=True)
    ]


def test_rhd_has_the_folders_and_files_of_rhd(rhd: Path) -> None:
    root = rhd / "RHD_published_v2"
    for name in ("training", "evaluation"):
        count = len(pickle.loads((root / name / f"anno_{name}.pickle").read_bytes()))
        files = [f"{number:05d}.png" for number in range(count)]
        assert count > 1
        for kind in ("color", "mask", "depth"):
            assert sorted(path.name for path in (root / name / kind).iterdir()) == files
    assert mode_of(root / "training" / "mask" / "00000.png") == "L"


def test_rhd_gives_photos_and_parts_exactly(of_rhd: list[Read]) -> None:
    for found, rendered, labels in of_rhd:
        parts = TO_RHD[labels.parts]
        assert np.array_equal(found.image, rendered.sample.image)
        assert np.array_equal(there(found.parts), parts)
        assert np.array_equal(there(found.mask), np.where(parts > 1, 255, 0))
        assert np.array_equal(there(found.sides), SIDES[parts])
        assert found.hands == rendered.sample.hands
    assert any(found.hands == "both" for found, _, _ in of_rhd)


def test_rhd_gives_joints_and_cameras_exactly(of_rhd: list[Read]) -> None:
    for found, rendered, labels in of_rhd:
        assert np.array_equal(there(found.joints), np.nan_to_num(labels.joints))
        assert np.array_equal(there(found.points), np.nan_to_num(labels.points))
        assert np.array_equal(there(found.valid), labels.valid & rendered.visible)
        assert np.array_equal(there(found.camera), labels.camera)
    assert any(there(found.valid).any() for found, _, _ in of_rhd)


def test_depth_is_coded_as_in_rhd(rhd: Path, scenes: list[tuple[Place, Rendered]]) -> None:
    picture = cv2.imread(str(rhd / "RHD_published_v2" / "training" / "depth" / "00000.png"))
    assert picture is not None
    metres = (picture[..., 2].astype(float) * 256 + picture[..., 1]) / 65535 * 5.0
    expected = np.minimum(scenes[0][1].depth, 5000) / 1000
    assert np.abs(metres - expected).max() < 0.5 * 5 / 65535 + 1e-6
    assert coded(np.full((1, 1), np.inf, np.float32)).tolist() == [[[255, 255, 0]]]


def test_annotations_of_a_hundred_thousand_photos_are_not_too_many_steps(tmp_path: Path) -> None:
    pose = {"xyz": np.ones((42, 3)).tolist(), "uv_vis": np.ones((42, 3)).tolist(), "K": np.eye(3).tolist()}
    notes = ({"number": number, "pose": pose} for number in range(1000))
    (tmp_path / "a.pickle").write_bytes(b"".join(pickled(notes)))
    # 12 million are taken: see handseg_cli.io.pickles.
    found = load(tmp_path / "a.pickle", steps=120_000)
    assert isinstance(found, dict)
    assert len(found) == 1000


def test_no_photo_has_a_number_that_is_left_out_of_rhd() -> None:
    for split, part in FOLDERS.items():
        numbers = [number_of(Place(0, split, number)) for number in range(30_000)]
        assert numbers[:1000] == list(range(1000))
        assert sorted({*range(30_002)} - {*numbers}) == sorted(BAD[part])


def test_rhd_without_evaluation_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "RENDER", "tests.tiny.scenes:render")
    config = SynthConfig(tmp_path / "a", 2, size=48, layout="rhd", split=("train",), engine="numpy", quiet=True)
    assert [entry.split for entry in Rhd().find(synth(config).path)] == ["train", "train"]


# --- InterHand2.6M ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def interhand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("interhand", tmp_path_factory)


@pytest.fixture(scope="module")
def of_interhand(interhand: Path, scenes: list[tuple[Place, Rendered]]) -> list[Read]:
    """Return each photo as it is read, and as it was rendered."""
    entries = {entry.key.rpartition("image")[2]: entry for entry in InterHand().find(interhand)}
    return [(InterHand().read(entries[str(place.index)]), rendered, labels_of(rendered)) for place, rendered in scenes]


def test_interhand_has_the_splits_of_the_run(interhand: Path, scenes: list[tuple[Place, Rendered]]) -> None:
    found: list[Entry] = list(InterHand().find(interhand))
    assert len(found) == COUNT
    assert {int(entry.key.rpartition("image")[2]): entry.split for entry in found} == {
        place.index: place.split for place, _ in scenes
    }
    assert len({entry.group for entry in found}) == COUNT


def test_interhand_gives_joints_exactly_and_cameras(of_interhand: list[Read]) -> None:
    for found, _, labels in of_interhand:
        known = np.isfinite(labels.joints[ORDER]).all(axis=1)
        shown = np.isfinite(labels.points[ORDER]).all(axis=1)
        assert np.array_equal(there(found.joints), np.nan_to_num(labels.joints[ORDER]))
        assert np.array_equal(there(found.joints).any(axis=1), known)
        assert np.abs(there(found.points)[shown] - labels.points[ORDER][shown]).max(initial=0) < 2e-3
        assert np.array_equal(there(found.valid), labels.valid[ORDER])
        assert np.array_equal(there(found.camera), labels.camera)


def test_interhand_gives_photos_as_near_as_jpeg_can(of_interhand: list[Read]) -> None:
    for found, rendered, _ in of_interhand:
        assert np.abs(found.image.astype(int) - rendered.sample.image).mean() < 4


def test_interhand_gives_parts_where_a_joint_of_each_hand_is_in_view(of_interhand: list[Read]) -> None:
    counted = 0
    for found, rendered, labels in of_interhand:
        drawn = [bool(((rendered.digit > low) & (rendered.digit <= low + 16)).any()) for low in (16, 0)]
        if drawn == [labels.valid[:21].any(), labels.valid[21:].any()]:
            assert np.array_equal(there(found.parts), rendered.digit)
            assert np.array_equal(there(found.sides), np.where(rendered.digit > 16, 1, 2) * (rendered.digit > 0))
            assert np.array_equal(there(found.mask) > 0, rendered.digit > 0)
            counted += 1
        else:
            assert found.parts is None
    assert counted > 0


def test_interhand_tells_hands_by_its_own_rule(of_interhand: list[Read]) -> None:
    for found, rendered, labels in of_interhand:
        hands = rendered.sample.hands
        assert found.hands == (hands if hands != "both" or labels.valid.sum() > ENOUGH else "")
    assert any(found.hands for found, _, _ in of_interhand)


def test_interhand_has_what_other_readers_want(interhand: Path) -> None:
    lines = (interhand / "annotations" / "skeleton.txt").read_text().splitlines()
    assert [line for line in lines if line.split()[1] in ("0", "3", "20", "41")] == [
        *("r_thumb4 0 1", "r_thumb1 3 20", "r_wrist 20 -1", "l_wrist 41 -1")
    ]
    assert len(lines) == 43
    data = json.loads((interhand / "annotations/train/InterHand2.6M_train_data.json").read_text())
    assert [image["id"] for image in data["images"]] == [each["id"] for each in data["annotations"]]
    left, top, width, height = data["annotations"][0]["bbox"]
    assert 0 <= left <= left + width <= SIZE
    assert 0 <= top <= top + height <= SIZE
    first = data["images"][0]["file_name"]
    assert mode_of(interhand / "segm_32/train" / first.replace(".jpg", ".png")) == "RGB"
    assert len((interhand / "annotations" / "subject.txt").read_text().splitlines()) == COUNT + 1


@pytest.mark.parametrize("name", ["rhd", "interhand"])
def test_what_is_laid_out_can_be_prepared(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    raw = request.getfixturevalue(name)
    (file,) = prepare(PrepareConfig((name,), raw=raw, output=tmp_path, workers=1, quiet=True)).files
    assert (sum(file.splits.values()), file.header.skipped) == (COUNT, 0)


# --- files -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("files", tmp_path_factory)


@pytest.fixture(scope="module")
def looked_at() -> list[tuple[Place, Rendered]]:
    return rendered_for("files")


def test_files_are_pairs_that_other_commands_take(files: Path, looked_at: list[tuple[Place, Rendered]]) -> None:
    entries = {entry.key: entry for entry in Folder().find(files)}
    assert {key: entry.split for key, entry in entries.items()} == {
        f"{place.split}/{place.key}": place.split for place, _ in looked_at
    }
    for place, rendered in looked_at:
        found = Folder().read(entries[f"{place.split}/{place.key}"])
        assert np.array_equal(there(found.mask), labels_of(rendered).mask)
        assert np.abs(found.image.astype(int) - rendered.sample.image).mean() < 4


def test_files_tell_the_rest(files: Path, looked_at: list[tuple[Place, Rendered]]) -> None:
    for place, rendered in looked_at:
        stem, labels = f"{place.split}/{place.key}.jpg", labels_of(rendered)
        with Pillow.open(files / f"{stem}.parts.png") as picture:
            assert (picture.mode, np.array_equal(np.asarray(picture), labels.parts)) == ("P", True)
        depth = cv2.imread(str(files / f"{stem}.depth.png"), cv2.IMREAD_UNCHANGED)
        assert depth is not None
        assert depth.dtype == np.uint16
        assert np.array_equal(depth > 0, np.isfinite(rendered.depth))
        said = json.loads((files / f"{stem}.json").read_text())
        assert (said["style"], said["hands"]) == (rendered.style, rendered.sample.hands)
        assert np.array_equal(np.array(said["joints_mm"], np.float32), labels.joints, equal_nan=True)
        assert said["visible"] == rendered.visible.tolist()


def test_the_card_says_that_they_are_synthetic(files: Path) -> None:
    card = json.loads((files / "synthetic.json").read_text())
    assert (card["dataset"], card["seed"], card["generator"], card["assets"]) == ("synthetic", 5, VERSION, "none")
    assert sum(card["samples"].values()) == OF_FILES
    assert card["styles"] == {"two-hands": 2, "ego": 1, "sign": 1}
    assert "CC0" in card["licence"]
