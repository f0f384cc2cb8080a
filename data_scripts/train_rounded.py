"""`handseg train`, but what each convolution takes is rounded to 8 bits, as in the net that `quantize.py` makes of it.

    python data_scripts/train_rounded.py RUN --resume

goes on with a training, whose last epochs then learn to bear what rounding does. All arguments are those of `handseg
train`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from handseg_cli.cli import main

LEVELS = 255
LOOKED_AT = 2  # samples of a batch, for the least and the largest value: they differ little, and looking takes time


class Rounded(torch.autograd.Function):
    """Rounding that lets gradients through."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, low: float, step: float) -> Tensor:
        """Round to a number of steps from the lowest value on."""
        return ((values - low) / step).round_().clamp_(0, LEVELS).mul_(step).add_(low)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient as it came."""
        return gradient, None, None


def rounded(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Tensor] | None:
    """Round what a convolution takes, but for photos, to as many levels as a byte has."""
    if not isinstance(module, nn.Conv2d) or module.in_channels == 3:
        return None
    values = cast(Tensor, inputs[0])
    some = values.detach()[:LOOKED_AT]
    low, high = min(0.0, some.min().item()), max(0.0, some.max().item())
    return (Rounded.apply(values, low, max(high - low, 1e-6) / LEVELS),)


if __name__ == "__main__":
    register_module_forward_pre_hook(cast(Callable[..., None], rounded))  # it may return what is taken instead
    main(["train", *sys.argv[1:]])
