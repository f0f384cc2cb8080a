"""What every dataset of the registry keeps, on the small raw tree that its builder in tests/tiny writes."""

from __future__ import annotations

import importlib
import pickle
import shutil
from collections import defaultdict
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from handseg_cli.datasets.dataset import Dataset, Entry, HasParts
from handseg_cli.datasets.prepare import header_of
from handseg_cli.datasets.splits import split
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.io.layout import Header
from handseg_cli.registry import DATASETS, resolve
from handseg_cli.sample import Sample

TINY = Path(__file__).parents[1] / "tiny"

# Registry name, module and builder are one name.
BUILT = [name for name in DATASETS if (TINY / f"{name}.py").is_file()]


def adapter_of(name: str) -> Dataset:
    return cast(type[Dataset], resolve(DATASETS[name]))()


def build(name: str, folder: Path) -> Path:
    importlib.import_module(f"tests.tiny.{name}").build(folder)
    return folder


@pytest.fixture(params=BUILT, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def adapter(name: str) -> Dataset:
    return adapter_of(name)


@pytest.fixture(scope="module")
def raw(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(name, tmp_path_factory.mktemp(name))


@pytest.fixture(scope="module")
def entries(adapter: Dataset, raw: Path) -> list[Entry]:
    return list(adapter.find(raw))


@pytest.fixture(scope="module")
def samples(adapter: Dataset, entries: list[Entry]) -> list[Sample]:
    read = [read_or_none(adapter, entry) for entry in entries]
    return [sample for sample in read if sample is not None]


def alike(one: Sample | None, other: Sample | None) -> bool:
    if one is None or other is None:
        return one is other
    pairs = [(getattr(one, field), getattr(other, field)) for field in one.__dataclass_fields__]
    return all(np.array_equal(left, right) for left, right in pairs)


def read_or_none(adapter: Dataset, entry: Entry) -> Sample | None:
    """Read a sample; None for a broken one, which may raise these errors and no others."""
    try:
        return adapter.read(entry)
    except (DatasetError, ImageError):
        return None


def find_or_complain(adapter: Dataset, raw: Path) -> tuple[list[Entry], str]:
    """List a raw folder; where it is refused, which only this error may do, give its message."""
    try:
        return list(adapter.find(raw)), ""
    except DatasetError as error:
        return [], str(error)


@pytest.mark.parametrize("name", DATASETS)
def test_every_name_leads_to_an_adapter(name: str) -> None:
    adapter = adapter_of(name)
    assert DATASETS[name].startswith(f"handseg_cli.datasets.{name}:")
    assert {"hand", "hand+arm", "sides", "parts", "joints"} >= set(adapter.labels) > set()
    for line in (adapter.licence, adapter.citation, adapter.page):
        assert "\n" not in line
    for archive in adapter.archives:
        assert archive.size or archive.about or not archive.url
        assert archive.url.startswith(("https://", "http://", "gdrive:")) or archive.brings


def test_the_same_tree_gives_the_same_entries_in_the_same_order(
    name: str, adapter: Dataset, entries: list[Entry], tmp_path: Path
) -> None:
    again = list(adapter.find(build(name, tmp_path)))
    assert 3 <= len(entries) <= 24
    assert [entry.key for entry in again] == [entry.key for entry in entries]
    assert [(entry.group, entry.split) for entry in again] == [(entry.group, entry.split) for entry in entries]


def test_keys_are_unique_and_name_no_file(entries: list[Entry]) -> None:
    keys = [entry.key for entry in entries]
    assert len({key.casefold() for key in keys}) == len(keys)
    for key in keys:
        assert not key.startswith("/")
        assert not {"", ".", ".."} & set(key.split("/"))
        assert "\\" not in key
        assert not key.endswith((".jpg", ".png"))


def test_entries_can_be_sent_to_another_process(adapter: Dataset, entries: list[Entry]) -> None:
    for entry in entries:
        assert len(pickle.dumps(entry)) < 16_384
    first = next(entry for entry in entries if read_or_none(adapter, entry))
    assert alike(adapter.read(pickle.loads(pickle.dumps(first))), adapter.read(first))


def test_every_entry_has_a_group(entries: list[Entry]) -> None:
    assert all(entry.group for entry in entries)
    assert {entry.split for entry in entries} <= {"", "train", "val", "test"}


def test_splits_never_divide_a_group(entries: list[Entry]) -> None:
    splits = defaultdict(set)
    for entry, chosen in zip(entries, split(entries, "group"), strict=True):
        splits[entry.group].add(chosen)
    assert all(len(chosen) == 1 for chosen in splits.values())
    if len(splits) >= 3:
        assert {"train", "val", "test"} == set().union(*splits.values())


def test_samples_are_those_that_were_found(adapter: Dataset, entries: list[Entry], samples: list[Sample]) -> None:
    found = {entry.key: (entry.group, entry.split) for entry in entries}
    assert samples
    assert all(found[sample.key] == (sample.group, sample.split) for sample in samples)


def test_pictures_of_a_sample_have_one_size(samples: list[Sample]) -> None:
    for sample in samples:
        assert sample.image.ndim == 3
        assert sample.image.shape[2] == 3
        assert sample.image.dtype == np.uint8
        for picture in (sample.mask, sample.sides, sample.parts):
            assert picture is None or (picture.shape == sample.image.shape[:2] and picture.dtype == np.uint8)


def test_masks_are_black_and_white_and_hold_the_sides(samples: list[Sample]) -> None:
    for sample in samples:
        if sample.mask is not None:
            assert set(np.unique(sample.mask)) <= {0, 255}
        if sample.sides is not None:
            assert sample.sides.max() <= 3
            assert sample.mask is not None
            assert not np.any(sample.sides[sample.mask == 0])


def test_samples_have_the_labels_that_are_promised(adapter: Dataset, samples: list[Sample]) -> None:
    for label in adapter.labels:
        field = "mask" if label.startswith("hand") else label
        assert any(getattr(sample, field) is not None for sample in samples)
    if {"hand", "hand+arm"} & set(adapter.labels):
        assert any(np.any(sample.mask) for sample in samples if sample.mask is not None)


def test_joints_agree_in_number(samples: list[Sample]) -> None:
    for sample in samples:
        for values in (sample.points, sample.valid):
            assert values is None or sample.joints is None or len(values) == len(sample.joints)
        assert sample.camera is None or sample.camera.shape == (3, 3)
        assert sample.hands in ("", "left", "right", "both")


def test_an_empty_folder_is_refused_by_its_path_and_the_way_out(name: str, adapter: Dataset, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DatasetError) as caught:
            list(adapter.find(folder))
        assert str(folder) in str(caught.value)
        if adapter.archives:
            assert f"`handseg download {name}`" in str(caught.value)


def test_folders_without_files_are_refused(name: str, adapter: Dataset, tmp_path: Path) -> None:
    if not adapter.archives:
        pytest.skip("it has no folders of its own")
    for path in build(name, tmp_path).rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(DatasetError, match="is missing; run `handseg download"):
        list(adapter.find(tmp_path))


def test_the_inner_folder_will_do(adapter: Dataset, raw: Path, entries: list[Entry]) -> None:
    inner = list(raw.iterdir())
    if len(inner) != 1 or not adapter.archives:
        pytest.skip("its tree has no single inner folder")
    assert [entry.key for entry in adapter.find(inner[0])] == [entry.key for entry in entries]


def test_parts_have_the_names_of_their_sides(adapter: Dataset, samples: list[Sample]) -> None:
    if not isinstance(adapter, HasParts):
        assert "parts" not in adapter.labels
        return
    assert header_of(adapter, Header("any", "parts")).classes == adapter.parts
    assert header_of(adapter, Header("any", "hand")).classes == ("background", "hand")
    labelled = [(sample.parts, sample.sides) for sample in samples if sample.parts is not None]
    assert labelled
    for parts, sides in labelled:
        assert sides is not None
        for part in np.unique(parts):
            named = {"left": 1, "right": 2}.get(adapter.parts[part].partition(" ")[0], 0)
            assert set(sides[parts == part]) == {named}


def one_of_each_kind(raw: Path) -> list[Path]:
    """Choose the first file of each suffix in each folder whose name holds no number."""
    kinds: dict[tuple[str, ...], Path] = {}
    for path in sorted(raw.rglob("*")):
        if path.is_file():
            place = path.relative_to(raw).parts
            kinds.setdefault((*place[:3][: len(place) - 1], path.suffix), path)
    return list(kinds.values())


def test_a_lost_file_costs_its_own_sample_at_most(
    adapter: Dataset, raw: Path, entries: list[Entry], samples: list[Sample], tmp_path: Path
) -> None:
    whole = {sample.key: sample for sample in samples}
    listed = {entry.key for entry in entries}
    copy = tmp_path / "copy"
    shutil.copytree(raw, copy)
    for lost in one_of_each_kind(copy):
        kept = lost.read_bytes()
        lost.unlink()
        found, complaint = find_or_complain(adapter, copy)
        assert not complaint or str(lost) in complaint or str(lost.parent) in complaint
        read = {entry.key: read_or_none(adapter, entry) for entry in found}
        # Only of an archive is it known what it holds: a folder of the user's own may be meant to be as it is.
        if adapter.archives and not complaint:
            # A sample that was listed no more would move others to other splits.
            assert read.keys() == listed
            hurt = {entry.key for entry in found if lost in (entry.image, entry.labels) or lost.stem in entry.key}
            assert all(alike(read[key], whole.get(key)) for key in listed - hurt)
        lost.write_bytes(kept)


def test_a_damaged_file_raises_nothing_unexpected(adapter: Dataset, raw: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(raw, copy)
    for hurt in one_of_each_kind(copy):
        kept = hurt.read_bytes()
        for damaged in (b"", kept[: len(kept) // 2], b"not what it was" + kept[15:]):
            hurt.write_bytes(damaged)
            found, complaint = find_or_complain(adapter, copy)
            assert not complaint or str(copy) in complaint
            for entry in found:
                read_or_none(adapter, entry)
        hurt.write_bytes(kept)
