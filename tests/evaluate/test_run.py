"""The eval verb."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from handseg_cli.config import EvalConfig, PredictConfig
from handseg_cli.errors import ConfigError
from handseg_cli.evaluate.candidates import MaskCandidate
from handseg_cli.evaluate.run import evaluate, plain
from handseg_cli.predict.stream import predict
from tests.tiny.judged import Hand, build


def test_figures_are_those_of_the_masks(tmp_path: Path) -> None:
    file, masks = build(
        tmp_path, [Hand("a", 20, 20), Hand("b", 40, 20), Hand("c", 0, 0), Hand("d", 10, 9, split="val")]
    )
    report = evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),), split=("test", "val")))
    test, val = report.results
    assert test.scores["iou"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert test.scores["seed_miou"] == pytest.approx((1 + (0.5 + 40 / 60) / 2 + 0.5) / 3)
    assert val.scores["iou"] == pytest.approx(0.9)
    assert report.exit_code == 0


def test_a_mask_that_is_missing_is_counted_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, masks = build(tmp_path, [Hand("a", 20, 20), Hand("b", 20, None)])
    report = evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),)))
    assert report.exit_code == 1
    assert (report.results[0].scores["photos"], report.results[0].scores["failed"]) == (1, 1)
    assert "tiny/b: " in capsys.readouterr().err
    assert "in no figure: 1 of 2 photos" in str(report)


def test_photos_that_are_judged_together_fail_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MaskCandidate, "batch", 4)
    found = [20, None, 20, 20, 20, None]
    file, masks = build(tmp_path, [Hand(str(at), 20, each) for at, each in enumerate(found)])
    (result,) = evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),), quiet=True)).results
    assert [row.key for row in result.rows] == ["0", "2", "3", "4"]
    assert [failure.key for failure in result.failures] == ["1", "5"]


def test_a_folder_whose_name_is_no_text_can_be_judged(pairs: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"m\xffine")
    pairs.rename(odd)
    content, page = tmp_path / "a.json", tmp_path / "a.html"
    assert evaluate(EvalConfig(datasets=(str(odd),), json=content, html=page)).exit_code == 0
    assert json.loads(content.read_text())["results"][0]["dataset"]["path"] == str(odd)


def test_a_broken_photo_is_counted_and_named(pairs: Path) -> None:
    (pairs / "images" / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    (pairs / "images" / "c.jpg").write_bytes((pairs / "images" / "b.jpg").read_bytes())
    report = evaluate(EvalConfig(datasets=(str(pairs),), quiet=True))
    (result,) = report.results
    assert [failure.key for failure in result.failures] == ["a", "c"]
    assert "has no mask" in result.failures[1].reason
    assert [row.key for row in result.rows] == ["b"]


def test_eval_judges_the_masks_that_predict_writes(pairs: Path, tmp_path: Path) -> None:
    predict(PredictConfig(paths=(pairs / "images",), output=tmp_path / "masks", quiet=True))
    report = evaluate(EvalConfig(models=("lite", str(tmp_path / "masks")), datasets=(str(pairs),)))
    net, masks = report.results
    assert [row.counts for row in net.rows] == [row.counts for row in masks.rows]
    assert net.has_probabilities
    assert not masks.has_probabilities


def test_masks_that_are_kept_can_be_judged_again(pairs: Path, tmp_path: Path) -> None:
    first = evaluate(EvalConfig(datasets=(str(pairs),), masks=tmp_path / "kept"))
    again = evaluate(EvalConfig(models=(str(tmp_path / "kept" / "lite" / "mine"),), datasets=(str(pairs),)))
    assert [row.counts for row in first.results[0].rows] == [row.counts for row in again.results[0].rows]
    with Image.open(tmp_path / "kept" / "lite" / "mine" / "b.png") as kept:
        assert (kept.size, kept.mode) == ((900, 240), "L")


def test_seed_protocol_compares_squares(pairs: Path) -> None:
    report = evaluate(EvalConfig(datasets=(str(pairs),), protocol="seed"))
    counts = report.results[0].rows[0].counts
    assert counts.tp + counts.fp + counts.fn + counts.tn == 256 * 256
    assert "--protocol seed" in str(report)


def test_order_and_figures_do_not_depend_on_the_threads(tmp_path: Path) -> None:
    file, masks = build(tmp_path, [Hand(f"{at:03}", 40, at, f"v{at % 5}") for at in range(40)])
    configs = [EvalConfig(models=(str(masks),), datasets=(str(file),), workers=workers) for workers in (1, 7)]
    one, many = (evaluate(config).results[0] for config in configs)
    assert [row.counts for row in one.rows] == [row.counts for row in many.rows]
    assert one.figures.intervals == many.figures.intervals
    assert [row.key for row in one.rows] == sorted(row.key for row in one.rows)


def test_json_tells_which_split_made_the_figures(tmp_path: Path) -> None:
    file, masks = build(tmp_path, [Hand("a", 20, 20), Hand("b", 20, 10)])
    evaluate(EvalConfig(models=(str(masks),), datasets=(str(file),), json=tmp_path / "all.json", limit=1))
    content = json.loads((tmp_path / "all.json").read_text())
    (result,) = content["results"]
    assert result["dataset"]["split"] == "test"
    assert re.fullmatch("[0-9a-f]{64}", result["dataset"]["digest"])
    assert (result["dataset"]["seed"], result["dataset"]["split_photos"], content["settings"]["limit"]) == (7, 2, 1)
    assert (result["scores"]["net_ms"], result["intervals"]["iou"]) == (None, None)
    assert [photo["iou"] for photo in result["photos"]] == [1.0]


def test_a_file_that_could_not_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    file, _ = build(tmp_path, [Hand("a", 20, 20)])
    with pytest.raises(ConfigError, match="its folder is not there"):
        evaluate(EvalConfig(datasets=(str(file),), html=tmp_path / "gone" / "a.html"))


def test_a_key_cannot_lead_a_mask_out_of_its_folder(tmp_path: Path) -> None:
    file, _ = build(tmp_path, [Hand("../../../out", 20, None)])
    report = evaluate(EvalConfig(datasets=(str(file),), masks=tmp_path / "kept" / "here"))
    assert report.exit_code == 1
    assert not list(tmp_path.rglob("out.png"))


def test_a_model_makes_the_name_of_one_folder() -> None:
    assert plain("runs/a b/best") == "runs_a_b_best"
    assert plain("../..") == "_"
