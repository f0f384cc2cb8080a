"""What HRNet and DIGIT say, reckoned from the names of their weights alone, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

State = Mapping[str, Tensor]


def within(state: State, part: str) -> dict[str, Tensor]:
    """Return the weights of a part by their names in it."""
    return {name.removeprefix(f"{part}."): each for name, each in state.items() if name.startswith(f"{part}.")}


def conv(state: State, name: str, x: Tensor, stride: int = 1) -> Tensor:
    weight = state[f"{name}.weight"]
    return F.conv2d(x, weight, state.get(f"{name}.bias"), stride, weight.shape[-1] // 2)


def norm(state: State, name: str, x: Tensor) -> Tensor:
    mean, var, weight, bias = (
        state[f"{name}.{leaf}"].view(1, -1, 1, 1) for leaf in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias


def convs(state: State, x: Tensor, *layers: tuple[str, str], stride: int = 1) -> Tensor:
    """Apply pairs of a convolution and its norm, with a ReLU after each."""
    for one, other in layers:
        x = norm(state, other, conv(state, one, x, stride)).relu()
    return x


def block(state: State, x: Tensor) -> Tensor:
    """Apply a basic block or a bottleneck."""
    last = 3 if "conv3.weight" in state else 2
    y = convs(state, x, *((f"conv{i}", f"bn{i}") for i in range(1, last)))
    y = norm(state, f"bn{last}", conv(state, f"conv{last}", y))
    if "downsample.0.weight" in state:
        x = norm(state, "downsample.1", conv(state, "downsample.0", x))
    return (x + y).relu()


def fused(state: State, maps: list[Tensor], target: int) -> Tensor:
    """Return the sum of all maps at the resolution of one."""
    total = maps[target]
    for source, x in enumerate(maps):
        part = within(state, f"fuse_layers.{target}.{source}")
        if source > target:
            x = norm(part, "1", conv(part, "0", x))
            total = total + F.interpolate(x, scale_factor=2 ** (source - target), mode="nearest")
        if source < target:
            for step in range(target - source):
                x = norm(part, f"{step}.1", conv(part, f"{step}.0", x, 2))
                x = x.relu() if step < target - source - 1 else x
            total = total + x
    return total.relu()


def module(state: State, maps: list[Tensor]) -> list[Tensor]:
    for branch in range(len(maps)):
        for index in range(4):
            maps[branch] = block(within(state, f"branches.{branch}.{index}"), maps[branch])
    targets = [target for target in range(len(maps)) if within(state, f"fuse_layers.{target}")]
    return [fused(state, maps, target) for target in targets]


def hrnet(state: State, x: Tensor) -> Tensor:
    """Return the (B, 32, H/4, W/4) map of HRNet-W32."""
    x = convs(state, x, ("conv1", "bn1"), ("conv2", "bn2"), stride=2)
    for index in range(4):
        x = block(within(state, f"layer1.{index}"), x)
    first = convs(state, x, ("transition1.0.0", "transition1.0.1"))
    maps = [first, convs(state, x, ("transition1.1.0.0", "transition1.1.0.1"), stride=2)]
    for stage, modules in ((2, 1), (3, 4), (4, 3)):
        if stage > 2:
            begin = f"transition{stage - 1}.{stage - 1}.0"
            maps.append(convs(state, maps[-1], (f"{begin}.0", f"{begin}.1"), stride=2))
        for index in range(modules):
            maps = module(within(state, f"stage{stage}.{index}"), maps)
    return maps[0]


def double(state: State, name: str, x: Tensor) -> Tensor:
    name = f"{name}.double_conv"
    return convs(state, x, (f"{name}.0", f"{name}.1"), (f"{name}.3", f"{name}.4"))


def wider(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def merged(state: State, x: Tensor) -> Tensor:
    maps = [double(state, "inc", x)]
    for level in (1, 2, 3):
        maps.append(double(state, f"down{level}.maxpool_conv.1", F.max_pool2d(maps[-1], 2)))
    x = maps[3]
    for level in (1, 2, 3):
        x = double(state, f"up{level}.conv", torch.cat([maps[3 - level], wider(x)], 1))
    return conv(state, "outc.conv", x)


def dense(state: State, name: str, x: Tensor) -> Tensor:
    x = (x @ state[f"{name}.0.weight"].T + state[f"{name}.0.bias"]).relu()
    return x @ state[f"{name}.2.weight"].T + state[f"{name}.2.bias"]


def digit(state: State, images: Tensor) -> dict[str, Tensor]:
    """Return what DIGIT says before any soft-argmax: score maps, depth maps, scores of bins, handedness and parts."""
    seen = hrnet(within(state, "backbone"), images)
    head = within(state, "hand_segm.segm_head")
    parts = double(head, "upsampler.up1.conv", wider(seen))
    parts = convs(head, parts, ("segm_net.double_conv.0", "segm_net.double_conv.1"))
    parts = conv(head, "segm_net.double_conv.3", parts)
    told = conv(state, "conv_segm_feat.2", conv(state, "conv_segm_feat.0", parts).relu()).relu()
    both = merged(within(state, "merge_layer"), torch.cat([seen, F.max_pool2d(told, 2)], 1))
    x = both
    for index in (0, 2, 5, 7, 10, 12):
        x = conv(state, f"conv_head.{index}", x).relu()
        x = F.max_pool2d(x, 2) if index in (2, 7, 12) else x
    x = x.mean((2, 3))
    return {
        "scores": conv(state, "conv_hm", both),
        "depths": conv(state, "conv_depth", both),
        "bins": dense(state, "root_fc", x),
        "handedness": dense(state, "hand_fc", x),
        "parts": parts,
    }
