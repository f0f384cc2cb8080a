"""What `torch.hub.load` gives: a net that is used as that of the first system, whatever it is inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from handseg_cli.checkpoints.build import build
from handseg_cli.checkpoints.foreign import load_any
from handseg_cli.checkpoints.weights import locate, require_task
from handseg_cli.errors import CheckpointError
from handseg_cli.io.shapes import net_shape
from handseg_cli.registry import WEIGHTS

MEAN = (0.485, 0.456, 0.406)  # ImageNet's, as torchvision.transforms.Normalize takes them
STD = (0.229, 0.224, 0.225)


class HandSegmentor(nn.Module):
    """Background and hand logits at the input's size: (B, 3, H, W) normalised RGB in, (B, 2, H, W) out.

    RGB 0 to 1 is normalised by ImageNet's mean and deviation. Inside, the net sees photos at the size that its card
    asks for, as in `handseg predict`, so that an input of any size will do.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, card: dict[str, Any]) -> None:
        super().__init__()
        self.net = net
        self.card = card
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return background and hand logits, (B, 2, H, W); argmax(1) is 1 on hands."""
        height, width = images.shape[-2:]
        side, stride = int(self.card["size"]), int(self.card["stride"])
        inside = net_shape((height, width), side, stride, self.card.get("fit", "area"))
        resized = F.interpolate(images, inside, mode="bilinear", antialias=True, align_corners=False)
        logits = self.net((resized * self.std + self.mean).clamp(0, 1))["mask"]
        if logits.shape[1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], 1)
        return F.interpolate(logits, (height, width), mode="bilinear", align_corners=False)


def hand_segmentor(pretrained: bool = True, weights: str = "lite") -> nn.Module:
    """Return a net that marks hands, in evaluation mode; `weights` is an embedded name or a checkpoint's path.

    With `pretrained` False it is the same net with weights of chance, drawn from torch's generator.
    """
    path = locate(weights)[1] if weights in WEIGHTS else Path(weights)
    if path is None:
        raise CheckpointError(f"{weights}: has no weights that torch can run")
    net, card = load_any(path)
    require_task(weights, card, "hands")
    return HandSegmentor(net if pretrained else build(card), card).eval()
