"""`lite`: the embedded default. MobileNetV2 features and a small pyramid decoder, made for two CPU cores.

The encoder is Sandler et al., "MobileNetV2" (CVPR 2018), up to the 320-channel block. The decoder merges
strides 32, 16, 8 and 4 top-down (Lin et al., "Feature Pyramid Networks", CVPR 2017) with depthwise-separable
convolutions and a global context vector, so that a hand is judged with its surroundings in view.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v2

# Where MobileNetV2's `features` leave strides 4, 8, 16 and 32, and with how many channels.
TAPS = {3: 24, 6: 32, 13: 96, 17: 320}

# What it may tell of each pixel, and what that output is called: logits of hand, of arm, and of right on hands.
OUTPUTS = {"hand": "mask", "arm": "arm", "side": "side"}


def separable(channels: int) -> nn.Sequential:
    """Build a depthwise 3x3 and a pointwise convolution, each with norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


def lateral(inputs: int, outputs: int) -> nn.Sequential:
    """Bring a feature map to the decoder's width."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


class Lite(nn.Module):
    """Logits at a quarter of the input's size: (B, 3, H, W) RGB 0 to 1 in, {"mask": (B, 1, H/4, W/4)} out.

    `tells` names what else comes out, each as its own (B, 1, H/4, W/4): hand always, and arm and side if asked for.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int = 64, tells: Sequence[str] = ("hand",)) -> None:
        super().__init__()
        if tuple(tells) != tuple(name for name in OUTPUTS if name == "hand" or name in tells):
            raise ValueError(f"it tells {', '.join(OUTPUTS)}, in this order, and hand in any case")
        self.outputs = [OUTPUTS[name] for name in tells]
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)
        self.encoder = mobilenet_v2(weights=None).features[:18]
        self.laterals = nn.ModuleList(lateral(channels, width) for channels in TAPS.values())
        self.context = nn.Linear(TAPS[17], width)
        self.smooth = nn.ModuleList(separable(width) for _ in TAPS)
        self.head = nn.Sequential(separable(width), nn.Conv2d(width, len(tells), 1))

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the encoder's maps at strides 4, 8, 16 and 32."""
        x = (images - self.mean) / self.std
        maps = []
        for index, block in enumerate(self.encoder):
            x = block(x)
            if index in TAPS:
                maps.append(x)
        return maps

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the logits at a quarter of the input's size, by their names."""
        maps = self.features(images)
        context = self.context(maps[-1].mean((2, 3)))[:, :, None, None]
        x = self.smooth[3](self.laterals[3](maps[3]) + context)
        for level in (2, 1, 0):
            skip = self.laterals[level](maps[level])
            x = self.smooth[level](skip + F.interpolate(x, scale_factor=2.0, mode="nearest"))
        logits = self.head(x)
        maps = [logits] if len(self.outputs) == 1 else logits.split(1, dim=1)
        return dict(zip(self.outputs, maps, strict=True))
