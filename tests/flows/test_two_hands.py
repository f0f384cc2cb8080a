"""From InterHand2.6M's folders to two hands in a photo: prepare, train, eval and predict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from handseg_cli.config import EvalConfig, PredictConfig, PrepareConfig, SynthConfig, TrainConfig
from handseg_cli.config.layers import layered
from handseg_cli.datasets import synthetic
from handseg_cli.datasets.prepare import prepare
from handseg_cli.datasets.synthetic import synth
from handseg_cli.evaluate.verb import evaluate
from handseg_cli.io.hdf5 import Reader
from handseg_cli.predict.stream import predict
from handseg_cli.train.train import train

SIZE = 64


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return folders as those of InterHand2.6M, with part masks as DIGIT rendered them."""
    monkeypatch.setenv("HANDSEG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(synthetic, "RENDER", "tests.tiny.rendered:render")
    split = ("train=0.5", "val=0.25", "test=0.25")
    synth(SynthConfig(tmp_path / "raw", 8, 5, ("two-hands",), SIZE, "interhand", split=split, workers=1, quiet=True))
    return tmp_path / "raw"


def test_from_interhands_folders_to_two_hands_in_a_photo(raw: Path, tmp_path: Path) -> None:
    prepare(PrepareConfig(("interhand",), raw=raw, labels="parts", split="official", workers=1, quiet=True))
    with Reader(tmp_path / "home" / "prepared" / "interhand.h5") as reader:
        assert all(reader[at].parts is not None for at in range(len(reader)))
        count = len(reader.indices("test"))
    run = tmp_path / "run"
    small = {"size": SIZE, "batch": 2, "epochs": 1, "workers": 0, "device": "cpu", "quiet": True}
    asked = {"run": run, "datasets": ("interhand",), "model": "digit", "train_split": "minitrain"}
    train(layered(TrainConfig, asked | small))
    best = str(run / "best.safetensors")
    judged = {"models": (best,), "datasets": ("interhand",), "task": "hands3d", "given": "hands", "quiet": True}
    report = evaluate(EvalConfig(json=tmp_path / "figures.json", **judged))  # type: ignore[arg-type]
    assert report.exit_code == 0
    (scores,) = (result["scores"] for result in json.loads((tmp_path / "figures.json").read_text())["results"])
    assert scores["photos"] == count > 0
    assert np.isfinite([scores["mpjpe_all"], scores["part_iou"]]).all()
    (photo,) = sorted((raw / "images" / "test").rglob("*.jpg"))[:1]
    summary = predict(PredictConfig(paths=(photo,), task="hands3d", weights=best, kind=("pose", "parts"), quiet=True))
    assert summary.exit_code == 0
    assert json.loads(photo.with_name(f"{photo.name}.json").read_text())["width"] == SIZE
    with Pillow.open(photo.with_name(f"{photo.name}.parts.png")) as parts:
        assert parts.size == (SIZE, SIZE)
