"""What TensorFlow 1 does otherwise than PyTorch, so that nets whose weights are from there say the same here.

Padding at strides, the grid that bilinear resizing reads, the order of flattening, and how layers begin.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.01  # of the leaky ReLU behind nearly every layer of the third system
BIAS = 1e-4  # what its biases begin with

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


class Strided(nn.Conv2d):
    """A convolution at a stride, padded as SAME: sides of its output are those of its input / stride, rounded up.

    What the sides lack to whole windows goes half to either end, and an odd pixel to the bottom or right: at stride 2
    an even side gets a pixel there alone, where PyTorch's own padding would move the windows by one.
    """

    def __init__(self, inputs: int, outputs: int, side: int, stride: int) -> None:
        if side < stride:
            raise ValueError(f"windows of {side} pixels would leave some out at stride {stride}")
        super().__init__(inputs, outputs, side, stride)
        self.missing = side - stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the (B, outputs, ceil(H / stride), ceil(W / stride)) map."""
        (rows, columns), step = x.shape[-2:], self.stride[0]
        down, right = self.missing + -rows % step, self.missing + -columns % step
        return super().forward(F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2)))


def begun(layer: Layer) -> Layer:
    """Draw the weights of a layer as the third system does (Glorot & Bengio, 2010), and return it."""
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, BIAS)
    return layer


def convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Conv2d:
    """Build a SAME convolution of side x side windows, an odd number of pixels."""
    if stride > 1:
        return begun(Strided(inputs, outputs, side, stride))
    return begun(nn.Conv2d(inputs, outputs, side, padding=side // 2))


def active(name: str, layer: nn.Module) -> dict[str, nn.Module]:
    """Return a layer by its name, and the leaky ReLU behind it."""
    return {name: layer, f"{name}_relu": nn.LeakyReLU(SLOPE, inplace=True)}


def row(name: str, channels: tuple[int, ...], side: int = 3) -> dict[str, nn.Module]:
    """Build active convolutions that follow each other, name_1 from the first number of channels to the second ..."""
    parts: dict[str, nn.Module] = {}
    for number, (inputs, outputs) in enumerate(pairwise(channels), 1):
        parts |= active(f"{name}_{number}", convolution(inputs, outputs, side))
    return parts


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (B, C, h, w) maps bilinearly to size (H, W), pixel n of the output read at n * h / H of the input."""
    return along(along(maps, 2, size[0]), 3, size[1])


def along(maps: Tensor, axis: int, length: int) -> Tensor:
    """Resize one axis of (B, C, h, w) maps; beyond the last pixel its value goes on."""
    old = maps.shape[axis]
    place = torch.arange(length, device=maps.device, dtype=torch.float32) * old / length
    before = place.long()
    share = (place - before).to(maps.dtype).view((-1, 1) if axis == 2 else (-1,))
    one, other = maps.index_select(axis, before), maps.index_select(axis, (before + 1).clamp(max=old - 1))
    return one + (other - one) * share


def flat(maps: Tensor) -> Tensor:
    """Return (B, C, H, W) maps as (B, H * W * C) rows, the channels of a pixel side by side."""
    return maps.permute(0, 2, 3, 1).flatten(1)
