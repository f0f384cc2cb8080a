"""`deeplab`: DeepLabV3 on a ResNet-50 (Chen et al., 2017), the net of the first system that this tool follows.

It is torchvision's, with two classes, background and hand, and it sees grey, colour, or colour and depth.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.segmentation import deeplabv3_resnet50

# ImageNet's for colour; plain halves for what ImageNet does not know.
MEANS = {1: (0.5,), 3: (0.485, 0.456, 0.406), 4: (0.485, 0.456, 0.406, 0.5)}
STDS = {1: (0.5,), 3: (0.229, 0.224, 0.225), 4: (0.229, 0.224, 0.225, 0.5)}


class PoolNorm(nn.BatchNorm2d):
    """A norm for maps of one pixel: a batch of one has no variance there, so that it goes by the running statistics."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the normed (B, C, 1, 1) map."""
        if self.training and len(x) == 1:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        normed: Tensor = super().forward(x)
        return normed


class DeepLab(nn.Module):
    """Background and hand logits: (B, 3, H, W) RGB 0 to 1 in, {"mask": (B, 2, H, W)} out.

    With `channels` 1 it looks at the mean of RGB. With 4 it takes (B, 4, H, W), depth last, as well.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        if channels not in MEANS:
            raise ValueError(f"channels is {channels!r}; it is 1, 3 or 4")
        self.channels = channels
        self.register_buffer("mean", torch.tensor(MEANS[channels]).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STDS[channels]).view(1, -1, 1, 1), persistent=False)
        net = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=2, aux_loss=False)
        self.encoder, self.head = net.backbone, net.classifier
        if channels != 3:
            self.encoder.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        self.head[0].convs[4][2] = PoolNorm(256)

    def planes(self, images: Tensor) -> Tensor:
        """Return the normalised (B, channels, H, W) planes that the net looks at."""
        if self.channels == 1:
            images = images.mean(1, keepdim=True)
        elif images.shape[1] < self.channels:
            images = F.pad(images, (0, 0, 0, 0, 0, 1))  # no depth is a depth of 0
        return (images - self.mean) / self.std

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return background and hand logits at the input's size."""
        logits = self.head(self.encoder(self.planes(images))["out"])
        return {"mask": F.interpolate(logits, images.shape[-2:], mode="bilinear", align_corners=False)}
