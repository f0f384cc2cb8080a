"""What is judged on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.evaluate.sources import find_sources, spread
from tests.tiny.judged import Hand, build


@pytest.fixture
def root(tmp_path: Path) -> Path:
    build(tmp_path, [Hand("v/a", 20, 20, "v", "test"), Hand("w/b", 20, 10, "w", "val"), Hand("w/c", 0, 0, "w", "val")])
    return tmp_path


def test_each_split_is_a_source_that_says_where_it_is_from(root: Path) -> None:
    test, val = find_sources(EvalConfig(datasets=("tiny",), split=("test", "val"), root=root))
    assert [source.photos.key(place) for source in (test, val) for place in source.places] == ["v/a", "w/b", "w/c"]
    assert (val.about["parted_by"], val.about["seed"], val.about["split_photos"]) == ("group", 7, 2)
    assert len(str(val.about["digest"])) == 64


def test_a_prepared_file_may_be_named_by_its_path(root: Path) -> None:
    (source,) = find_sources(EvalConfig(datasets=(str(root / "prepared" / "tiny.h5"),), split=("all",)))
    shot = source.photos.read(0, None)
    assert (source.name, len(source.places)) == ("tiny", 3)
    assert (shot.key, shot.group, shot.truth.shape, shot.photo.size) == ("v/a", "v", (60, 80), (60, 80))


def test_a_raw_folder_is_read_as_it_is(pairs: Path) -> None:
    (source,) = find_sources(EvalConfig(datasets=(str(pairs),)))
    assert (source.name, source.split) == ("mine", "all")  # no folder in it is called test
    shot = source.photos.read(1, 100)
    assert shot.truth.shape == shot.photo.size == (240, 900)
    assert shot.photo.image.shape[1] < 900
    assert set(shot.names) == {"b", "b.jpg"}


def test_folders_called_as_splits_are_splits(pairs: Path) -> None:
    for kind in ("images", "masks"):
        for name, split in (("a", "train"), ("b", "test")):
            (pairs / kind / split).mkdir()
            (suffix,) = {path.suffix for path in (pairs / kind).glob(f"{name}.*")}
            (pairs / kind / f"{name}{suffix}").rename(pairs / kind / split / f"{name}{suffix}")
    (source,) = find_sources(EvalConfig(datasets=(str(pairs),)))
    assert [source.photos.key(place) for place in source.places] == ["test/b"]
    with pytest.raises(DatasetError, match="none of its folders is a val split"):
        find_sources(EvalConfig(datasets=(str(pairs),), split=("val",)))


def test_two_folders_of_one_name_are_told_apart(pairs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "mine"
    shutil.copytree(pairs, other)
    found = find_sources(EvalConfig(datasets=(str(pairs), str(other))))
    assert [source.name for source in found] == [str(pairs), str(other)]


def test_no_dataset_is_an_error_that_names_those_there_are(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"--datasets .*tiny"):
        find_sources(EvalConfig(root=root))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("hof", "run `handseg prepare hof`"), ("nothing", "tiny"), ("gone.h5", "is not there"), ("eh", "egohands.h5")],
)
def test_a_dataset_that_is_not_there_says_what_to_do(root: Path, name: str, hint: str) -> None:
    with pytest.raises(DatasetError, match=hint):
        find_sources(EvalConfig(datasets=(name,), root=root))


def test_an_empty_split_says_which_are_not(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"no photo is in its train split \(2 in val, 1 in test\)"):
        find_sources(EvalConfig(datasets=("tiny",), split=("train",), root=root))


def test_a_limit_takes_from_all_over() -> None:
    assert list(spread(range(101), 3)) == [0, 50, 100]
    assert list(spread(range(3), 7)) == list(spread(range(3), 0)) == [0, 1, 2]
