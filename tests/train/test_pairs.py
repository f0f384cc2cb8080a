"""The fourth system from its dataset to figures: prepared, learned from, and judged by what was really learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.store import load
from handseg_cli.config import EvalConfig, PrepareConfig, TrainConfig
from handseg_cli.config.layers import layered
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.evaluate.pair_report import PairReport
from handseg_cli.evaluate.verb import evaluate
from handseg_cli.models.digit import Digit
from handseg_cli.tasks.digit_losses import WEIGHTS
from handseg_cli.train.asked import arguments_of, each_of, task_of
from handseg_cli.train.optim import make_optimizer, share_of_rate
from handseg_cli.train.train import train
from tests.tiny import discs, interhand, posed

SMALL: dict[str, Any] = {"size": 64, "batch": 4, "epochs": 1, "warmup": 0, "workers": 0, "device": "cpu", "quiet": True}


def config(**given: Any) -> TrainConfig:
    return layered(TrainConfig, {"run": Path("run"), "model": "digit", **SMALL, **given})


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with interhand.h5 and run/, trained on it."""
    folder = tmp_path_factory.mktemp("digit")
    interhand.build(folder / "raw")
    wanted = {"raw": folder / "raw", "output": folder, "split": "official", "labels": "parts", "quiet": True}
    prepare(PrepareConfig(("interhand",), **wanted))  # type: ignore[arg-type]
    done = train(config(run=folder / "run", datasets=(str(folder / "interhand.h5"),), ema=0.0))
    assert done.measure == "auc_0_50_mm"
    return folder


def test_a_model_says_what_it_was_taught(learned: Path) -> None:
    model, card = load(learned / "run" / "best.safetensors")
    assert isinstance(model, Digit)
    assert (card["task"], card["size"], card["fit"], card["arguments"]) == ("hands3d", 64, "squash", {"fusion": True})
    scores = card["training"]["validation"]
    assert {"mpjpe_all", "mpjpe_sh", "mpjpe_ih", "mpjpe40_ih", "mrrpe", "handness_acc", "part_iou"} <= scores.keys()
    assert scores["photos"] == 4
    assert card["training"]["datasets"]["interhand"]["samples"] == 6  # of 8, two show too little
    assert len(list((learned / "run" / "examples").iterdir())) == 1


def test_what_is_judged_is_what_was_learned(learned: Path) -> None:
    best = learned / "run" / "best.safetensors"
    given = {"datasets": (str(learned / "interhand.h5"),), "split": ("val",), "task": "hands3d", "given": "hands"}
    report = evaluate(EvalConfig(models=(str(best),), quiet=True, **given))  # type: ignore[arg-type]
    assert isinstance(report, PairReport)
    found, validation = report.results[0].scores.values, load(best)[1]["training"]["validation"]
    assert found["mpjpe_all"] == pytest.approx(validation["mpjpe_all"], rel=1e-3)
    assert found["mrrpe"] == pytest.approx(validation["mrrpe"], rel=1e-3)
    assert not report.exit_code


def test_without_part_masks_a_net_is_taught_the_rest_alone(tmp_path: Path) -> None:
    posed.build(tmp_path / "hands.h5")
    given = {"run": tmp_path / "run", "datasets": (str(tmp_path / "hands.h5"),)}
    with pytest.raises(ConfigError, match="no file of --datasets tells of parts"):
        train(config(**given))
    terms = config(loss=("joints", "bones=0.1"), **given)
    assert not {"parts", "parts_valid"} & {*task_of(terms, blank_card("digit", {})).targets}


def test_files_without_joints_are_refused(tmp_path: Path) -> None:
    discs.build(tmp_path / "discs.h5")
    with pytest.raises(DatasetError, match=r"discs\.h5: tells of no joints"):
        train(config(run=tmp_path / "run", datasets=(str(tmp_path / "discs.h5"),)))


def test_the_ablation_is_a_net_without_its_look_at_parts() -> None:
    assert arguments_of(config()) == {"fusion": True}
    assert arguments_of(config(variant="unfused")) == {"fusion": False}
    assert each_of(config()) == "pair"


def test_the_backbone_has_a_rate_of_its_own() -> None:
    with torch.device("meta"):
        groups = make_optimizer(Digit(), config(encoder_lr=0.1)).param_groups
    slow = sum(each.numel() for group in groups if group["scale"] == 0.1 for each in group["params"])
    assert slow == 28_535_552


def test_the_preset_is_the_published_recipe() -> None:
    given = layered(TrainConfig, {"run": Path("run"), "preset": "digit"})
    assert given.terms == WEIGHTS
    assert (given.batch * given.accumulate, given.epochs, given.optimizer, given.lr) == (64, 50, "adam", 1e-4)
    # A tenth after epoch 40.
    rates = [share_of_rate(step, 50, given) for step in (0, 39, 40, 49)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1])
    assert (given.weights, given.size, given.fit, given.augment) == ("imagenet", 256, "pair", "full")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"fit": "hand"}, "--fit hand: of digit it is pair"),
        ({"model": "handpose", "fit": "pair"}, "--fit pair: of handpose it is hand or hand3d"),
        ({"model": "lite", "fit": "pair"}, "--fit pair: of lite it is crop, squash, halves or cut"),
        ({"loss": ("points",)}, "of digit there are joints, root_depth, handedness, parts, bones"),
        ({"variant": "direct"}, "--variant is for --model poselift: .* and digit: proposed, unfused"),
        ({"model": "poselift", "variant": "unfused"}, "--variant is for"),
        ({"size": 100}, "of digit it is a multiple of 32"),
        ({"palm": True}, "--palm is for nets of joints of one hand"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        config(**given)
