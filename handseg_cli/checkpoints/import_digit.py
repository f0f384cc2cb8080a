"""DIGIT's weights of its authors, and those of its backbone alone that were trained on ImageNet, for `digit`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.models.hrnet import HRNet

# What the backbone leaves untrained, by the beginnings of names.
WITHOUT_BACKBONE = [
    "hand_segm",
    "conv_segm_feat",
    "merge_layer",
    "conv_hm",
    "conv_depth",
    "conv_head",
    "root_fc",
    "hand_fc",
]


def recognises(tensors: dict[str, Tensor]) -> bool:
    """Tell whether weights are those of such a net, by their names."""
    return "backbone.transition1.0.0.weight" in tensors and "conv_segm_feat.0.weight" in tensors


def converted(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights, whose names are ours, and their card."""
    return tensors, blank_card("digit", {})


def backbone(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of an HRNet that are the backbone's, by our names: without what tells ImageNet's classes."""
    with torch.device("meta"):
        wanted = HRNet().state_dict().keys()
    return {f"backbone.{name}": each for name, each in tensors.items() if name in wanted}
