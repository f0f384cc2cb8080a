"""Finetuning learns from a plain folder, and what gains nothing changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from handseg_cli.checkpoints.store import load
from handseg_cli.checkpoints.weights import find_weights
from handseg_cli.config import FinetuneConfig
from handseg_cli.errors import DatasetError
from handseg_cli.train.finetune import finetune
from handseg_cli.train.train import Trained
from tests.tiny import discs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    discs.build_folder(tmp_path / "photos")
    return tmp_path / "photos"


def settings(folder: Path, **given: Any) -> FinetuneConfig:
    small = {"size": 64, "batch": 4, "steps": 5, "epochs": 4, "warmup": 2, "workers": 0, "device": "cpu", "quiet": True}
    return FinetuneConfig(folder=folder, run=folder.parent / "run", **{**small, **given})


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return what became of the embedded net with ten pairs."""
    folder = tmp_path_factory.mktemp("tuned") / "photos"
    discs.build_folder(folder)
    return finetune(settings(folder, lr=3e-3, patience=0))


def test_a_few_pairs_help(tuned: Trained) -> None:
    assert tuned.at.first is not None
    assert tuned.at.best > tuned.at.first + 0.05
    assert f"{tuned.at.first:.4f} before" in str(tuned)
    card = find_weights(str(tuned.run / "best.safetensors")).card
    assert card["size"] == 64
    assert card["training"]["started_from"] == "lite"


def test_each_epoch_has_its_steps_however_few_pairs_there_are(tuned: Trained) -> None:
    assert tuned.at.step == 4 * 5


def test_a_frozen_encoder_stays_as_it_was(tuned: Trained) -> None:
    before, after = (load(path)[0].state_dict() for path in (embedded(), tuned.run / "best.safetensors"))
    frozen = [name for name in before if name.startswith("encoder")]
    assert all(torch.equal(before[name], after[name]) for name in frozen)


def test_what_gains_nothing_leaves_the_model_as_it_was(folder: Path) -> None:
    tuned = finetune(settings(folder, lr=10.0, epochs=1, clip=0.0, augment="none"))
    assert tuned.at.best == tuned.at.first
    before, after = (load(path)[0].state_dict() for path in (embedded(), folder.parent / "run" / "best.safetensors"))
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_folder_without_masks_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DatasetError, match="expected images/ and masks/"):
        finetune(settings(tmp_path / "photos"))


def embedded() -> Path:
    path = find_weights("lite", "torch").safetensors
    assert path is not None
    return path
