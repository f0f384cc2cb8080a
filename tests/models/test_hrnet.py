"""The backbone of DIGIT."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from handseg_cli.models.hrnet import HRNet
from tests.tiny import digit_by_names


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(0)
    net = HRNet()
    for norm in (each for each in net.modules() if isinstance(each, nn.BatchNorm2d)):
        norm.running_mean = torch.randn_like(norm.weight) * 0.1
        norm.running_var = torch.rand_like(norm.weight) + 0.5
    return net.eval()


def test_it_has_as_many_parameters_as_digit_uses(net: nn.Module) -> None:
    assert sum(each.numel() for each in net.parameters()) == 28_535_552


def test_its_parts_are_named_as_its_authors_name_them(net: nn.Module) -> None:
    stages = ("layer1", "transition1", "stage2", "transition2", "stage3", "transition3", "stage4")
    assert [name for name, _ in net.named_children()] == ["conv1", "bn1", "conv2", "bn2", *stages]


def test_the_last_module_tells_only_the_highest_resolution(net: nn.Module) -> None:
    last = [name for name in net.state_dict() if name.startswith("stage4.2.fuse_layers.")]
    assert {name.split(".")[3] for name in last} == {"0"}


@torch.inference_mode()
def test_it_says_what_its_weights_mean_by_their_names(net: nn.Module) -> None:
    images = torch.rand(1, 3, 64, 96)
    found = net(images)
    assert found.shape == (1, 32, 16, 24)
    assert torch.allclose(found, digit_by_names.hrnet(net.state_dict(), images), atol=1e-4)
