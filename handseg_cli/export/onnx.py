"""The export verb: a checkpoint becomes one ONNX file of any batch, height and width, if it says what torch says."""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxscript  # noqa: F401 - torch's exporter needs it: a missing extra should show here, with its name
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handseg_cli.checkpoints.store import load
from handseg_cli.config import ExportConfig
from handseg_cli.errors import CheckpointError
from handseg_cli.io.files import write_atomic
from handseg_cli.runtime.onnx_session import OnnxSession

OPSET = 20
SHAPES = ((1, 288, 512), (2, 384, 256), (3, 32, 32))  # batch, height, width where both must agree
TOLERANCE = 1e-3  # of the largest logit, or of 1


@dataclass(frozen=True)
class Exported:
    """What was written, and how far at most its output was from torch's."""

    path: Path
    size: int  # bytes
    difference: float

    def __str__(self) -> str:
        return f"{self.path}: {self.size / 1e6:.1f} MB, within {self.difference:.1e} of torch"


class OnPixels(nn.Module):
    """A net that takes (B, H, W, 3) uint8 RGB, as sessions do, instead of (B, 3, H, W) float."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Return what the net makes of the photos."""
        return dict(self.model(pixels.permute(0, 3, 1, 2).float() / 255))


def export(config: ExportConfig) -> Exported:
    """Write a .safetensors checkpoint as ONNX."""
    return export_onnx(config.checkpoint, config.output)


def export_onnx(checkpoint: Path, output: Path) -> Exported:
    """Write a checkpoint as one ONNX file, its card inside; write nothing if ONNX Runtime disagrees with torch."""
    model, card = load(checkpoint)
    data = to_onnx(model, card)
    difference = parity(model, OnnxSession(data))
    if difference > TOLERANCE:
        raise CheckpointError(f"{checkpoint}: as ONNX its output is off by {difference:.2g}; report this as a bug")
    write_atomic(output, data)
    return Exported(output, len(data), difference)


def to_onnx(model: nn.Module, card: dict[str, Any]) -> bytes:
    """Trace a model into the bytes of an ONNX file, norms folded into convolutions, the card in its metadata."""
    dim = torch.export.Dim
    # The tracer fears that a map of one pixel would be broadcast; `parity` shows that 32 pixels do work.
    sizes = ({0: dim("batch"), 1: dim("height", min=33), 2: dim("width", min=33)},)
    example = torch.zeros(2, 64, 96, 3, dtype=torch.uint8)  # unlike sizes, so that none is taken for a constant
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        logging.disable(logging.WARNING)
        try:
            program = torch.onnx.export(
                OnPixels(model),
                (example,),
                input_names=["image"],
                output_names=["mask"],
                dynamic_shapes=sizes,
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
        finally:
            logging.disable(logging.NOTSET)
    assert program is not None
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {"card": json.dumps(card)})
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString(deterministic=True))


def parity(model: nn.Module, session: OnnxSession) -> float:
    """Return how far at most both outputs are apart, relative to the largest, over sizes unlike that of the tracing."""
    worst = 0.0
    rng = np.random.default_rng(0)
    for batch, height, width in SHAPES:
        pixels = rng.integers(0, 256, (batch, height, width, 3), np.uint8)
        with torch.inference_mode():
            wanted = {name: array.numpy() for name, array in OnPixels(model)(torch.from_numpy(pixels)).items()}
        given = session.run(pixels)
        worst = max(worst, *(distance(given[name], array) for name, array in wanted.items()))
    return worst


def distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest difference of two arrays, as a fraction of the largest number where that is over 1."""
    return float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))
