"""DeepLabV3 weights of others."""

from __future__ import annotations

import copy
from argparse import Namespace
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.segmentation import deeplabv3_resnet50

from handseg_cli.checkpoints.foreign import bare, filled, load_any
from handseg_cli.checkpoints.import_deeplab import FIRST, converted, with_channels
from handseg_cli.errors import CheckpointError

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def source(classes: int = 2, aux: bool = False) -> nn.Module:
    """Return torchvision's net with norms that have seen something."""
    torch.manual_seed(classes)
    net = cast(nn.Module, deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=classes, aux_loss=aux))
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean = torch.randn_like(norm.weight) * 0.1
        norm.running_var = torch.rand_like(norm.weight) + 0.5
    return net.eval()


@pytest.fixture(scope="module")
def colour() -> nn.Module:
    return source()


def of_channels(net: nn.Module, channels: int) -> nn.Module:
    """Return a net that sees so many channels, otherwise the same."""
    other = copy.deepcopy(net)
    other.get_submodule("backbone").conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    return other


class ModelCheckpoint:
    """A callback, as Lightning keeps them by their class."""


def write_lightning(path: Path, net: nn.Module) -> Path:
    """Write a net as the first system's checkpoints hold it."""
    state = {f"deeplab.{name}": each for name, each in net.state_dict().items()}
    assert len(state) == 362
    content = {
        "epoch": 49,
        "pytorch-lightning_version": "1.3.4",
        "callbacks": {ModelCheckpoint: {"best_model_score": torch.tensor(0.9), "extra": ModelCheckpoint()}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(9)}}, "param_groups": [{"lr": 3e-4}]}],
        "hyper_parameters": Namespace(lr=3e-4),
        "state_dict": state,
    }
    torch.save(content, path)
    return path


def logits(net: nn.Module, planes: Tensor) -> Tensor:
    """Return what torchvision's net says of normalised planes."""
    with torch.inference_mode():
        return cast(Tensor, net(planes)["out"])


def imported(state: dict[str, Tensor]) -> nn.Module:
    """Return the model of weights by torchvision's names."""
    tensors, card = converted(state)
    return filled(card, tensors)


def test_a_lightning_checkpoint_in_colour_says_what_its_net_says(colour: nn.Module, tmp_path: Path) -> None:
    model, card = load_any(write_lightning(tmp_path / "checkpoint.ckpt", colour))
    images = torch.rand(1, 3, 40, 33)
    assert torch.equal(model(images)["mask"], logits(colour, (images - MEAN) / STD))
    assert (card["model"], card["arguments"]) == ("deeplab", {"channels": 3})
    assert (card["size"], card["stride"], card["fit"]) == (256, 8, "squash")
    assert card["training"] == {"imported_from": "checkpoint.ckpt"}


def test_one_in_grey_says_what_its_net_says(colour: nn.Module) -> None:
    net = of_channels(colour, 1)
    tensors, card = converted(net.state_dict())
    model = filled(card, tensors)
    images = torch.rand(1, 3, 33, 40)
    assert torch.allclose(model(images)["mask"], logits(net, images.mean(1, keepdim=True) * 2 - 1), atol=1e-5)
    assert card["arguments"] == {"channels": 1}


def test_one_with_depth_takes_photos_with_and_without(colour: nn.Module) -> None:
    net = of_channels(colour, 4)
    tensors, card = converted(bare({f"deeplab.{name}": each for name, each in net.state_dict().items()}))
    model = filled(card, tensors)
    images = torch.rand(1, 4, 33, 33)
    images[:, 3] = 0
    planes = torch.cat([(images[:, :3] - MEAN) / STD, images[:, 3:] * 2 - 1], 1)
    assert torch.allclose(model(images)["mask"], logits(net, planes), atol=1e-5)
    assert torch.equal(model(images)["mask"], model(images[:, :3])["mask"])


def test_other_classes_leave_the_last_layer_untrained_and_say_so() -> None:
    net = source(classes=21, aux=True)
    tensors, card = converted(net.state_dict())
    model = filled(card, tensors)
    assert card["training"] == {"untrained": ["head.4"]}
    assert torch.equal(model.get_parameter("head.1.weight"), net.get_parameter("classifier.1.weight"))
    assert torch.equal(model.get_buffer("head.2.running_var"), net.get_buffer("classifier.2.running_var"))
    assert model.get_parameter("head.4.weight").shape == (2, 256, 1, 1)


def test_a_net_for_colour_made_grey_sees_grey_photos_as_before(colour: nn.Module) -> None:
    tensors, card = converted(colour.state_dict())
    one = filled(card, tensors).get_submodule("encoder")
    card["arguments"] = {"channels": 1}
    other = filled(card, with_channels(tensors, 1)).get_submodule("encoder")
    grey = torch.rand(1, 1, 64, 64)
    seen = [
        torch.relu(each.get_submodule("bn1")(each.get_submodule("conv1")(planes)))
        for each, planes in ((one, (grey - MEAN) / STD), (other, grey * 2 - 1))
    ]
    # What lies beyond the edge is ImageNet's mean for one and middle grey for the other.
    as_colour, as_grey = (each[..., 2:-2, 2:-2] for each in seen)
    assert torch.allclose(as_colour, as_grey, atol=1e-4)


def test_a_net_for_colour_given_a_depth_says_the_same(colour: nn.Module) -> None:
    tensors, card = converted(colour.state_dict())
    images = torch.rand(1, 3, 33, 33)
    one = filled(card, tensors)(images)["mask"]
    card["arguments"] = {"channels": 4}
    model = filled(card, with_channels(tensors, 4))
    assert torch.allclose(model(torch.cat([images, torch.rand(1, 1, 33, 33)], 1))["mask"], one, atol=1e-5)


def test_grey_does_not_become_colour() -> None:
    with pytest.raises(CheckpointError, match="it sees 1 channels, not 3; start from one that sees colour"):
        with_channels({FIRST: torch.zeros(64, 1, 7, 7)}, 3)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("backbone.conv1.weight", torch.zeros(64, 2, 7, 7), "1, 3 or 4 channels"),
        ("backbone.layer1.0.conv1.weight", torch.zeros(64, 32, 1, 1), r"is \(64, 32, 1, 1\), not \(64, 64, 1, 1\)"),
        ("backbone.extra.weight", torch.zeros(1), "first encoder.extra.weight"),
        ("classifier.1.weight", torch.full((256, 256, 3, 3), torch.nan), "numbers that are none"),
    ],
)
def test_a_net_of_another_shape_is_refused(colour: nn.Module, name: str, change: Tensor, reason: str) -> None:
    with pytest.raises(CheckpointError, match=reason):
        imported(colour.state_dict() | {name: change})


def test_a_missing_weight_is_named(colour: nn.Module) -> None:
    state = colour.state_dict()
    del state["classifier.4.weight"]
    with pytest.raises(CheckpointError, match=r"first head\.4\.weight"):
        imported(state)
