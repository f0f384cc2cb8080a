"""A training for more than hands: what it takes, what it refuses, and what its model says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.store import load, save
from handseg_cli.checkpoints.weights import tells_of
from handseg_cli.config import FinetuneConfig, NetConfig, TrainConfig
from handseg_cli.errors import ConfigError
from handseg_cli.models.lite import Lite
from handseg_cli.predict.predictor import open_predictor
from handseg_cli.train.finetune import finetune
from handseg_cli.train.train import train
from tests.tiny import discs as tiny

SMALL: dict[str, Any] = {"size": 64, "batch": 4, "epochs": 1, "warmup": 0, "workers": 0, "device": "cpu"}


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"loss": ("bce", "arm"), "model": "deeplab"}, "--loss arm and side are for --model lite"),
        ({"loss": ("arm", "side")}, "no term of hands; add one of bce"),
        ({"loss": ()}, "no term of hands"),
        ({"loss": ("bce", "foot")}, "--loss foot: there are bce, .*side"),
    ],
)
def test_terms_that_make_no_sense_are_refused(settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        TrainConfig(run=Path("run"), **settings)


def test_masks_in_a_folder_teach_hands_alone() -> None:
    with pytest.raises(ConfigError, match="masks in a folder tell neither"):
        FinetuneConfig(folder=Path("a"), run=Path("b"), loss=("bce", "side"))


@pytest.mark.parametrize("name", ["arm", "side"])
def test_what_no_dataset_tells_is_refused(tmp_path: Path, discs: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"no file of --datasets tells of {name}"):
        train(TrainConfig(run=tmp_path / "run", datasets=(str(discs),), loss=("bce", name), **SMALL, quiet=True))
    assert not (tmp_path / "run").exists()


def test_a_finetuned_model_goes_on_telling_what_it_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.build_folder(tmp_path / "photos")
    tells = ["hand", "arm", "side"]
    card = blank_card("lite", {"width": 8, "tells": tells}) | {"size": 64}
    save(tmp_path / "all.safetensors", Lite(width=8, tells=tells), card)
    finetune(
        FinetuneConfig(
            folder=tmp_path / "photos",
            run=tmp_path / "run",
            weights=str(tmp_path / "all.safetensors"),
            steps=2,
            **SMALL,
        )
    )
    model, card = load(tmp_path / "run" / "best.safetensors")
    assert isinstance(model, Lite)
    assert model.outputs == ["mask", "arm", "side"]
    assert tells_of(card) == tuple(tells)
    # Masks taught it nothing of arms, which hands are not to be cut by then.
    assert card["untaught"] == ["arm", "side"]
    assert not open_predictor(NetConfig(str(tmp_path / "run" / "best.safetensors")))[0].trusts_arms
    assert open_predictor(NetConfig(str(tmp_path / "all.safetensors")))[0].trusts_arms
    assert "what the model tells of arm, side may get worse" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({}, ("hand",)),
        ({"arguments": {"width": 8}}, ("hand",)),
        ({"arguments": {"tells": ["hand", "arm"]}}, ("hand", "arm")),
    ],
)
def test_a_card_says_what_its_net_tells(card: dict[str, Any], told: tuple[str, ...]) -> None:
    assert tells_of(card) == told
