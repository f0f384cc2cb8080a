"""What programs that watch a run get to see: counters in a file, and lines of JSON."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handseg_cli.errors import NothingFoundError
from handseg_cli.predict import gauges, json_log
from handseg_cli.predict.gauges import METRICS, Gauges, labelled
from handseg_cli.predict.manifest import Record, Summary
from tests.tiny.photos import left_over, put

Run = Callable[..., Any]
README = (Path(__file__).parents[2] / "README.md").read_text()
# A sample as Prometheus reads it: name, labels in quotes, number.
SAMPLE = re.compile(r'(handseg_[a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\} (-?[\d.e+]+)')


@dataclass
class Found:
    """Inputs that were found."""

    total: int = 7


def samples(text: str) -> dict[str, float]:
    """Return the samples of a file; each line has to be one, or say what it is."""
    found = {}
    for line in text.splitlines():
        if not line.startswith(("# HELP handseg_", "# TYPE handseg_")):
            parts = SAMPLE.fullmatch(line)
            assert parts, line
            status = re.search(r'status="(\w+)"', parts[2])
            found[parts[1] + (f".{status[1]}" if status else "")] = float(parts[3])
    return found


def test_the_file_tells_how_a_run_has_ended(run: Run, folder: Path) -> None:
    put("a.jpg", "b.jpg")
    Path("c.jpg").write_text("no photo")
    run(".", metrics=Path("m.prom"))
    text = Path("m.prom").read_text()
    told = samples(text)
    counts = {name: told[f"handseg_inputs_total.{name}"] for name in ("done", "skipped", "busy", "failed")}
    assert counts == {"done": 2, "skipped": 0, "busy": 0, "failed": 1}
    assert (told["handseg_inputs_known"], told["handseg_running"], told["handseg_exit_code"]) == (3, 0, 1)
    assert told["handseg_input_seconds_total"] > 0
    assert abs(told["handseg_last_input_time_seconds"] - time.time()) < 60
    assert 'handseg_info{run="m",shard="1/1",' in text
    assert not list(left_over(folder))


def test_the_file_follows_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "EVERY_S", 0.01)
    summary, path = Summary(), tmp_path / "m.prom"
    with Gauges(path, summary, Found(), {"shard": "3/8"}) as watched:
        assert samples(path.read_text())["handseg_running"] == 1
        record = Record(Path("a.jpg"), "done", milliseconds=1500.0)
        summary.add(record)
        watched.add(record)
        while samples(path.read_text())["handseg_inputs_total.done"] < 1:
            time.sleep(0.01)
        told = samples(path.read_text())
    assert (told["handseg_input_seconds_total"], told["handseg_inputs_known"], told["handseg_exit_code"]) == (
        1.5,
        7,
        -1,
    )


def test_a_run_that_cannot_go_on_says_so(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NothingFoundError):
        run(".", metrics=Path("m.prom"), log_json=True, quiet=False)
    assert samples(Path("m.prom").read_text())["handseg_exit_code"] == 3
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["exit_code"] == 3


def test_labels_keep_their_quotes_to_themselves() -> None:
    assert labelled({"a": 'x"\n\\', "b": "1/2"}) == 'a="x\\"\\n\\\\",b="1/2"'


def test_the_readme_names_every_metric() -> None:
    assert all(f"`handseg_{name}`" in README for name, *_ in METRICS)


def test_every_line_of_the_log_is_json(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_log, "EVERY_S", 0.0)
    put("a.jpg")
    Path("b\n\x1b.jpg").write_text("no photo")
    run(".", log_json=True, quiet=False, shard="1/1")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["start", "progress", "failed", "progress", "end"]
    assert (lines[2]["path"], lines[2]["level"]) == ("b\n\x1b.jpg", "error")
    assert lines[2]["reason"]
    assert (lines[3]["done"], lines[3]["failed"], lines[3]["known"]) == (1, 1, 2)
    assert (lines[4]["exit_code"], lines[4]["level"]) == (1, "error")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)


def test_quiet_writes_no_log(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    put("a.jpg")
    run(".", log_json=True, quiet=True)
    assert capsys.readouterr().err == ""
