"""`unet`: a U-Net (Ronneberger et al., 2015) that widens its maps by interpolation, the net of the second system."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DOWN = (64, 128, 256, 512, 512)  # channels at strides 1, 2, 4, 8 and 16
UP = (256, 128, 64, 64)  # channels at strides 8, 4, 2 and 1


def double(inputs: int, outputs: int) -> nn.Sequential:
    """Build two 3x3 convolutions, each with norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Hand logits at the input's size: (B, 3, H, W) RGB 0 to 1 in, {"mask": (B, 1, H, W)} out; sides from 16 on."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(double(*pair) for pair in zip((3, *DOWN), DOWN, strict=False))
        inputs = [skip + below for skip, below in zip(DOWN[3::-1], (DOWN[4], *UP), strict=False)]
        self.decoder = nn.ModuleList(double(*pair) for pair in zip(inputs, UP, strict=True))
        self.head = nn.Conv2d(UP[-1], 1, 1)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return hand logits at the input's size."""
        maps = [self.encoder[0](images)]
        for block in list(self.encoder)[1:]:
            maps.append(block(F.max_pool2d(maps[-1], 2)))
        x = maps.pop()
        for block in self.decoder:
            skip = maps.pop()
            # To twice the size, or one pixel more where pooling has dropped an odd row or column.
            x = F.interpolate(x, skip.shape[-2:], mode="bilinear", align_corners=True)
            x = block(torch.cat([skip, x], 1))
        return {"mask": self.head(x)}
