"""The first look at a dataset: splits, and what a plan notices."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.datasets import survey as module
from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.splits import split_of_group
from handseg_cli.datasets.survey import Survey, survey, trace


def look(entries: list[Entry], raw: Path, how: Any = "group") -> Survey:
    return survey(iter(entries), raw, "settings", how, 1234)


def entries_in(raw: Path) -> list[Entry]:
    raw.mkdir(parents=True, exist_ok=True)
    for number in range(10):
        (raw / f"{number}.jpg").write_bytes(bytes(number + 1))
    (raw / "all.json").write_text("{}")
    return [
        Entry(f"a/{number}", raw / f"{number}.jpg", None, f"g{number % 5}", "val", {"file": raw / "all.json"})
        for number in range(10)
    ]


def test_the_plan_does_not_depend_on_where_the_raw_folder_lies(tmp_path: Path) -> None:
    here = look(entries_in(tmp_path / "here"), tmp_path / "here")
    there = look(entries_in(tmp_path / "there"), tmp_path / "there")
    assert (here.count, here.plan) == (10, there.plan)


@pytest.mark.parametrize("change", [{"key": "b"}, {"group": "b"}, {"split": "test"}, {"detail": [1]}])
def test_the_plan_depends_on_all_that_an_entry_says(tmp_path: Path, change: dict[str, Any]) -> None:
    entries = entries_in(tmp_path)
    before = look(entries, tmp_path).plan
    assert look([*entries[:9], replace(entries[9], **change)], tmp_path).plan != before


def test_a_file_that_is_named_in_the_detail_is_watched_too(tmp_path: Path) -> None:
    entries = entries_in(tmp_path)
    before = trace(entries[0], tmp_path)
    time.sleep(0.02)
    (tmp_path / "all.json").write_text("[]")
    assert trace(entries[0], tmp_path).changed_ns > before.changed_ns
    (tmp_path / "all.json").unlink()
    assert trace(entries[0], tmp_path).content != before.content


def test_permissions_count_as_a_change(tmp_path: Path) -> None:
    entries = entries_in(tmp_path)
    before = look(entries, tmp_path).changed_ns
    time.sleep(0.02)
    (tmp_path / "3.jpg").chmod(0o600)
    assert look(entries, tmp_path).changed_ns > before


def test_few_groups_fill_all_splits_and_many_are_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = entries_in(tmp_path)
    few = look(entries, tmp_path).splits
    assert {few(place, entry) for place, entry in enumerate(entries)} == {"train", "val", "test"}
    monkeypatch.setattr(module, "MOST_GROUPS", 3)
    many = look(entries, tmp_path).splits
    alone = [split_of_group(entry.group, 1234) for entry in entries]
    assert [many(place, entry) for place, entry in enumerate(entries)] == alone


def test_a_photo_that_is_gone_is_no_error_yet(tmp_path: Path) -> None:
    entries = entries_in(tmp_path / "raw")
    shutil.rmtree(tmp_path / "raw")
    assert look(entries, tmp_path / "raw").count == 10
