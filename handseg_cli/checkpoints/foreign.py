"""Checkpoints of other systems, as models of ours with a card. Nothing in them is ever run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from handseg_cli.checkpoints import import_deeplab, import_digit, import_hand3d, import_unet
from handseg_cli.checkpoints.build import build
from handseg_cli.checkpoints.store import load
from handseg_cli.checkpoints.torch_files import read_weights
from handseg_cli.errors import CheckpointError

IMPORTERS = (import_deeplab, import_unet, import_hand3d, import_digit)
# Under what frameworks keep a net that is a part of another: Lightning modules, DataParallel.
PREFIXES = ("deeplab.", "module.", "model.", "net.", "pose_reg.")


def load_any(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Read a .safetensors file of ours or any checkpoint that is known: the model in evaluation mode, and its card."""
    if path.suffix.lower() == ".safetensors":
        return load(path)
    tensors, card = read_foreign(path)
    try:
        return filled(card, tensors), card
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error


def read_foreign(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a checkpoint of another system: its weights by our names, and the card that they get."""
    tensors = read(path)
    importer = next((each for each in IMPORTERS if each.recognises(tensors)), None)
    if importer is None:
        first = next(iter(tensors))
        raise CheckpointError(f"{path}: no net that is known; its {len(tensors)} weights begin with {first}")
    try:
        ours, card = importer.converted(tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    card["training"] = {"imported_from": path.name, **card.get("training", {})}
    return ours, card


def read(path: Path) -> dict[str, Tensor]:
    """Read the weights of a checkpoint of any container, by their names in it."""
    if import_hand3d.is_pickle(path):
        return import_hand3d.read_pickle(path)
    other = import_hand3d.other_half(path)
    return bare(read_weights(path)) | (bare(read_weights(other)) if other else {})


def bare(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights by their names in the net itself, whatever it was a part of."""
    for prefix in PREFIXES:
        within = {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}
        tensors = within or tensors
    return tensors


def filled(card: dict[str, Any], tensors: dict[str, Tensor]) -> nn.Module:
    """Build the model of a card with weights; the parts that it calls untrained keep what they begin with."""
    with torch.device("meta"):
        wanted = build(card).state_dict()
    parts = card.get("training", {}).get("untrained", ())
    untrained = {name for name in wanted if any(name.startswith(f"{part}.") for part in parts)}
    # Norms count batches since torch 0.4.1, which no prediction looks at.
    counts = {name: torch.zeros((), dtype=torch.int64) for name in wanted if name.endswith("num_batches_tracked")}
    tensors = counts | tensors
    if odd := sorted((wanted.keys() - tensors.keys() - untrained) | (tensors.keys() - wanted.keys())):
        raise CheckpointError(f"{len(odd)} weights are missing or too many, first {odd[0]}")
    for name, each in tensors.items():
        if wanted[name].shape != each.shape:
            raise CheckpointError(f"its {name} is {tuple(each.shape)}, not {tuple(wanted[name].shape)} as in ours")
        if not math.isfinite(each.sum(dtype=torch.float64)):
            raise CheckpointError(f"its {name} holds numbers that are none; the file is damaged")
    model = build(card)
    model.load_state_dict(tensors, strict=False)
    return model.eval()
