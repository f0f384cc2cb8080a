"""`handpose`: the joints of one hand from a window around it, in the picture and in depth, made for one CPU core.

MobileNetV2 features (Sandler et al., CVPR 2018) and a small pyramid decoder, as in `lite`. A joint is the mean place
of its score map (Sun et al., "Integral Human Pose Regression", ECCV 2018), its depth the mean of a second map there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v2

from handseg_cli.models.lite import TAPS, lateral, separable

JOINTS = 21  # in the order of RHD: wrist, then each finger from its tip to its base, the thumb first
STRIDE = 4  # pixels of the window for each of the score maps
DEPTH = 32.0  # pixels for each unit of the depth maps: hands are about so deep


class HandPose(nn.Module):
    """Joints of one hand: (B, 3, H, W) RGB 0 to 1 in, sides multiples of 32; a dict of what it tells out.

    "points" (B, 21, 2) are x and y in pixels of the window, whole numbers in their middles. "depths" (B, 21) are how
    far joints are behind the base of the middle finger, in pixels as long as the window's are there. "right" (B, 1) is
    the logit of a right hand, "score" (B, 1) that of a hand at all. "maps" (B, 21, H / 4, W / 4) are logits of where
    the joints are.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)
        self.encoder = mobilenet_v2(weights=None).features[:18]
        self.laterals = nn.ModuleList(lateral(channels, width) for channels in TAPS.values())
        self.context = nn.Linear(TAPS[17], width)
        self.smooth = nn.ModuleList(separable(width) for _ in TAPS)
        self.maps = nn.Sequential(separable(width), nn.Conv2d(width, 2 * JOINTS, 1))
        self.answers = nn.Sequential(nn.Linear(TAPS[17] + 3 * JOINTS, 128), nn.ReLU(), nn.Linear(128, 2))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return what is known of the hand of each window, by name."""
        x = (images - self.mean) / self.std
        maps = []
        for index, block in enumerate(self.encoder):
            x = block(x)
            if index in TAPS:
                maps.append(x)
        whole = maps[-1].mean((2, 3))
        x = self.smooth[3](self.laterals[3](maps[3]) + self.context(whole)[:, :, None, None])
        for level in (2, 1, 0):
            skip = self.laterals[level](maps[level])
            x = self.smooth[level](skip + F.interpolate(x, scale_factor=2.0, mode="nearest"))
        scores, depths = self.maps(x).split(JOINTS, dim=1)
        points, depths = means(scores, depths)
        right, score = self.answers(torch.cat((whole, shape(points, depths)), 1)).split(1, dim=1)
        return {"points": points, "depths": DEPTH * depths, "right": right, "score": score, "maps": scores}


def means(scores: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return where (B, J, h, w) score maps point, (B, J, 2) pixels of the window, and the mean (B, J) of values there.

    In full precision under autocast too.
    """
    share = scores.float().flatten(2).softmax(2).reshape(scores.shape)
    # The middle of the first pixel of a map is that of the window's first STRIDE pixels.
    ys, xs = (torch.arange(side, device=scores.device) * STRIDE + (STRIDE - 1) / 2 for side in scores.shape[2:])
    x, y = (share.sum(2) * xs).sum(2), (share.sum(3) * ys).sum(2)
    return torch.stack((x, y), 2), (share * values.float()).sum((2, 3))


def shape(points: Tensor, depths: Tensor) -> Tensor:
    """Return (B, 63) how a hand is held, wherever in the window and however large: what tells left from right."""
    places = points - points.mean(1, keepdim=True)
    size = places.square().mean((1, 2)).sqrt().clamp(min=1)[:, None]
    return torch.cat((places.flatten(1) / size, DEPTH * depths / size), 1)
