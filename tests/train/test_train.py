"""Training learns, stops and goes on, and says what is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from handseg_cli.api import load
from handseg_cli.checkpoints.store import load as load_checkpoint
from handseg_cli.config import TrainConfig
from handseg_cli.errors import ConfigError, TrainingError
from handseg_cli.io.hdf5 import Reader
from handseg_cli.train.train import train


def settings(run: Path, discs: Path, **given: Any) -> TrainConfig:
    small = {"size": 64, "batch": 8, "epochs": 2, "warmup": 2, "workers": 0, "device": "cpu", "quiet": True}
    return TrainConfig(run=run, datasets=(str(discs),), **{**small, **given})


def bytes_of(run: Path) -> dict[str, str]:
    return {name: hashlib.sha256((run / f"{name}.safetensors").read_bytes()).hexdigest() for name in ("last", "best")}


def test_a_net_learns_and_predict_takes_it(tmp_path: Path, discs: Path) -> None:
    config = settings(tmp_path, discs, epochs=12, lr=5e-3, encoder_lr=1.0, ema=0.6, augment="light")
    trained = train(config)
    assert trained.at.best > 0.6
    reader = Reader(discs)
    sample = reader[int(reader.indices("test")[1])]
    found = load(str(tmp_path / "best.safetensors"))(sample.image).mask
    assert sample.mask is not None
    assert (found == sample.mask).mean() > 0.95


@pytest.fixture(scope="module")
def done(discs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training of one epoch."""
    run = tmp_path_factory.mktemp("done")
    train(settings(run, discs, epochs=1))
    return run


@pytest.fixture
def copied(done: Path, tmp_path: Path) -> Path:
    """Return a folder like it, to go on in."""
    return shutil.copytree(done, tmp_path / "copied")


def test_a_run_folder_holds_what_it_should(done: Path, discs: Path) -> None:
    _, card = load_checkpoint(done / "best.safetensors")
    assert card["training"]["validation"]["photos"] == 8
    assert card["training"]["datasets"]["discs"]["digest"] == Reader(discs).header.digest
    assert card["training"]["datasets"]["discs"]["samples"] == 24
    assert (card["size"], card["fit"]) == (64, "area")
    assert json.loads((done / "config.json").read_text())["batch"] == 8
    assert json.loads((done / "environment.json").read_text())["torch"] == torch.__version__
    names = {path.name.partition(".")[0] for path in done.iterdir()}
    assert {"best", "last", "config", "environment", "log", "curves", "examples", "events"} <= names


@pytest.mark.parametrize("given", [{}, {"ema": 0.0, "optimizer": "sgd", "accumulate": 2}])
def test_what_was_stopped_goes_on_as_if_nothing_had_been(tmp_path: Path, discs: Path, given: dict[str, Any]) -> None:
    train(settings(tmp_path / "whole", discs, epochs=3, **given))
    run = tmp_path / "stopped"

    def stop_soon() -> None:
        while not (run / "best.safetensors").exists():
            time.sleep(0.01)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_soon, daemon=True).start()
    stopped = train(settings(run, discs, epochs=3, **given))
    assert stopped.exit_code == 143
    assert "go on with --resume" in str(stopped)
    assert train(settings(run, discs, epochs=3, resume=True, **given)).exit_code == 0
    assert bytes_of(run) == bytes_of(tmp_path / "whole")


def test_a_training_that_is_there_is_not_overwritten(done: Path, discs: Path) -> None:
    before = bytes_of(done)
    with pytest.raises(ConfigError, match="holds a training already; go on with --resume"):
        train(settings(done, discs))
    assert bytes_of(done) == before


def test_what_torchrun_starts_anew_goes_on_unasked(copied: Path, discs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert train(settings(copied, discs, epochs=2)).at.step == 6
    lines = (copied / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]


def test_what_joins_a_training_of_torchrun_goes_on_unasked(
    tmp_path: Path, discs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "tuesday")
    train(settings(tmp_path, discs, epochs=1))
    assert train(settings(tmp_path, discs, epochs=2)).at.epoch == 2
    for other in ("wednesday", "none"):
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", other)
        with pytest.raises(ConfigError, match="holds a training already"):
            train(settings(tmp_path, discs, epochs=3))


@pytest.mark.parametrize("batches", [(8, 4), (4, 8)])
def test_no_epoch_is_lost_or_done_twice_where_steps_become_larger_or_smaller(
    tmp_path: Path, discs: Path, batches: tuple[int, int]
) -> None:
    # As where there are more or fewer processes than before: what counts is how many pictures a step has.
    train(settings(tmp_path, discs, epochs=1, batch=batches[0]))
    train(settings(tmp_path, discs, epochs=3, batch=batches[1], resume=True))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    ends = [(line["epoch"], line["step"]) for line in lines if "train" in line]
    first, later = (24 // batch for batch in batches)
    assert ends == [(1, first), (2, first + later), (3, first + 2 * later)]


def test_a_loss_that_is_no_number_names_its_batch_and_spoils_nothing(copied: Path, discs: Path) -> None:
    before = bytes_of(copied)
    with pytest.raises(TrainingError, match=r"epoch \d+: the loss is no number .* batch discs/\d\d\d, "):
        train(settings(copied, discs, epochs=9, resume=True, lr=1e30, clip=0.0))
    assert bytes_of(copied) == before


def test_too_few_samples_for_a_step_is_an_error(tmp_path: Path, discs: Path) -> None:
    with pytest.raises(ConfigError, match="lower --accumulate or --batch"):
        train(settings(tmp_path, discs, accumulate=9))


def test_training_ends_where_nothing_is_gained(tmp_path: Path, discs: Path) -> None:
    trained = train(settings(tmp_path, discs, epochs=30, lr=1e-9, patience=1))
    assert trained.at.epoch < 9
