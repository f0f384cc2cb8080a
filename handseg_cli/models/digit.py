"""`digit`: two interacting hands in 3D, helped by which pixel is which part of which hand; the fourth system's net.

It is Fan et al., "Learning to Disambiguate Strongly Interacting Hands via Probabilistic Per-Pixel Part Segmentation"
(3DV 2021). The names of the weights are those of the authors, so that theirs fit.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from handseg_cli.models.hrnet import WIDTHS, HRNet

JOINTS = 42  # right hand first, as InterHand2.6M orders them
PARTS = 33  # background, 16 of the right hand, 16 of the left
BINS = 64  # of the depth between the wrists
FEATURES = WIDTHS[0]  # channels of what the backbone sees
PART_FEATURES = 512  # channels of what the parts tell
FUSED = FEATURES + PART_FEATURES


class Digit(nn.Module):
    """Joints, the depth between the wrists, handedness and parts: (B, 3, H, W) RGB 0 to 1 in, sides multiples of 32.

    "joints" (B, 42, 3): x, y and depth on the grid of the score maps, which is a quarter as large as the image.
    "root_depth" (B, 1): how far the left wrist is behind the right one, 0 to 63, of which 32 is level.
    "handedness" (B, 2): logits of a right and of a left hand. "parts" (B, 33, H/2, W/2): logits of each pixel.
    Without `fusion` joints and hands are found with no look at the parts, which are still told.
    """

    def __init__(self, fusion: bool = True) -> None:
        super().__init__()
        self.fusion = fusion
        self.backbone = HRNet()
        self.hand_segm = part_head()
        if fusion:
            self.conv_segm_feat = nn.Sequential(*pooled(PARTS, 64, PART_FEATURES))
        self.merge_layer = Merge(FUSED if fusion else FEATURES, FUSED)
        self.conv_hm = nn.Conv2d(FUSED, JOINTS, 1)
        self.conv_depth = nn.Conv2d(FUSED, JOINTS, 1)
        self.conv_head = nn.Sequential(*pooled(FUSED, 64, 128), *pooled(128, 256, 512), *pooled(512, 512, 512))
        self.root_fc = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, BINS))
        self.hand_fc = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 2))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return what is known of the hands of each image, by name."""
        seen = self.backbone(images)
        parts = self.hand_segm(seen)
        told = torch.cat([seen, self.conv_segm_feat(parts)], 1) if self.fusion else seen
        merged = self.merge_layer(told)
        head = self.conv_head(merged).mean((2, 3))
        return {
            "joints": soft_argmax(self.conv_hm(merged), self.conv_depth(merged)),
            "root_depth": expected(self.root_fc(head)),
            "handedness": self.hand_fc(head),
            "parts": parts,
        }


class Merge(nn.Module):
    """A small U-Net over what was seen and told: (B, inputs, h, w) in, (B, outputs, h, w) out."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.inc = double(inputs, 64, 64)
        self.down1 = nest({"maxpool_conv": nn.Sequential(nn.MaxPool2d(2), double(64, 128, 128))})
        self.down2 = nest({"maxpool_conv": nn.Sequential(nn.MaxPool2d(2), double(128, 256, 256))})
        self.down3 = nest({"maxpool_conv": nn.Sequential(nn.MaxPool2d(2), double(256, 256, 256))})
        self.up1 = nest({"conv": double(512, 256, 128)})
        self.up2 = nest({"conv": double(256, 128, 64)})
        self.up3 = nest({"conv": double(128, 64, 64)})
        self.outc = nest({"conv": nn.Conv2d(64, outputs, 1)})

    def forward(self, x: Tensor) -> Tensor:
        """Return the merged map at the input's size."""
        maps = [self.inc(x)]
        for down in (self.down1, self.down2, self.down3):
            maps.append(down(maps[-1]))
        x = maps.pop()
        for up in (self.up1, self.up2, self.up3):
            skip = maps.pop()
            wider = F.interpolate(x, skip.shape[-2:], mode="bilinear", align_corners=True)
            x = up(torch.cat([skip, wider], 1))
        merged: Tensor = self.outc(x)
        return merged


def part_head() -> nn.Sequential:
    """Build what tells the part of each pixel: (B, 32, h, w) in, (B, 33, 2h, 2w) logits out."""
    twice = nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=True)
    wider = nest({"up": twice, "conv": double(FEATURES, FEATURES // 2, 64)})
    layers = nn.Sequential(*unit(64, PARTS), nn.Conv2d(PARTS, PARTS, 3, padding=1))
    return nest({"segm_head": nest({"upsampler": nest({"up1": wider}), "segm_net": nest({"double_conv": layers})})})


def nest(parts: dict[str, nn.Module]) -> nn.Sequential:
    """Return modules one after another, by names of their own: those of the weights are nested so."""
    return nn.Sequential(OrderedDict(parts))


def unit(inputs: int, outputs: int) -> list[nn.Module]:
    """Build a 3x3 convolution with norm and ReLU."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def double(inputs: int, between: int, outputs: int) -> nn.Sequential:
    """Build two 3x3 convolutions, each with norm and ReLU."""
    return nest({"double_conv": nn.Sequential(*unit(inputs, between), *unit(between, outputs))})


def pooled(inputs: int, between: int, outputs: int) -> list[nn.Module]:
    """Build two 3x3 convolutions, each with ReLU alone, and what halves the map."""
    first, second = nn.Conv2d(inputs, between, 3, padding=1), nn.Conv2d(between, outputs, 3, padding=1)
    return [first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2)]


def soft_argmax(scores: Tensor, depths: Tensor) -> Tensor:
    """Return where (B, J, h, w) score maps point and the depth there: (B, J, 3) x, y and depth, in full precision.

    The middle of the first pixel is (0.5, 0.5), but what the net is trained on counts from whole pixels: it has to
    learn to make up for that, and weights that were trained so need it so.
    """
    share = scores.float().flatten(2).softmax(2).reshape(scores.shape)
    ys, xs = (torch.arange(side, device=scores.device) + 0.5 for side in scores.shape[2:])
    x, y = (share.sum(2) * xs).sum(2), (share.sum(3) * ys).sum(2)
    return torch.stack([x, y, (share * depths.float()).sum((2, 3))], 2)


def expected(scores: Tensor) -> Tensor:
    """Return the (B, 1) mean number of the bin that (B, bins) scores point at, without half a bin added."""
    bins = torch.arange(scores.shape[1], device=scores.device)
    return (scores.float().softmax(1) * bins).sum(1, keepdim=True)
