"""How far a run has come, by what it and others have written of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.config import StatusConfig
from handseg_cli.errors import ConfigError, HandsegError, NothingFoundError
from handseg_cli.io.store import store_of
from handseg_cli.paths import Url, place
from handseg_cli.predict import ledger
from handseg_cli.predict.ledger import BUSY, DONE, FAILED, SKIPPED, Ledger
from handseg_cli.predict.manifest import Manifest, Record, Status
from handseg_cli.predict.status import status
from handseg_cli.predict.status_report import Report, duration
from tests.tiny.photos import put

Run = Callable[..., Any]


def write(name: str, *records: tuple[str, Status, float] | tuple[str, Status, float, str]) -> None:
    """Append records of (path, status, seconds ago, reason) to a manifest."""
    now = time.time()
    with Manifest(False, Path(name)) as manifest:
        for path, what, age, *reason in records:
            manifest.write(Record(place(path), what, "".join(reason), time=now - age))


def look(*names: str, **settings: Any) -> Report:
    return status(StatusConfig(tuple(map(Path, names)), **settings))


def counts(report: Report) -> dict[str, int]:
    return {name: report.total(name) for name in ("done", "skipped", "busy", "failed")}


def test_a_run_is_counted_as_it_counts_itself(run: Run) -> None:
    put("a.jpg", "b.jpg", "in/c.jpg")
    Path("d.jpg").write_text("no photo")
    summary = run(".", recursive=True)
    report = look("m.jsonl", inputs=(Path(),), recursive=True)
    assert (
        counts(report) == {"done": 3, "skipped": 0, "busy": 0, "failed": 1} == {**counts(report), "done": summary.done}
    )
    assert (report.inputs, report.missing, report.exit_code) == (4, 0, 1)
    (failure,) = report.failures
    assert (failure.count, failure.example) == (1, "d.jpg")


def test_all_done_exits_with_0(run: Run) -> None:
    put("a.jpg", "b.jpg")
    run(".")
    assert look("m.jsonl", inputs=(Path(),)).exit_code == 0
    Path("m.jsonl").rename("first.jsonl")
    run(".")
    assert counts(look("m.jsonl", "first.jsonl")) == {"done": 2, "skipped": 0, "busy": 0, "failed": 0}


def test_the_last_word_counts_in_whichever_file_it_stands(folder: Path) -> None:
    write("b.jsonl", ("a.jpg", "done", 10), ("b.jpg", "failed", 10, "is damaged"))
    write("a.jsonl", ("a.jpg", "failed", 50, "is damaged"), ("b.jpg", "done", 50), ("c.jpg", "done", 5))
    write("a.jsonl", ("c.jpg", "busy", 4), ("d.jpg", "busy", 3))
    for order in (["a.jsonl", "b.jsonl"], ["b.jsonl", "a.jsonl"], ["."], ["b.jsonl", "."]):
        assert counts(look(*order)) == {"done": 2, "skipped": 0, "busy": 1, "failed": 1}


def test_what_no_manifest_tells_of_is_missing(folder: Path) -> None:
    put("in/a.jpg", "in/b.jpg", "in/c.jpg")
    write("m.jsonl", ("in/a.jpg", "done", 20), (str(folder / "in/b.jpg"), "done", 10))
    report = look("m.jsonl", inputs=(Path("in"),))
    assert (report.inputs, report.missing, report.example) == (3, 1, "in/c.jpg")
    assert report.exit_code == 1
    Path("list").write_text("in/a.jpg\nin/gone.jpg\n")
    assert look("m.jsonl", files_from="list").example == "in/gone.jpg"


def test_the_time_left_is_of_what_is_missing_at_the_rate_of_all_that_run(folder: Path) -> None:
    put(*(f"in/{number}.jpg" for number in range(9)))
    write("1.jsonl", ("in/0.jpg", "done", 9000), ("in/1.jpg", "done", 20), ("in/2.jpg", "done", 10))
    write("2.jsonl", ("in/3.jpg", "done", 20), ("in/4.jpg", "done", 0.5))
    write("idle.jsonl", ("in/5.jpg", "done", 4000), ("in/6.jpg", "done", 3999))
    report = look("1.jsonl", "2.jsonl", "idle.jsonl", inputs=(Path("in"),))
    assert [part.rate for part in report.parts] == pytest.approx([2 / 10, 2 / 19.5, 2 / 1], rel=0.01)
    assert [part.running for part in report.parts] == [True, True, False]
    assert report.seconds_left == pytest.approx(2 / (2 / 10 + 2 / 19.5), rel=0.01)
    assert "7 s left" in str(report)


def test_lines_that_are_cut_are_counted_but_the_one_being_written(folder: Path) -> None:
    write("m.jsonl", ("a.jpg", "done", 2), ("b.jpg", "done", 1))
    line = Record(Path("c.jpg"), "done").line()
    with Path("m.jsonl").open("ab") as file:
        file.write(line[:50] + b"\n" + line + line[:-20])
    report = look("m.jsonl")
    assert (report.total("done"), report.total("damaged")) == (3, 1)


def test_reasons_that_differ_in_numbers_alone_are_one_with_an_example_that_still_fails(folder: Path) -> None:
    write("m.jsonl", *((f"{number}.jpg", "failed", 9, f"has {number} bytes too few") for number in range(30)))
    write("m.jsonl", *((f"{number}.jpg", "done", 8) for number in range(12, 30)), ("x.jpg", "failed", 7, "is no photo"))
    report = look("m.jsonl")
    assert [(each.count, each.example) for each in report.failures] == [(12, "10.jpg"), (1, "x.jpg")]


def test_manifests_and_photos_may_lie_in_a_store(folder: Path) -> None:
    store = store_of(Url("memory", "status/in"))
    for name in ("a.jpg", "b.jpg"):
        store.write(Url("memory", f"status/in/{name}"), b"photo", "")
    write("m.jsonl", ("memory://status/in/a.jpg", "done", 1))
    store.put(Path("m.jsonl"), Url("memory", "status/lines/m.1-of-2.jsonl"))
    lines = Url("memory", "status/lines"), Url("memory", "status/lines/m.2-of-2.jsonl")
    report = status(StatusConfig(lines, (Url("memory", "status/in"),)))
    assert [part.exists for part in report.parts] == [True, False]
    assert (report.total("done"), report.inputs, report.example) == (1, 2, "memory://status/in/b.jpg")


def test_json_tells_the_same(folder: Path) -> None:
    put("a.jpg", "b.jpg")
    write("m.jsonl", ("a.jpg", "failed", 1, "is damaged"), (os.fsdecode(b"caf\xe9.jpg"), "done", 0.5))
    told = json.loads(str(look("m.jsonl", "later.jsonl", inputs=(Path(),), json=True)))
    assert (told["done"], told["failed"], told["inputs"], told["missing"]) == (1, 1, 2, 1)
    assert told["failures"] == [{"reason": "is damaged", "count": 1, "example": "a.jpg"}]
    assert [part["exists"] for part in told["manifests"]] == [True, False]


def test_a_manifest_that_is_not_there_yet_is_not_done(folder: Path) -> None:
    write("1.jsonl", ("a.jpg", "done", 1))
    assert look("1.jsonl").exit_code == 0
    report = look("1.jsonl", "2.jsonl")
    assert report.exit_code == 1
    assert "2.jsonl" + 33 * " " + "  is not there yet" in str(report)


def test_what_is_no_manifest_is_refused(folder: Path) -> None:
    put("a.jpg")
    with pytest.raises(HandsegError, match=r"a\.jpg: is no manifest"):
        look("a.jpg")
    with pytest.raises(NothingFoundError):
        look("gone.jsonl")
    with pytest.raises(ConfigError, match="no manifest"):
        StatusConfig()


ROWS = st.tuples(st.integers(0, 5), st.integers(0, 9), st.sampled_from([DONE, SKIPPED, BUSY, FAILED, FAILED + 1]))


def naive(rows: list[tuple[int, int, int]], key: int) -> int:
    """Return the code that counts, worked out slowly."""
    mine = [(code != BUSY, time, number, code) for number, (each, time, code) in enumerate(rows) if each == key]
    last = max(mine)[-1]
    return DONE if last == SKIPPED and any(code == DONE for *_, code in mine) else last


@given(st.lists(ROWS, min_size=1), st.integers(1, 7))
def test_any_order_of_folding_tells_the_last_word(rows: list[tuple[int, int, int]], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "ROWS", size)
        book = Ledger()
        for key, moment, code in rows:
            book.add(key - 3, moment, code, 0)
    keys = sorted({key for key, *_ in rows})
    assert book.codes_of([key - 3 for key in keys]) == [naive(rows, key) for key in keys]
    assert book.codes_of([77, -77]) == [-1, -1]
    assert np.sum(book.counts(1)) == len(keys)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3600 * 2 + 60, "2 h 1 min"), (86400 * 3 + 3599, "3 d 0 h")],
)
def test_durations_are_told_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
