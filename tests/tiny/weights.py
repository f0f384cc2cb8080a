"""Weights without training: a Lite net that tells all it can, at 128 x 128, as safetensors and as ONNX."""

from __future__ import annotations

from pathlib import Path

import torch

from handseg_cli.checkpoints.store import save
from handseg_cli.export.onnx import export_onnx
from handseg_cli.models.lite import Lite

TELLS = ["hand", "arm", "side"]


def build(folder: Path) -> None:
    """Write tiny.safetensors and tiny.onnx, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Lite(width=16, tells=TELLS)
        # Norms that fit their inputs let the picture through to the logits; untouched, these would all be alike.
        for norm in (module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)):
            norm.momentum = 1.0
        with torch.no_grad():
            outputs = model(torch.rand(8, 3, 4, 4).repeat_interleave(32, 2).repeat_interleave(32, 3))
            for channel, logits in enumerate(outputs.values()):
                model.get_parameter("head.1.bias")[channel].sub_(logits.mean()).mul_(4 / logits.std())
                model.get_parameter("head.1.weight")[channel].mul_(4 / logits.std())
    card = {
        "model": "lite",
        "arguments": {"width": 16, "tells": TELLS},
        "task": "hands",
        "classes": ["hand"],
        "size": 128,
        "stride": 32,
    }
    save(folder / "tiny.safetensors", model.eval(), card)
    export_onnx(folder / "tiny.safetensors", folder / "tiny.onnx")
