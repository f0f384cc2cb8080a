"""DIGIT: two interacting hands."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handseg_cli.models.digit import Digit, expected, soft_argmax
from tests.tiny import digit_by_names

PARAMETERS = {
    "backbone": 28_535_552,
    "hand_segm": 43_005,
    "conv_segm_feat": 314_496,
    "merge_layer": 4_631_264,
    "conv_hm": 22_890,
    "conv_depth": 22_890,
    "conv_head": 6_582_208,
    "root_fc": 295_488,
    "hand_fc": 263_682,
}
SHAPES = {
    "backbone": (1, 32, 64, 64),
    "hand_segm": (1, 33, 128, 128),
    "conv_segm_feat": (1, 512, 64, 64),
    "merge_layer": (1, 544, 64, 64),
    "conv_hm": (1, 42, 64, 64),
    "conv_depth": (1, 42, 64, 64),
    "conv_head": (1, 512, 8, 8),
    "root_fc": (1, 64),
    "hand_fc": (1, 2),
}
OUTPUTS = {"joints": (1, 42, 3), "root_depth": (1, 1), "handedness": (1, 2), "parts": (1, 33, 128, 128)}


@pytest.fixture(scope="module")
def net() -> Digit:
    torch.manual_seed(0)
    net = Digit()
    for norm in (each for each in net.modules() if isinstance(each, nn.BatchNorm2d)):
        norm.running_mean = torch.randn_like(norm.weight) * 0.1
        norm.running_var = torch.rand_like(norm.weight) + 0.5
    # Score maps that point somewhere.
    net.conv_hm.weight.data *= 100
    return net.eval()


def without_numbers(fusion: bool = True) -> Digit:
    """Return a net that only knows shapes."""
    with torch.device("meta"):
        return Digit(fusion)


def count(part: nn.Module) -> int:
    return sum(each.numel() for each in part.parameters())


def test_each_block_has_its_parameters() -> None:
    blocks = {name: count(part) for name, part in without_numbers().named_children()}
    assert blocks == PARAMETERS
    assert sum(blocks.values()) == 40_711_475
    assert len(without_numbers().state_dict()) == 1903


def test_without_fusion_the_parts_have_no_way_to_the_pose_and_all_else_is_the_same() -> None:
    blocks = {name: count(part) for name, part in without_numbers(fusion=False).named_children()}
    assert PARAMETERS["merge_layer"] - blocks.pop("merge_layer") == 512 * 64 * 9
    assert blocks == {name: PARAMETERS[name] for name in PARAMETERS if name not in ("conv_segm_feat", "merge_layer")}
    assert count(without_numbers(fusion=False)) == 40_102_067


def test_each_block_has_its_shape_at_256_pixels() -> None:
    net, shapes = without_numbers(), {}
    for name, part in net.named_children():
        part.register_forward_hook(lambda _, __, output, name=name: shapes.update({name: tuple(output.shape)}))
    # Whatever made a tensor on a device of its own choice would not fit here.
    outputs = net(torch.rand(1, 3, 256, 256, device="meta"))
    assert shapes == SHAPES
    assert {name: tuple(each.shape) for name, each in outputs.items()} == OUTPUTS


@torch.inference_mode()
def test_it_says_what_its_weights_mean_by_their_names(net: Digit) -> None:
    images = torch.rand(2, 3, 64, 96)
    found, wanted = net(images), digit_by_names.digit(net.state_dict(), images)
    assert torch.allclose(found["parts"], wanted["parts"], atol=1e-4)
    assert torch.allclose(found["handedness"], wanted["handedness"], atol=1e-4)
    assert np.allclose(found["root_depth"], reckoned_bins(wanted["bins"].numpy()), atol=1e-4)
    maps = wanted["scores"].numpy(), wanted["depths"].numpy()
    assert np.allclose(found["joints"], reckoned_joints(*maps), atol=1e-3)


@torch.inference_mode()
def test_photos_of_a_batch_of_three_do_not_mix(net: Digit) -> None:
    images = torch.rand(3, 3, 64, 64)
    whole, singles = net(images), [net(image[None]) for image in images]
    for name, each in whole.items():
        assert torch.allclose(each, torch.cat([single[name] for single in singles]), atol=1e-3)


@torch.inference_mode()
def test_the_pose_looks_at_the_parts(net: Digit) -> None:
    images = torch.rand(1, 3, 64, 64)
    before = net(images)
    bias = net.get_parameter("hand_segm.segm_head.segm_net.double_conv.3.bias")
    bias.add_(1)
    after = net(images)
    bias.sub_(1)
    assert all(not torch.equal(before[name], after[name]) for name in OUTPUTS)


def test_without_fusion_the_pose_looks_at_no_parts_and_still_all_learns() -> None:
    net, images = Digit(fusion=False), torch.rand(3, 3, 64, 64)
    sum(each.square().mean() for each in net(images).values()).backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in net.parameters())
    with torch.inference_mode():
        before = net.eval()(images)
        net.get_parameter("hand_segm.segm_head.segm_net.double_conv.3.bias").add_(1)
        after = net(images)
    assert [name for name in OUTPUTS if not torch.equal(before[name], after[name])] == ["parts"]


def reckoned_joints(scores: NDArray[np.float32], depths: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the soft-argmax of score maps, pixel by pixel."""
    joints = np.zeros((*scores.shape[:2], 3))
    for index in np.ndindex(scores.shape[:2]):
        share = np.exp(scores[index].astype(float) - scores[index].max())
        share /= share.sum()
        for (row, column), each in np.ndenumerate(share):
            joints[index] += each * np.array([column + 0.5, row + 0.5, depths[index][row, column]])
    return joints


def reckoned_bins(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = [[math.exp(each - max(row)) for each in row] for row in scores.tolist()]
    return np.array([[sum(bin_ * each for bin_, each in enumerate(row)) / sum(row)] for row in rows])


def test_a_soft_argmax_is_numpys() -> None:
    scores, depths = torch.randn(2, 3, 5, 7) * 3, torch.randn(2, 3, 5, 7)
    assert np.allclose(soft_argmax(scores, depths), reckoned_joints(scores.numpy(), depths.numpy()), atol=1e-5)


def test_a_peak_is_found_in_the_middle_of_its_pixel_but_bins_count_from_whole_numbers() -> None:
    scores = torch.full((1, 1, 4, 8), -1e4)
    scores[0, 0, 2, 5] = 1e4
    assert soft_argmax(scores, torch.arange(32.0).view(1, 1, 4, 8)).tolist() == [[[5.5, 2.5, 21.0]]]
    assert expected(scores[0, :, 2]).tolist() == [[5.0]]


def test_a_large_map_in_half_precision_is_reckoned_in_full() -> None:
    joints = soft_argmax(torch.zeros(1, 1, 64, 64, dtype=torch.half), torch.full((1, 1, 64, 64), 7.0).half())
    assert joints.dtype == torch.float32
    assert joints.flatten().tolist() == pytest.approx([32, 32, 7], abs=1e-4)


def test_undecided_bins_point_at_their_middle() -> None:
    scores: Tensor = torch.zeros(3, 64, dtype=torch.bfloat16)
    assert expected(scores).flatten().tolist() == pytest.approx([31.5] * 3)
