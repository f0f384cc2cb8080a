"""The net that finds joints in two dimensions, against the same net in NumPy."""

from __future__ import annotations

import numpy as np
import torch

from handseg_cli.checkpoints.foreign import filled
from handseg_cli.checkpoints.import_hand3d import converted
from handseg_cli.models.posenet import PoseNet, refinement
from tests.tiny import tensorflow
from tests.tiny.hand3d import POSENET, drawn


def test_it_says_what_the_published_net_says_at_every_stage() -> None:
    weights = drawn("PoseNet2D", POSENET)
    tensors, card = converted({name: torch.from_numpy(each) for name, each in weights.items()})
    image = np.random.default_rng(0).random((16, 26, 3), np.float32)
    with torch.inference_mode():
        outputs = filled(card, tensors)(torch.from_numpy(image).permute(2, 0, 1)[None])
    wanted = np.stack(tensorflow.posenet(weights, image.astype(np.float64))).transpose(0, 3, 1, 2)
    assert wanted.shape == (3, 21, 2, 3)
    assert min(np.ptp(stage) for stage in wanted) > 0.5
    assert np.abs(outputs["stages"][0].numpy() - wanted).max() < 1e-4
    assert torch.equal(outputs["score_maps"], outputs["stages"][:, -1])


def test_a_stage_has_as_many_parameters_as_published() -> None:
    assert sum(each.numel() for each in refinement("conv6").parameters()) == 4_165_653


def test_a_later_stage_sees_what_the_one_before_said() -> None:
    torch.manual_seed(0)
    net, image = PoseNet(), torch.rand(1, 3, 32, 32)
    one = net(image)["stages"]
    net.get_parameter("head.0.conv5_2.bias").data.add_(1)
    moved = (net(image)["stages"] - one).abs().amax((0, 2, 3, 4))
    assert moved[0] > 0.9
    assert (moved > 0).all()
