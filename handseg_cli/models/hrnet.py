"""HRNet-W32 (Sun et al., "Deep High-Resolution Representation Learning", CVPR 2019): the backbone of `digit`.

Maps of up to four resolutions are kept side by side and tell each other what they see after every module. The names
of the weights are those of the authors, so that theirs fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, Bottleneck

WIDTHS = (32, 64, 128, 256)  # channels at strides 4, 8, 16 and 32
STEM = 64
WIDE = STEM * Bottleneck.expansion  # channels behind the stem's bottlenecks
BLOCKS = 4  # in each branch, and behind the stem


def normed(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """Build a convolution that keeps the size, or halves it with stride 2, and its norm."""
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]


def path(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """Build what brings the map of one branch to the channels of another, and to its size if that is smaller."""
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(*normed(widths[source], widths[target], 1))
    between = [
        nn.Sequential(*normed(widths[source], widths[source], 3, 2), nn.ReLU()) for _ in range(target - source - 1)
    ]
    return nn.Sequential(*between, nn.Sequential(*normed(widths[source], widths[target], 3, 2)))


class Sum(nn.ModuleList):
    """What all branches tell one of them, whose number is `target`."""

    def __init__(self, widths: Sequence[int], target: int) -> None:
        super().__init__(path(widths, source, target) for source in range(len(widths)))
        self.target = target

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the sum without what is below zero."""
        told = [part(each) for part, each in zip(self, maps, strict=True)]
        # By size, not by factor: whoever traces the net for any size cannot know that halves doubled are the whole.
        size = maps[self.target].shape[-2:]
        told[self.target + 1 :] = [F.interpolate(each, size, mode="nearest") for each in told[self.target + 1 :]]
        return F.relu(reduce(add, told))


class Exchange(nn.Module):
    """Some blocks on each map, then each becomes the sum of what all have to say; with `single` only the first does."""

    def __init__(self, widths: Sequence[int], single: bool = False) -> None:
        super().__init__()
        targets = range(1 if single else len(widths))
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(w, w) for _ in range(BLOCKS))) for w in widths)
        self.fuse_layers = nn.ModuleList(Sum(widths, target) for target in targets)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return one map for each branch, or the first alone."""
        maps = [branch(each) for branch, each in zip(self.branches, maps, strict=True)]
        return [told(maps) for told in self.fuse_layers]


def halved(inputs: int, outputs: int) -> nn.Sequential:
    """Build what begins a branch of half the size."""
    return nn.Sequential(nn.Sequential(*normed(inputs, outputs, 3, 2), nn.ReLU()))


def bottlenecks() -> nn.Sequential:
    """Build the blocks behind the stem, the first of which widens the map."""
    first = Bottleneck(STEM, STEM, downsample=nn.Sequential(*normed(STEM, WIDE, 1)))
    return nn.Sequential(first, *(Bottleneck(WIDE, STEM) for _ in range(BLOCKS - 1)))


class HRNet(nn.Module):
    """Features at a quarter of the size: (B, 3, H, W) in, (B, 32, H/4, W/4) out; sides are multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        one, two, three, four = WIDTHS
        self.conv1, self.bn1 = normed(3, STEM, 3, 2)
        self.conv2, self.bn2 = normed(STEM, STEM, 3, 2)
        self.layer1 = bottlenecks()
        self.transition1 = nn.ModuleList([nn.Sequential(*normed(WIDE, one, 3), nn.ReLU()), halved(WIDE, two)])
        self.stage2 = nn.Sequential(Exchange(WIDTHS[:2]))
        self.transition2 = nn.ModuleList([nn.Identity(), nn.Identity(), halved(two, three)])
        self.stage3 = nn.Sequential(*(Exchange(WIDTHS[:3]) for _ in range(4)))
        self.transition3 = nn.ModuleList([nn.Identity(), nn.Identity(), nn.Identity(), halved(three, four)])
        self.stage4 = nn.Sequential(*(Exchange(WIDTHS, single=last) for last in (False, False, True)))

    def forward(self, images: Tensor) -> Tensor:
        """Return the map of the highest resolution."""
        x = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(images))))))
        maps: list[Tensor] = [self.layer1(x)] * 2
        for begin, stage in (
            (self.transition1, self.stage2),
            (self.transition2, self.stage3),
            (self.transition3, self.stage4),
        ):
            maps = stage([each(x) for each, x in zip(begin, maps, strict=True)])
            maps.append(maps[-1])
        return maps[0]
