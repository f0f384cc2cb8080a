"""`handsegnet`: where hands are, from Zimmermann & Brox, "Learning to Estimate 3D Hand Pose from Single RGB Images".

The first net of the third system (ICCV 2017). The names of its layers are those of the authors.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from handseg_cli.models.tf_layers import active, convolution, resize, row


class HandSegNet(nn.Module):
    """Background and hand logits at the input's size: (B, 3, H, W) RGB 0 to 1 in, {"mask": (B, 2, H, W)} out.

    The published weights look at colours less a half, -0.5 to 0.5; without `centred`, at 0 to 1 as it is. Sides are
    of 8 pixels at least.
    """

    def __init__(self, centred: bool = True) -> None:
        super().__init__()
        self.middle = 0.5 if centred else 0.0
        self.encoder = nn.Sequential(OrderedDict(trunk() | row("conv4", (256, 512, 512, 512, 512))))
        last = active("conv6_1", convolution(128, 512, 1)) | {"conv6_2": convolution(512, 2, 1)}
        self.head = nn.Sequential(OrderedDict(row("conv5", (512, 512, 128)) | last))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return background and hand logits at the input's size."""
        logits = self.head(self.encoder(images - self.middle))
        return {"mask": resize(logits, (images.shape[2], images.shape[3]))}


def trunk() -> dict[str, nn.Module]:
    """Build what both nets that look at photos begin with: (B, 3, H, W) in, (B, 256, H // 8, W // 8) out."""
    parts: dict[str, nn.Module] = {}
    for number, channels in enumerate(((3, 64, 64), (64, 128, 128), (128, 256, 256, 256, 256)), 1):
        parts |= row(f"conv{number}", channels) | {f"pool{number}": nn.MaxPool2d(2)}
    return parts
