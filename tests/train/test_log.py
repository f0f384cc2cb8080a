"""The log of a run is whole, whatever happened to the run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.io.images import read_photo
from handseg_cli.io.progress import Progress
from handseg_cli.metrics.scores import Scores
from handseg_cli.train.log import EVERY, Log, Plan
from handseg_cli.train.state import Place


def log(folder: Path, at: Place, quiet: bool = True) -> Log:
    plan = Plan(epochs=3, steps=20, pictures=8)
    return Log(folder, plan, at, Progress(quiet, "steps"), lambda done, of, name="": None)


def read_size(path: Path) -> tuple[int, int]:
    return read_photo(path.read_bytes(), path.name, max_pixels=1_000_000).size


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def run(log: Log, at: Place, to: int) -> None:
    while at.step < to:
        at.step += 1
        log.step(at, {"bce": 1 / at.step}, 0.1)


def test_a_run_that_goes_on_repeats_no_line(tmp_path: Path) -> None:
    at = Place()
    run(log(tmp_path, at), at, 3 * EVERY + 1)
    with (tmp_path / "log.jsonl").open("ab") as stream:
        stream.write(b'{"step": 40, "ep')  # a kill
    again = Place(step=2 * EVERY)
    run(log(tmp_path, again), again, 4 * EVERY)
    assert [line["step"] for line in lines(tmp_path)] == [EVERY, 2 * EVERY, 3 * EVERY, 4 * EVERY]


def test_an_epoch_leaves_its_scores_its_curves_and_its_examples(tmp_path: Path) -> None:
    at = Place()
    book = log(tmp_path, at)
    run(book, at, 20)
    at.epoch = 1
    book.epoch(at, {"bce": 0.5}, Scores({"iou": 0.75, "precision": float("nan")}), "iou")
    book.examples(at, np.zeros((40, 60, 3), np.uint8))
    scores = {"iou": 0.75, "precision": None}
    assert lines(tmp_path)[-1] == {"step": 20, "epoch": 1, "train": {"bce": 0.5}, "val": scores}
    assert read_size(tmp_path / "curves.png") > (300, 600)
    assert read_size(tmp_path / "examples" / "epoch_0001.png") == (40, 60)


def test_a_line_for_people_has_loss_score_speed_and_time_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = Place()
    book = log(tmp_path, at, quiet=False)
    run(book, at, 20)
    at.epoch = 1
    book.epoch(at, {"bce": 0.5, "dice": 0.25}, Scores({"iou": 0.75}), "iou")
    wanted = r"epoch 1/3  loss 0\.7500  iou 0\.7500 \(best\)  \d+\.\d images/s  0:00:\d\d left\n"
    assert re.fullmatch(wanted, capsys.readouterr().err)
