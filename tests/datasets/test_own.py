from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.datasets.own import below, list_files, places, read_text, split_in, split_of, walk
from handseg_cli.errors import DatasetError

ROOT = Path("raw")
NAMES = st.sampled_from(["a", "b", "images", "train", "val"])
FILES = st.sampled_from(["a.jpg", "a.png", "a.jpg.jpg", "a", "b.jpg"])


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("val2017", "val"),
        ("valid", "val"),
        ("TEST", "test"),
        ("trainer", ""),
    ],
)
def test_folders_name_splits(name: str, split: str) -> None:
    assert split_of(name) == split


@pytest.mark.parametrize(
    ("name", "split"),
    [("instances_val2017", "val"), ("hands-train", "train"), ("_annotations.coco", ""), ("tested", "")],
)
def test_files_name_splits_among_other_words(name: str, split: str) -> None:
    assert split_in(name) == split


@given(st.lists(st.tuples(st.lists(NAMES, max_size=3), FILES), unique_by=str))
def test_keys_are_different_whatever_the_paths(names: list[tuple[list[str], str]]) -> None:
    paths = [ROOT.joinpath(*folders, file) for folders, file in names]
    found = places(paths, ROOT)
    assert list(found) == paths
    assert len({place.key for place in found.values()}) == len(paths)


def test_names_that_no_file_can_hold_are_spelt_out() -> None:
    (place,) = places([ROOT / "p\udcff" / "a\n.jpg"], ROOT).values()
    assert (place.key, place.group) == (r"p\udcff/a\n", r"p\udcff")


@given(st.text(st.sampled_from("./\\aC:\0 "), max_size=12))
def test_no_text_leads_out_of_the_root(text: str) -> None:
    path = below(ROOT, ROOT / "labels", text)
    assert path is None or (path.parts[0] == "raw" and len(path.parts) > 1 and ".." not in path.parts)


def test_a_text_may_lead_to_a_neighbour() -> None:
    assert below(ROOT, ROOT / "labels", "../images/a.jpg") == ROOT / "images" / "a.jpg"
    assert below(ROOT, ROOT / "labels", "..\\images\\a.jpg") == ROOT / "images" / "a.jpg"
    assert below(ROOT, ROOT / "labels", "../../raw/images/a.jpg") is None


def test_trees_are_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b/2", "b/10", "a/x", ".hidden/x", "__MACOSX/x", "c", ".d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    assert list(walk(tmp_path)) == [(tmp_path, ["c"]), (tmp_path / "a", ["x"]), (tmp_path / "b", ["10", "2"])]
    assert list_files(tmp_path) == ["__MACOSX", "a", "b", "c"]
    assert list_files(tmp_path / "lost") == list_files(tmp_path / "c") == []


def test_texts_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\ufeffgröße", encoding="utf-8")
    assert read_text(tmp_path / "labels.txt") == "größe"
    with pytest.raises(DatasetError, match=r"labels.txt: is larger than 0 MiB; split it"):
        read_text(tmp_path / "labels.txt", limit=9)
    with pytest.raises(DatasetError, match=r"lost.txt: cannot be read \(No such file"):
        read_text(tmp_path / "lost.txt")
