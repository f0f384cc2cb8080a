"""The net that finds hands, against the same net in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from handseg_cli.checkpoints.foreign import filled
from handseg_cli.checkpoints.import_hand3d import converted
from handseg_cli.models.handsegnet import HandSegNet
from tests.tiny import tensorflow
from tests.tiny.hand3d import HANDSEGNET, Weights, drawn


@pytest.fixture(scope="module")
def weights() -> Weights:
    return drawn("HandSegNet", HANDSEGNET)


def test_it_says_what_the_published_net_says(weights: Weights) -> None:
    tensors, card = converted({name: torch.from_numpy(each) for name, each in weights.items()})
    image = np.random.default_rng(0).random((17, 26, 3), np.float32)
    with torch.inference_mode():
        found = filled(card, tensors)(torch.from_numpy(image).permute(2, 0, 1)[None])["mask"][0]
    wanted = tensorflow.handsegnet(weights, image.astype(np.float64))
    assert np.ptp(wanted) > 0.5
    assert np.abs(found.permute(1, 2, 0).numpy() - wanted).max() < 1e-4


def test_logits_may_be_negative() -> None:
    torch.manual_seed(0)
    net = HandSegNet()
    net.get_parameter("head.conv6_2.bias").data.fill_(-3)
    assert net(torch.rand(1, 3, 16, 16))["mask"].max() < -2


def test_colours_may_come_as_they_are() -> None:
    torch.manual_seed(0)
    one, other = HandSegNet(), HandSegNet(centred=False)
    other.load_state_dict(one.state_dict())
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(one(image)["mask"], other(image - 0.5)["mask"])
    assert not torch.equal(one(image)["mask"], other(image)["mask"])


def test_weights_begin_small_and_even() -> None:
    layer = HandSegNet().get_parameter("encoder.conv4_2.weight")
    assert layer.abs().max() <= (6 / (2 * 512 * 9)) ** 0.5
    assert (HandSegNet().get_parameter("encoder.conv4_2.bias") == 1e-4).all()
