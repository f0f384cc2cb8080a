"""DeepLabV3-ResNet50 weights of others: the first system's checkpoints and torchvision's own, for `deeplab`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.errors import CheckpointError
from handseg_cli.models.deeplab import MEANS, STDS

FIRST = "encoder.conv1.weight"
LAST = "head.4"  # the layer with an output for each class


def recognises(tensors: dict[str, Tensor]) -> bool:
    """Tell whether weights are those of a DeepLabV3 on a ResNet, by their names."""
    return "backbone.conv1.weight" in tensors and "classifier.0.project.0.weight" in tensors


def converted(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights by our names, and their card; the last layer is left out where it has other classes."""
    ours = {renamed(name): each for name, each in tensors.items() if not name.startswith("aux_classifier.")}
    if ours[FIRST].ndim != 4 or ours[FIRST].shape[1] not in MEANS:
        shape = tuple(ours[FIRST].shape)
        raise CheckpointError(f"its first convolution has the shape {shape}; it sees 1, 3 or 4 channels")
    card = blank_card("deeplab", {"channels": ours[FIRST].shape[1]})
    if (last := ours.get(f"{LAST}.weight")) is not None and last.shape[:1] != (2,):
        ours = {name: each for name, each in ours.items() if not name.startswith(f"{LAST}.")}
        card["training"] = {"untrained": [LAST]}
    return ours, card


def renamed(name: str) -> str:
    """Return our name of one of torchvision's weights."""
    return name.replace("backbone.", "encoder.", 1).replace("classifier.", "head.", 1)


def with_channels(tensors: dict[str, Tensor], channels: int) -> dict[str, Tensor]:
    """Return weights for another number of channels: colour made grey, or given a depth that has no say yet."""
    kernel = tensors[FIRST]
    if kernel.shape[1] == channels:
        return tensors
    if kernel.shape[1] != 3:
        raise CheckpointError(f"it sees {kernel.shape[1]} channels, not {channels}; start from one that sees colour")
    if channels == 4:
        # Of noise in its place, a photo without depth would see something; gradients reach zeros as well.
        return tensors | {FIRST: torch.cat([kernel, torch.zeros_like(kernel[:, :1])], 1)}
    # The first system kept the plane for red, which answers to no grey photo as all three together do. A grey of g is
    # (g - mean) / std in each plane of colour, and n = 2 g - 1 in the one of grey, so that
    # sum w (g - mean) / std = n * sum 0.5 w / std + sum w (0.5 - mean) / std, of which the norm takes the last term.
    mean, std = torch.tensor(MEANS[3]).view(1, 3, 1, 1), torch.tensor(STDS[3]).view(1, 3, 1, 1)
    grey = (0.5 * kernel / std).sum(1, keepdim=True)
    shift = (kernel * (0.5 - mean) / std).sum((1, 2, 3))
    norm = "encoder.bn1.running_mean"
    return tensors | {FIRST: grey, norm: tensors[norm] - shift}
