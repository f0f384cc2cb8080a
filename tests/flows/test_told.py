"""Arms and sides from their labels to a folder of photos: trained in seconds, predicted, and told in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handseg_cli.config import Label, PredictConfig, TrainConfig
from handseg_cli.predict.stream import predict
from handseg_cli.train.train import train
from tests.tiny import limbs
from tests.tiny.photos import read

QUICK: dict[str, Any] = {
    **{"size": 64, "batch": 6, "epochs": 5, "warmup": 2, "lr": 1e-2, "ema": 0.5, "augment": "light"},
    **{"workers": 0, "device": "cpu", "quiet": True},
}
LABELS: dict[Label, tuple[int, ...]] = {"hand": (1, 2), "arm": (3, 4), "hand+arm": (1, 2, 3, 4)}
COUNT = 6
SCALE = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return weights that have learned hands, arms and sides."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("limbs")
    limbs.build(folder / "limbs.h5", count=80)
    config = TrainConfig(
        run=folder / "run",
        datasets=(str(folder / "limbs.h5"),),
        weights="lite",
        freeze=("encoder",),
        loss=("bce", "dice=0.5", "arm=2", "side"),
        **QUICK,
    )
    train(config)
    return str(config.run / "best.safetensors")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, NDArray[np.uint8]]:
    """Write photos of left and right hands in turn, and return the parts of each."""
    monkeypatch.chdir(tmp_path)
    rng, parts = np.random.default_rng(1), {}
    for number in range(COUNT):
        image, labels = limbs.drawn(number % 2, rng)
        large = [np.kron(each, np.ones((SCALE, SCALE), np.uint8)) for each in (*cv2.split(image), labels)]
        cv2.imwrite(f"{number}.png", cv2.merge(large[2::-1]))
        parts[f"{number}.png"] = large[3]
    return parts


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float((found & true).sum() / (found | true).sum())


def test_what_was_labelled_is_told_of_photos(model: str, photos: dict[str, NDArray[np.uint8]]) -> None:
    names = tuple(map(Path, photos))
    for label, numbers in LABELS.items():
        config = PredictConfig(
            model, label=label, paths=names, output=Path(label), manifest=Path(f"{label}.jsonl"), quiet=True
        )
        assert predict(config).done == COUNT
        scores = [overlap(read(f"{label}/{name}.png") > 0, np.isin(parts, numbers)) for name, parts in photos.items()]
        assert np.mean(scores) > 0.6, label
    records = [json.loads(line) for line in Path("hand.jsonl").read_text().splitlines()]
    assert [record["sides"] for record in records] == [["left"], ["right"]] * (COUNT // 2)
