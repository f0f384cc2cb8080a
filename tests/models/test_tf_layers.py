"""What TensorFlow 1 does otherwise than PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from handseg_cli.models.tf_layers import Strided, convolution, flat, resize
from tests.tiny.tensorflow import Array, padding, resized, same


def channels_last(maps: Tensor) -> Array:
    """Return the first of (B, C, H, W) maps as (H, W, C)."""
    return maps[0].detach().permute(1, 2, 0).double().numpy()


@pytest.mark.parametrize("size", [(8, 8), (7, 7), (6, 9), (5, 4), (2, 1), (1, 1)])
@pytest.mark.parametrize(("side", "stride"), [(3, 2), (3, 3), (7, 2), (2, 2), (3, 1), (7, 1), (1, 1)])
def test_convolutions_are_those_of_tensorflow(size: tuple[int, int], side: int, stride: int) -> None:
    torch.manual_seed(0)
    layer, maps = convolution(2, 3, side, stride), torch.randn(1, 2, *size)
    wanted = same(
        channels_last(maps), layer.weight.detach().permute(2, 3, 1, 0).double().numpy(), np.full(3, 1e-4), stride
    )
    found = channels_last(layer(maps))
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-5


def test_at_stride_2_an_even_side_is_padded_behind_alone() -> None:
    assert padding(8, 3, 2) == (0, 1)
    assert padding(7, 3, 2) == (1, 1)
    layer, maps = convolution(1, 1, 3, 2), torch.randn(1, 1, 8, 8)
    centred = F.conv2d(maps, layer.weight, layer.bias, stride=2, padding=1)
    assert not torch.allclose(layer(maps), centred, atol=0.01)
    assert torch.allclose(layer(maps)[..., :-1, :-1], F.conv2d(maps, layer.weight, layer.bias, stride=2))


def test_windows_smaller_than_the_stride_are_refused() -> None:
    with pytest.raises(ValueError, match="windows of 1 pixels would leave some out at stride 2"):
        Strided(1, 1, 1, 2)


@pytest.mark.parametrize("size", [(32, 32), (5, 7), (4, 4), (3, 2), (33, 47), (1, 1)])
@pytest.mark.parametrize("old", [(4, 4), (4, 5), (1, 3)])
def test_resizing_is_that_of_tensorflow(old: tuple[int, int], size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    maps = torch.randn(1, 2, *old)
    assert np.abs(channels_last(resize(maps, size)) - resized(channels_last(maps), size)).max() < 1e-5


def test_resizing_reads_whole_pixels_where_pytorch_reads_between() -> None:
    maps = torch.tensor([0.0, 1, 2, 3]).view(1, 1, 1, 4)
    assert resize(maps, (1, 8)).flatten().tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]
    between = F.interpolate(maps, (1, 8), mode="bilinear", align_corners=False)
    assert between.flatten().tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]


def test_large_maps_are_resized_without_a_pixel_too_many() -> None:
    assert resize(torch.arange(1000.0).view(1, 1, 1, -1), (1, 7919)).max() == 999


def test_channels_of_a_pixel_stay_side_by_side() -> None:
    maps = torch.arange(24.0).view(1, 2, 3, 4)
    assert flat(maps)[0].tolist() == channels_last(maps).reshape(-1).tolist()
    assert flat(maps)[0, :4].tolist() == [0, 12, 1, 13]


class Both(nn.Module):
    """A convolution at a stride, and back to the size that there was."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = convolution(3, 2, 3, 2)

    def forward(self, maps: Tensor) -> Tensor:
        return resize(self.strided(maps), (maps.shape[2], maps.shape[3]))


def test_onnx_says_the_same_at_any_size(export: Any) -> None:
    net, dim = Both(), torch.export.Dim
    shapes = ({0: dim("batch"), 2: dim("height", min=3), 3: dim("width", min=3)},)
    run = export(net, (torch.rand(2, 3, 8, 12),), shapes)
    for size in ((1, 3, 8, 8), (2, 3, 7, 10), (3, 3, 12, 5)):
        maps = torch.rand(size)
        assert np.abs(run(maps)[0] - net(maps).detach().numpy()).max() < 1e-5
