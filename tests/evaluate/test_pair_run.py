"""The eval verb for pairs of hands: from files to figures, hands given or found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.store import save
from handseg_cli.config import EvalConfig
from handseg_cli.errors import CheckpointError, ConfigError, DatasetError
from handseg_cli.evaluate.pair_report import PairReport
from handseg_cli.evaluate.pair_run import overlap
from handseg_cli.evaluate.verb import evaluate
from handseg_cli.metrics.joints import WRISTS
from handseg_cli.models.digit import Digit
from tests.tiny import red_hands, two_red_hands
from tests.tiny.red_hands import Labelled
from tests.tiny.two_red_hands import Two, prepare

PHOTOS = [
    Two(right=(150, 150), left=(167, 150)),
    Two(right=(100, 100)),
    Two(left=(200, 120)),
    Two(right=(80, 90), left=(95, 90)),
    Two(left=(60, 200)),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "finder.onnx").write_bytes(red_hands.finder())
    (tmp_path / "pairs.onnx").write_bytes(two_red_hands.model())
    return prepare(tmp_path / "two.h5", PHOTOS)


def run(file: Path, **settings: Any) -> PairReport:
    models = (str(file.with_name("pairs.onnx")),)
    defaults: dict[str, Any] = {"task": "hands3d", "models": models, "datasets": (str(file),), "given": "hands"}
    report = evaluate(EvalConfig(**(defaults | {"quiet": True} | settings)))
    assert isinstance(report, PairReport)
    return report


def found(file: Path, **settings: Any) -> PairReport:
    return run(file, given="photo", finder=str(file.with_name("finder.onnx")), **settings)


def test_a_model_that_is_right_is_found_to_be(file: Path) -> None:
    scores = run(file).results[0].scores
    assert [scores[name] for name in ("photos", "missed", "interacting")] == [5, 0, 2]
    assert scores["mpjpe_all"] < 0.1
    assert scores["mrrpe"] < 0.5
    assert scores["handness_acc"] == 1
    assert scores["part_iou"] > 0.9


def test_errors_are_those_that_a_model_makes(file: Path, tmp_path: Path) -> None:
    # 8 bins of 6.25 mm.
    (tmp_path / "off.onnx").write_bytes(two_red_hands.model(behind=two_red_hands.BEHIND + 8))
    scores = run(file, models=(str(tmp_path / "off.onnx"),)).results[0].scores
    assert scores["mpjpe_all"] < 0.1
    assert scores["mrrpe"] == pytest.approx(50, abs=1.5)


def test_two_checkpoints_give_different_figures(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(two_red_hands.model(behind=20.0))
    report = run(file, models=(str(tmp_path / "pairs.onnx"), str(tmp_path / "other.onnx")))
    one, other = (result.scores["mrrpe"] for result in report.results)
    assert other > one + 50
    assert len({result.model_about["sha256"] for result in report.results}) == 2


def test_a_checkpoint_in_pytorch_is_really_loaded(file: Path, tmp_path: Path) -> None:
    # The fourth system's own evaluation read the path of a checkpoint and went on with untrained weights.
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Digit(fusion=False)
    card = blank_card("digit", {"fusion": False}) | {"size": 64}
    for name, bias in (("near", 9.0), ("far", -9.0)):
        with torch.no_grad():
            net.root_fc.get_parameter("2.bias")[:8] = bias
        save(tmp_path / f"{name}.safetensors", net, card)
    report = run(file, models=tuple(str(tmp_path / f"{name}.safetensors") for name in ("near", "far")), limit=1)
    near, far = (result.scores["mrrpe"] for result in report.results)
    assert near > far + 50
    assert report.results[0].scores["mpjpe_all"] == report.results[1].scores["mpjpe_all"]


def test_hands_that_are_found_are_judged_where_they_are_found(file: Path) -> None:
    (result,) = found(file).results
    # Windows around the dot of a single hand show hardly any of what is true around all of its joints.
    assert (result.scores["found"], result.scores["missed"]) == (2, 3)
    assert result.scores["handness_acc"] == 1
    assert result.scores["mpjpe_all"] > 5  # by their dots they seem smaller than they are
    assert result.model_about["finder"] == "finder"


def test_a_photo_without_a_window_is_missed_and_in_no_figure(file: Path, tmp_path: Path) -> None:
    (tmp_path / "blind.onnx").write_bytes(red_hands.finder(steepness=-20.0))
    report = run(file, given="photo", finder=str(tmp_path / "blind.onnx"))
    scores = report.results[0].scores
    assert (scores["photos"], scores["found"]) == (5, 0)
    assert np.isnan(scores["mpjpe_all"])
    assert "0.00" not in str(report).splitlines()[1]


def test_json_has_the_table_of_the_fourth_system_and_each_photo(file: Path, tmp_path: Path) -> None:
    report = run(file, json=tmp_path / "all.json")
    (result,) = json.loads((tmp_path / "all.json").read_text())["results"]
    assert len(result["digit"]) == 131
    assert [*result["digit"]][:3] == ["handness_acc", "mrrpe", "r_thumb4_all"]
    assert result["digit"]["mpjpe_all"] == result["scores"]["mpjpe_all"]
    assert [photo["hands"] for photo in result["photos"]] == ["both", "right", "left", "both", "left"]
    assert [photo["mrrpe"] is None for photo in result["photos"]] == [False, True, True, False, True]
    low, high = result["intervals"]["mpjpe_all"]
    assert low <= result["scores"]["mpjpe_all"] <= high
    assert np.isnan(report.results[0].rows[1].two.errors[0, WRISTS[1]])  # a hand that is not there is not judged


def test_the_short_table_is_for_people(file: Path) -> None:
    heads, line, *rest = str(run(file, limit=3)).splitlines()
    assert heads.split()[:5] == ["model", "dataset", "split", "photos", "missed"]
    assert len(line.split()) == len(heads.replace("95 %", "95%").split())
    assert any("--given hands" in each for each in rest)
    assert any("At most 3 photos" in each for each in rest)


def test_parts_are_judged_only_where_they_are_known(file: Path, tmp_path: Path) -> None:
    bare = prepare(tmp_path / "bare.h5", PHOTOS, parts=False)
    scores = run(file, datasets=(str(bare),)).results[0].scores
    assert np.isnan(scores["part_iou"])
    assert scores["mpjpe_all"] < 0.1


def test_figures_do_not_depend_on_the_threads(file: Path) -> None:
    one, many = (run(file, workers=workers).results[0] for workers in (1, 5))
    assert [row.key for row in one.rows] == [row.key for row in many.rows] == ["000", "001", "002", "003", "004"]
    assert [row.error for row in one.rows] == [row.error for row in many.rows]


def test_what_is_no_model_of_two_hands_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="finder: is no net for hands3d; it marks the pixels"):
        run(file, models=(str(tmp_path / "finder.onnx"),))
    with pytest.raises(CheckpointError, match=r"gone\.onnx: there is no such file"):
        run(file, models=(str(tmp_path / "gone.onnx"),))
    with pytest.raises(ConfigError, match="no model of two hands comes with this version"):
        run(file, models=("lite",))
    (tmp_path / "damaged.onnx").write_bytes((tmp_path / "pairs.onnx").read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="damaged"):
        run(file, models=(str(tmp_path / "damaged.onnx"),))


def test_a_dataset_without_joints_is_refused(file: Path, tmp_path: Path) -> None:
    other = red_hands.prepare(tmp_path / "flat.h5", [Labelled([(60, 60, "left")])], dataset="folder")
    with pytest.raises(DatasetError, match="tells of no joints whose order is known"):
        run(file, datasets=(str(other),))


def test_boxes_overlap_by_what_they_share() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (10, 0, 10, 10)) == 0
