"""The export verb: a checkpoint, ours or another system's, in the format that the name of the output asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from handseg_cli.checkpoints.foreign import load_any
from handseg_cli.checkpoints.store import save
from handseg_cli.config import ExportConfig
from handseg_cli.registry import resolve

# "module:attribute" of a function of checkpoint and output, by the suffix of the output. Those of others need extras.
WRITERS = {
    ".safetensors": "handseg_cli.export.files:export_safetensors",
    ".onnx": "handseg_cli.export.onnx:export_onnx",
    ".xml": "handseg_cli.export.openvino:export_openvino",
}


@dataclass(frozen=True)
class Exported:
    """What was written, its bytes, how far at most its output was from torch's (-1: it is torch's), and its card."""

    path: Path
    size: int
    difference: float = -1.0
    card: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        checked = f", within {self.difference:.1e} of torch" if self.difference >= 0 else ""
        untrained = ", ".join(self.card.get("training", {}).get("untrained", ()))
        warning = f"; its {untrained} is untrained: `handseg train` or `finetune` it before use" if untrained else ""
        return f"{self.path}: {self.size / 1e6:.1f} MB{checked}{warning}"


def export(config: ExportConfig) -> Exported:
    """Write a checkpoint in the format that the name of the output asks for."""
    if config.half:
        return export_safetensors(config.checkpoint, config.output, half=True)
    write = cast(Callable[[Path, Path], Exported], resolve(WRITERS[config.output.suffix.lower()]))
    return write(config.checkpoint, config.output)


def export_safetensors(checkpoint: Path, output: Path, *, half: bool = False) -> Exported:
    """Write a checkpoint as a .safetensors file of ours; in half precision, but for norms and biases, which are few."""
    model, card = load_any(checkpoint)
    for weight in model.parameters() if half else ():
        weight.data = weight.data.half() if weight.ndim > 1 else weight.data
    save(output, model, card)
    return Exported(output, output.stat().st_size, card=card)
