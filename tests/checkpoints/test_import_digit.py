"""DIGIT's weights of its authors, and those of its backbone."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from handseg_cli.checkpoints.foreign import load_any
from handseg_cli.checkpoints.import_digit import WITHOUT_BACKBONE, backbone
from handseg_cli.checkpoints.start import PUBLISHED, SITES, start
from handseg_cli.errors import CheckpointError
from handseg_cli.models.digit import Digit
from handseg_cli.models.hrnet import HRNet


def weights_like(shapes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights that differ but are all in one row of numbers, so that their file is small."""
    row = torch.rand(max(each.numel() for each in shapes.values()) + len(shapes))
    return {
        name: torch.tensor(7) if each.ndim == 0 else row[start : start + each.numel()].view(each.shape)
        for start, (name, each) in enumerate(shapes.items())
    }


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    with torch.device("meta"):
        shapes = Digit().state_dict()
    return weights_like(shapes)


@pytest.fixture(scope="module")
def imagenet() -> dict[str, Tensor]:
    with torch.device("meta"):
        shapes = HRNet().state_dict()
    # What tells ImageNet's classes, and looks at the other resolutions as well.
    for name in ("incre_modules.0.0.conv1.weight", "final_layer.0.weight", "stage4.2.fuse_layers.1.0.0.0.weight"):
        shapes[name] = torch.zeros(8, 8, 1, 1)
    return weights_like({**shapes, "classifier.weight": torch.zeros(1000, 8)})


def write_flat(path: Path, weights: dict[str, Tensor], new: bool) -> Path:
    """Write weights as the published file has them, by a new or an old version of torch."""
    state = {f"model.pose_reg.{name}": each for name, each in weights.items()}
    torch.save(state, path, _use_new_zipfile_serialization=new)
    return path


def write_lightning(path: Path, weights: dict[str, Tensor]) -> Path:
    """Write weights as Lightning 0.9 does in a training."""
    content = {
        "epoch": 49,
        "global_step": 1000,
        "pytorch-lightning_version": "0.9.0",
        "checkpoint_callback_best_model_score": torch.tensor(14.3),
        "checkpoint_callback_best_model_path": "last.ckpt",
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(9)}}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [{"milestones": {40: 1}, "last_epoch": 49}],
        "native_amp_scaling_state": {"scale": 65536.0},
        "state_dict": {f"model.pose_reg.{name}": each for name, each in weights.items()},
        "hparams_name": "args",
        "hyper_parameters": Namespace(lr=1e-4),
    }
    torch.save(content, path)
    return path


@pytest.mark.parametrize("kind", ["flat", "old", "lightning"])
def test_a_checkpoint_of_the_authors_fills_the_whole_net(
    kind: str, published: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "db7cba8c1.pt"
    if kind == "lightning":
        write_lightning(path, published)
    else:
        write_flat(path, published, new=kind == "flat")
    model, card = load_any(path)
    found = model.state_dict()
    assert len(found) == 1903
    assert all(torch.equal(found[name], each) for name, each in published.items())
    assert (card["model"], card["arguments"], card["task"], card["size"]) == ("digit", {}, "hands3d", 256)
    assert card["training"] == {"imported_from": "db7cba8c1.pt"}


def test_a_missing_weight_is_named(published: dict[str, Tensor], tmp_path: Path) -> None:
    some = {name: each for name, each in published.items() if name != "root_fc.2.bias"}
    with pytest.raises(CheckpointError, match=r"1 weights are missing or too many, first root_fc\.2\.bias"):
        load_any(write_flat(tmp_path / "some.pt", some, new=True))


def test_a_training_starts_from_the_authors_weights(published: dict[str, Tensor], tmp_path: Path) -> None:
    model, card = start("digit", {}, str(write_flat(tmp_path / "digit.pt", published, new=True)))
    assert torch.equal(model.state_dict()["conv_hm.weight"], published["conv_hm.weight"])
    assert "untrained" not in card["training"]


@pytest.mark.parametrize("fusion", [True, False])
def test_imagenet_fills_the_backbone_and_nothing_else(
    fusion: bool, imagenet: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(imagenet, tmp_path / "hrnet.pth")
    model, card = start("digit", {"fusion": fusion}, str(tmp_path / "hrnet.pth"))
    found = model.state_dict()
    ours = backbone(imagenet)
    assert ours.keys() == {name for name in found if name.startswith("backbone.")}
    assert all(torch.equal(found[name], each) for name, each in ours.items())
    assert card["training"]["untrained"] == WITHOUT_BACKBONE
    assert card["arguments"] == {"fusion": fusion}


def test_what_imagenet_leaves_untrained_is_all_the_rest() -> None:
    with torch.device("meta"):
        assert {name for name, _ in Digit().named_children()} == {"backbone", *WITHOUT_BACKBONE}


def test_an_hrnet_of_another_width_is_refused(imagenet: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(imagenet | {"transition1.0.0.weight": torch.zeros(48, 256, 3, 3)}, tmp_path / "w48.pth")
    with pytest.raises(CheckpointError, match=r"its backbone\.transition1\.0\.0\.weight is \(48, 256, 3, 3\)"):
        start("digit", {}, str(tmp_path / "w48.pth"))


def test_imagenets_lies_where_it_is_published() -> None:
    name = PUBLISHED["digit", "imagenet"]
    assert SITES[name] + name == "https://download.openmmlab.com/mmpose/pretrain_models/hrnet_w32-36af842e.pth"
