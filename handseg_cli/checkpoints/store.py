"""Checkpoints on disk: one safetensors file, the weights as they are and a card as JSON in its header.

Nothing is ever unpickled, so a checkpoint from a stranger can be wrong but cannot run code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as pack
from torch import Tensor, nn

from handseg_cli.checkpoints.build import build
from handseg_cli.checkpoints.weights import read_card
from handseg_cli.errors import CheckpointError
from handseg_cli.io.files import write_atomic


def save(path: Path, model: nn.Module, card: dict[str, Any]) -> None:
    """Write a model's weights and its card ("model", "arguments", "size" ...), whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_atomic(path, pack(tensors, metadata={"card": json.dumps(card)}))


def load(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Read a checkpoint: the model in evaluation mode, on the CPU, and its card."""
    card = read_card(path)
    try:
        tensors = parse(path.read_bytes())
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); copy or download it again") from error
    try:
        # The shapes are compared on a net without memory first: a wrong card must not make us fill the machine.
        with torch.device("meta"):
            same_shapes(build(card), tensors)
        model = build(card)
        model.load_state_dict(tensors)
    except (CheckpointError, RuntimeError) as error:
        raise CheckpointError(f"{path}: {error}; use a file written by `save` of this or an older version") from error
    return model.eval(), card


def same_shapes(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Raise a CheckpointError unless the weights are exactly those that the model has."""
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    given = {name: tensor.shape for name, tensor in tensors.items()}
    odd = sorted(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name))
    if odd:
        raise CheckpointError(f"its weights do not fit its card ({len(odd)} of them, first {odd[0]})")
