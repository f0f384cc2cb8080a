"""A checkpoint as one ONNX file of any batch, height and width, if it says what torch says."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnx
import onnxscript  # noqa: F401 - torch's exporter needs it: a missing extra should show here, with its name
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handseg_cli.checkpoints.foreign import load_any
from handseg_cli.errors import CheckpointError
from handseg_cli.export.files import Exported
from handseg_cli.io.files import write_atomic
from handseg_cli.runtime.onnx_session import OnnxSession
from handseg_cli.runtime.session import Batch

OPSET = 20
SHAPES = ((1, 96, 160), (2, 128, 64), (3, 32, 32))  # batch, height, width where both must agree
TOLERANCE = 1e-3  # of the largest logit, or of 1


class Runs(Protocol):
    """What was exported, opened."""

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB."""
        ...


class OnPixels(nn.Module):
    """A net that takes (B, H, W, 3) uint8 RGB, as sessions do, instead of (B, 3, H, W) float."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Return what the net makes of the photos."""
        return dict(self.model(pixels.permute(0, 3, 1, 2).float() / 255))


def export_onnx(checkpoint: Path, output: Path) -> Exported:
    """Write a checkpoint as one ONNX file, its card inside; write nothing if ONNX Runtime disagrees with torch."""
    model, card = load_any(checkpoint)
    data = to_onnx(model, card)
    difference = agreeing(checkpoint, model, OnnxSession(data))
    write_atomic(output, data)
    return Exported(output, len(data), difference, card)


def agreeing(checkpoint: Path, model: nn.Module, session: Runs) -> float:
    """Return how far what was exported is off at most; CheckpointError if that is more than rounding."""
    difference = parity(model, session)
    if not difference <= TOLERANCE:
        raise CheckpointError(f"{checkpoint}: exported, its output is off by {difference:.2g}; report this as a bug")
    return difference


def to_onnx(model: nn.Module, card: dict[str, Any]) -> bytes:
    """Trace a model into the bytes of an ONNX file, norms folded into convolutions, the card in its metadata."""
    dim = torch.export.Dim
    # The tracer fears that a map of one pixel would be broadcast; `parity` shows that 32 pixels do work.
    sizes = ({0: dim("batch"), 1: dim("height", min=33), 2: dim("width", min=33)},)
    example = torch.zeros(2, 64, 96, 3, dtype=torch.uint8)  # unlike sizes, so that none is taken for a constant
    net = OnPixels(model)
    with torch.inference_mode():
        names = [*net(example)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        logging.disable(logging.WARNING)
        try:
            program = torch.onnx.export(
                net,
                (example,),
                input_names=["image"],
                output_names=names,
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


def parity(model: nn.Module, session: Runs) -> float:
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
