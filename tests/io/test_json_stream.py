"""JSON read in a stream: what comes out, from where in the file, and what is said of damage."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.io.json_stream import CHUNK, list_items, nested_numbers

ITEMS = [{"id": 1, "name": 'his "items": [ here'}, {"id": 2, "deep": {"items": [[1.5, -2e3, True]]}}]


def written(folder: Path, text: str) -> Path:
    path = folder / "a.json"
    path.write_text(text)
    return path


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_is_found_before_and_behind_others(tmp_path: Path, indent: int | None) -> None:
    content = {"before": ITEMS[:1], "items": ITEMS, "after": {"x": [1]}, "last": ITEMS[1:]}
    path = written(tmp_path, json.dumps(content, indent=indent))
    for key in ("before", "items", "last"):
        assert list(list_items(path, key)) == content[key]


def test_a_list_is_found_across_the_pieces_that_are_read(tmp_path: Path) -> None:
    for spaces in range(CHUNK - 12, CHUNK + 1):
        path = written(tmp_path, "{" + " " * spaces + '"items" : [{"id": 7}]}')
        assert list(list_items(path, "items")) == [{"id": 7}]


def test_a_list_takes_no_memory_of_its_length(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"items": [{"id": number, "text": "x" * 1000} for number in range(30_000)]}))
    tracemalloc.start()
    assert sum(item["id"] for item in list_items(path, "items")) == 449_985_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 30_000_000
    assert peak < 6_000_000


@pytest.mark.parametrize(
    "text", ['{"items": [{"id": 1}, {"id"', '{"items": [{"id": 1} {"id": 2}]}', '{"items": [{"id": NaN}]}']
)
def test_damage_is_told_with_the_name_of_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(DatasetError, match=r"a\.json: is damaged"):
        list(list_items(written(tmp_path, text), "items"))


@pytest.mark.parametrize("text", ["", "[]", '{"other": []}', '{"items": {}}', '{"text": "\\"items\\": ["}'])
def test_a_list_that_is_not_there_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(DatasetError, match=r"a\.json: has no list 'items'"):
        list(list_items(written(tmp_path, text), "items"))


def test_items_that_are_no_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="what is no object"):
        list(list_items(written(tmp_path, '{"items": [1, 2]}'), "items"))


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"items": [{"a": "\xff\xfe"}]}')
    with pytest.raises(DatasetError, match=r"a\.json: is damaged"):
        list(list_items(path, "items"))


def test_numbers_of_small_records_come_in_a_row(tmp_path: Path) -> None:
    content = {
        "3": {"10": {"xyz": [[1, 2.5], [3, 4]], "ok": [[True], [False]], "name": "x", "none": []}, "11": {}},
        "4": {},
    }
    found = list(nested_numbers(written(tmp_path, json.dumps(content))))
    assert [(outer, inner) for outer, inner, _ in found] == [("3", "10"), ("3", "11")]
    assert found[0][2] == {"xyz": [1, 2.5, 3, 4], "ok": [True, False], "name": [], "none": []}
    assert found[1][2] == {}


def test_damaged_numbers_are_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    for text in ('{"3": {"10": {"xyz": [1, 2', "[[1, 2], [3]]x", "xyz"):
        with pytest.raises(DatasetError, match=r"a\.json: is damaged"):
            list(nested_numbers(written(tmp_path, text)))
    with pytest.raises(DatasetError, match=r"none\.json: cannot be read"):
        list(nested_numbers(tmp_path / "none.json"))
