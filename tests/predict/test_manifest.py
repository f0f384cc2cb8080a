"""Records, their lines and their sum."""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.errors import OutputError
from handseg_cli.predict.manifest import Manifest, Record, Summary
from handseg_cli.sample import Hand, Prediction


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_a_line_is_valid_for_any_name_and_tells_it_exactly(name: bytes) -> None:
    line = Record(Path(os.fsdecode(name)), "failed", "reason\nwith \ud800").line()
    assert line.count(b"\n") == 1
    record = json.loads(line.decode("utf-8"))
    raw = base64.b64decode(record["path_base64"]) if "path_base64" in record else record["path"].encode()
    assert raw == os.fsencode(Path(os.fsdecode(name)))


def test_a_record_tells_of_the_hands() -> None:
    hands = (Hand((1, 2, 3, 4), 4, 0.5), Hand((5, 6, 7, 8), 3, 0.91234))
    prediction = Prediction(np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8), hands)
    record = json.loads(
        Record(Path("a.jpg"), "done", outputs={"mask": Path("a.jpg.png")}).of(prediction, 0.0123).line()
    )
    assert record["boxes"] == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert (record["hands"], record["hand_pixels"], record["confidence"]) == (2, 7, 0.9123)
    assert (record["width"], record["height"], record["milliseconds"]) == (30, 20, 12.3)


def test_sides_are_told_where_the_net_tells_them_and_only_there() -> None:
    hands = (Hand((1, 2, 3, 4), 4, 0.5, "left", 0.91), Hand((5, 6, 7, 8), 3, 0.9, "", 0.55))
    blank = np.zeros((20, 30), np.uint8)
    told, untold = (
        json.loads(Record(Path("a.jpg"), "done").of(Prediction(blank, blank, hands, tells_sides=tells), 0).line())
        for tells in (True, False)
    )
    assert (told["sides"], told["side_certainties"]) == (["left", ""], [0.91, 0.55])
    assert untold.keys() == told.keys() - {"sides", "side_certainties"}


def test_lines_of_parallel_runs_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"

    def append(number: int) -> None:
        with Manifest(False, path) as manifest:
            for _ in range(50):
                manifest.write(Record(Path(f"{number}" * 2000), "done"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))
    lines = path.read_text().splitlines()
    assert len(lines) == 200
    assert {len(set(json.loads(line)["path"])) for line in lines} == {1}


def test_a_line_that_was_cut_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"path": "a.j')
    with Manifest(False, path) as manifest:
        manifest.write(Record(Path("b.jpg"), "done"))
    with Manifest(False, path) as manifest:
        manifest.write(Record(Path("c.jpg"), "done"))
    _, second, third = path.read_text().splitlines()
    assert [json.loads(line)["path"] for line in (second, third)] == ["b.jpg", "c.jpg"]


def test_the_lines_may_go_into_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Manifest(False, tmp_path / "pipe") as manifest, (tmp_path / "pipe").open() as reader:
        manifest.write(Record(Path("a.jpg"), "done"))
        assert json.loads(reader.readline())["path"] == "a.jpg"


def test_a_manifest_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"m\.jsonl"):
        Manifest(False, tmp_path / "none" / "m.jsonl")


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({"done": 3}, 0),
        ({"skipped": 3, "busy": 1}, 0),
        ({"done": 3, "failed": 1}, 1),
        ({"done": 3, "failed": 1, "fail_on": "all"}, 0),
        ({"skipped": 3, "failed": 1, "fail_on": "all"}, 0),
        ({"failed": 1, "fail_on": "all"}, 1),
        ({"failed": 1, "fail_on": "never"}, 0),
        ({"failed": 1, "fail_on": "never", "stopped": 5}, 5),
        ({"done": 1, "stopped": 143}, 143),
    ],
)
def test_the_exit_code_follows_from_the_counts(counts: dict[str, Any], code: int) -> None:
    assert Summary(**counts).exit_code == code


def test_a_summary_is_one_line() -> None:
    assert str(Summary(done=198, failed=1, skipped=2, seconds=0.9)) == "198 done, 1 failed, 2 up to date; 220 photos/s"
    assert str(Summary(stopped=5, shard="part 1 of 3")) == "0 done; the disk is full; part 1 of 3"
