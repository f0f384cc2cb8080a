"""The eval verb for poses: from files to figures, hands given or found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handseg_cli.config import EvalConfig
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.evaluate.pose_report import PoseReport
from handseg_cli.evaluate.verb import evaluate
from handseg_cli.io.hdf5 import Reader
from handseg_cli.loading.windows import seen
from handseg_cli.pose.window import around_joints
from tests.tiny import judged, red_hands
from tests.tiny.red_hands import SIDE, Labelled, photo, prepare, truth

PHOTOS = [
    Labelled([(60, 60, "left")]),
    Labelled([(60, 60, "left"), (200, 150, "right")]),
    Labelled([]),
    Labelled([(150, 100, "right")], off=4.0),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    red_hands.build(tmp_path)
    return prepare(tmp_path / "red.h5", PHOTOS)


def run(file: Path, **settings: Any) -> PoseReport:
    models = (str(file.with_name("pose.onnx")),)
    finder = "" if settings.get("given") else str(file.with_name("finder.onnx"))
    defaults: dict[str, Any] = {"task": "pose", "models": models, "datasets": (str(file),), "finder": finder}
    report = evaluate(EvalConfig(**(defaults | {"quiet": True} | settings)))
    assert isinstance(report, PoseReport)
    return report


def test_a_model_that_is_right_is_found_to_be(file: Path) -> None:
    (result,) = run(file).results
    scores = result.scores
    assert (scores["photos"], scores["hands"], scores["found"], scores["false"]) == (4, 4, 4, 0)
    assert scores["side_accuracy"] == 1
    assert [round(float(row.pixels.mean()), 1) for row in result.rows] == [0.0, 0.0, 0.0, 4.0]
    assert scores["epe_mean_mm"] < 1
    assert scores["epe_mean_px"] == pytest.approx(1, abs=0.1)


def test_true_hands_are_shown_in_the_windows_of_training(file: Path) -> None:
    (result,) = run(file, given="hands").results
    assert (result.scores["hands"], result.scores["missed"], result.scores["side_accuracy"]) == (4, 0, 1)
    points, _ = truth(60, 60)
    window = around_joints(points, np.ones(21, bool), SIDE)
    rows, columns = np.nonzero(seen(photo((60, 60)), window.matrix, SIDE)[..., 0] > 128)
    wrist = window.to_photo(np.array([columns.mean(), rows.mean()]))
    assert result.rows[0].pixels[0] == pytest.approx(np.linalg.norm(wrist - points[0]), abs=0.05)
    assert "none had to be found" in str(run(file, given="hands"))


def test_hands_that_are_missed_or_false_are_counted(file: Path, tmp_path: Path) -> None:
    photos = [Labelled([(60, 60, "left")], off=80.0), Labelled([(60, 60, "left")])]
    other = prepare(tmp_path / "other.h5", photos)
    (result,) = run(file, datasets=(str(other),)).results
    assert [result.scores[name] for name in ("hands", "found", "missed", "false")] == [2, 1, 1, 1]
    assert result.scores["auc_20_50_mm"] == pytest.approx(0.5, abs=0.01)


def test_figures_do_not_depend_on_the_threads(file: Path) -> None:
    one, many = (run(file, workers=workers).results[0] for workers in (1, 5))
    assert [row.pixels.tolist() for row in one.rows] == [row.pixels.tolist() for row in many.rows]
    assert [row.key for row in one.rows] == ["000", "001", "001", "003"]


def test_a_damaged_sample_is_named_and_in_no_figure(file: Path) -> None:
    size = len(Reader(file).encoded(1).image)
    data = file.read_bytes()
    at = data.index(Reader(file).encoded(1).image)
    file.write_bytes(data[:at] + bytes(size) + data[at + size :])
    report = run(file)
    assert report.exit_code == 1
    assert [failure.key for failure in report.results[0].failures] == ["001"]
    assert report.results[0].scores["hands"] == 2
    assert "in no figure: 1 of 4 photos" in str(report)


def test_json_has_all_figures_down_to_each_hand(file: Path, tmp_path: Path) -> None:
    run(file, json=tmp_path / "all.json", limit=2)
    content = json.loads((tmp_path / "all.json").read_text())
    (result,) = content["results"]
    assert (content["settings"]["task"], content["settings"]["given"]) == ("pose", "photo")
    assert result["model"]["finder"] == "finder"
    assert [len(result["pck"][unit][name]) for unit in ("px", "mm") for name in ("limits", "shares")] == [20] * 4
    assert [(hand["key"], hand["side"], hand["said"]) for hand in result["hands"]] == [
        ("000", "left", "left"),
        ("003", "right", "right"),
    ]
    assert result["hands"][1]["epe_px"] == pytest.approx(4, abs=0.1)


def test_several_models_are_compared(file: Path) -> None:
    other = file.with_name("again.onnx")
    other.write_bytes(file.with_name("pose.onnx").read_bytes())
    report = run(file, models=(str(file.with_name("pose.onnx")), str(other)))
    assert len({result.model for result in report.results}) == 2
    lines = str(report).splitlines()
    assert lines[0].split()[:4] == ["model", "dataset", "split", "hands"]
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "hands", "given": "hands"}, "--given and --finder are for --task pose"),
        ({"task": "hands", "finder": "lite"}, "--given and --finder are for --task pose"),
        ({"protocol": "seed"}, "leave out --protocol seed and --masks"),
        ({"masks": Path("kept")}, "leave out --protocol seed and --masks"),
        ({"given": "hands", "finder": "lite"}, "leave out --finder"),
        ({"html": Path("gone/a.html")}, "its folder is not there"),
    ],
)
def test_options_that_make_no_sense_are_refused(file: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run(file, **settings)


def test_a_net_of_masks_cannot_be_judged_by_joints_nor_the_reverse(file: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is no net for pose"):
        run(file, models=(str(file.with_name("finder.onnx")),))
    (tmp_path / "masks").mkdir()
    masks, _ = judged.build(tmp_path / "masks", [judged.Hand("a", 10, 10)])
    with pytest.raises(CheckpointError, match="is no net for hands"):
        evaluate(EvalConfig(models=(str(file.with_name("pose.onnx")),), datasets=(str(masks),)))
