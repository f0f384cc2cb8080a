"""Nets of joints are trained as others are, from the command's settings to a model that says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.store import load, save
from handseg_cli.config import FinetuneConfig, TrainConfig
from handseg_cli.config.layers import layered
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.models.handpose import HandPose
from handseg_cli.train.finetune import finetune
from handseg_cli.train.train import Trained, train
from tests.tiny import discs, posed

SMALL: dict[str, Any] = {"size": 64, "batch": 4, "epochs": 1, "warmup": 0, "workers": 0, "device": "cpu", "quiet": True}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    posed.build(path)
    return path


def trained(run: Path, file: Path, **given: Any) -> Trained:
    return train(layered(TrainConfig, {"run": run, "datasets": (str(file),), **SMALL, **given}))


def test_our_net_learns_where_joints_are(tmp_path: Path, file: Path) -> None:
    # Each sample forty times an epoch: what happens after an epoch takes longer than its steps.
    given = {"datasets": (f"{file}=40",), "epochs": 1, "lr": 4e-3, "encoder_lr": 1.0, "ema": 0.0, "weights": "lite"}
    done = trained(tmp_path, file, model="handpose", batch=8, augment="none", **given)
    assert done.measure == "overall"
    model, card = load(tmp_path / "best.safetensors")
    assert isinstance(model, HandPose)
    scores = card["training"]["validation"]
    assert scores["epe_median_px"] < 25
    assert scores["hand_accuracy"] == 1
    assert (card["task"], card["size"], card["fit"], card["root"]) == ("pose", 64, "squash", "wrist")
    assert card["training"]["datasets"]["hands"]["samples"] == 12


@pytest.mark.parametrize(
    ("given", "measure", "root"),
    [
        ({"preset": "rhd-posenet"}, "auc_0_30_px", "palm"),
        ({"preset": "rhd-lifting"}, "auc_0_50_mm", "palm"),
        ({"model": "poselift", "variant": "bottleneck", "loss": ("joints",)}, "auc_0_50_mm", "wrist"),
    ],
)
def test_the_third_systems_nets_are_trained(
    tmp_path: Path, file: Path, given: dict[str, Any], measure: str, root: str
) -> None:
    assert trained(tmp_path, file, **given).measure == measure
    _, card = load(tmp_path / "best.safetensors")
    assert card["root"] == root
    assert card["arguments"] == ({"variant": given.get("variant", "proposed")} if "lift" in card["model"] else {})
    assert len(list((tmp_path / "examples").iterdir())) == 1


def test_handsegnet_learns_from_pieces_and_sees_photos_as_large_as_these_were(tmp_path: Path, file: Path) -> None:
    assert trained(tmp_path, file, preset="rhd-handsegnet").measure == "iou"
    card = load(tmp_path / "best.safetensors")[1]
    assert (card["size"], card["fit"]) == (136, "area")  # of photos of 120 x 160
    assert "root" not in card


def test_what_was_stopped_goes_on_with_the_settings_of_its_net(tmp_path: Path, file: Path) -> None:
    trained(tmp_path, file, model="handpose")
    again = layered(TrainConfig, {"run": tmp_path, "resume": True, "epochs": 2})
    assert (again.fit, again.size, again.model) == ("hand", 64, "handpose")
    assert train(again).at.epoch == 2


def test_files_without_joints_are_refused(tmp_path: Path, discs: Path) -> None:
    with pytest.raises(DatasetError, match=r"discs\.h5: tells of no joints"):
        trained(tmp_path, discs, model="handpose")


def test_masks_in_a_folder_teach_no_joints(tmp_path: Path) -> None:
    discs.build_folder(tmp_path / "photos")
    save(tmp_path / "pose.safetensors", HandPose(), blank_card("handpose", {}))
    weights = str(tmp_path / "pose.safetensors")
    config = FinetuneConfig(folder=tmp_path / "photos", run=tmp_path / "run", weights=weights, quiet=True)
    with pytest.raises(ConfigError, match="is of pose, and masks in a folder teach hands alone"):
        finetune(config)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"model": "handpose", "fit": "crop"}, "--fit crop: of handpose it is hand or hand3d"),
        ({"fit": "hand"}, "--fit hand: of lite it is crop, squash, halves or cut"),
        ({"model": "handpose", "loss": ("bce",)}, "--loss bce: of handpose there are points, depths, right, hand"),
        ({"model": "posenet", "loss": ()}, "of posenet there are score_maps"),
        ({"model": "handpose", "size": 100}, "--size is 100; of handpose it is a multiple of 32"),
        ({"model": "poselift", "augment": "full"}, "poselift takes none or light"),
        ({"model": "posenet", "fit": "hand3d"}, "give --augment none"),
        ({"model": "posenet", "augment": "none", "noise": ("scale",)}, "--noise scale: needs --fit hand3d"),
        ({"noise": ("hue",)}, "give --augment none"),
        ({"model": "handpose", "cutouts": Path("a")}, "--cutouts are pasted into photos with masks"),
        ({"palm": True}, "--palm is for nets of joints"),
        ({"variant": "direct"}, "--variant is for --model poselift"),
        ({"schedule": "steps"}, "--drops go with --schedule steps"),
        ({"drops": (0.5,)}, "--drops go with --schedule steps"),
        ({"schedule": "steps", "drops": (1.5,)}, "above 0 and below 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        layered(TrainConfig, {"run": Path("run"), **given})


def test_finetuning_shows_no_single_hands() -> None:
    with pytest.raises(ConfigError, match="masks tell no joints"):
        FinetuneConfig(folder=Path("a"), run=Path("b"), fit="hand")
