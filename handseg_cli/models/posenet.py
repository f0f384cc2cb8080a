"""`posenet`: where the joints of one hand are in a photo of little else, from Zimmermann & Brox (ICCV 2017).

The second net of the third system, a convolutional pose machine (Wei et al., CVPR 2016): each stage sees what the one
before has said. The names of its layers are those of the authors.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from handseg_cli.models.handsegnet import trunk
from handseg_cli.models.tf_layers import active, convolution, row

JOINTS = 21  # in the order of RHD: wrist, then each finger from its tip to its base, the thumb first
ENCODING = 128  # channels of what every stage sees of the photo


class PoseNet(nn.Module):
    """Score maps of 21 joints: (B, 3, H, W) RGB 0 to 1 in, {"score_maps": (B, 21, H // 8, W // 8)} out.

    They go from about 0 to 1, highest where the joint is. "stages" (B, 3, 21, H // 8, W // 8) has those of all three
    stages, which the loss adds up; the last of them is "score_maps".
    """

    def __init__(self) -> None:
        super().__init__()
        channels = (256, 512, 512, 256, 256, 256, 256, ENCODING)
        self.encoder = nn.Sequential(OrderedDict(trunk() | row("conv4", channels)))
        first = active("conv5_1", convolution(ENCODING, 512, 1)) | {"conv5_2": convolution(512, JOINTS, 1)}
        self.head = nn.ModuleList([nn.Sequential(OrderedDict(first)), refinement("conv6"), refinement("conv7")])

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the score maps of the last stage and of all."""
        encoding = self.encoder(images - 0.5)
        stages = [self.head[0](encoding)]
        for stage in list(self.head)[1:]:
            stages.append(stage(torch.cat([stages[-1], encoding], 1)))
        return {"score_maps": stages[-1], "stages": torch.stack(stages, 1)}


def refinement(name: str) -> nn.Sequential:
    """Build a stage that sees score maps and the encoding, and returns better score maps."""
    seen = row(name, (JOINTS + ENCODING, 128, 128, 128, 128, 128), side=7)
    last = active(f"{name}_6", convolution(128, 128, 1)) | {f"{name}_7": convolution(128, JOINTS, 1)}
    return nn.Sequential(OrderedDict(seen | last))
