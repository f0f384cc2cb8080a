"""PyTorch, for checkpoints on a GPU, in half precision where asked. The one runtime that imports torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.registry import resolve
from handseg_cli.runtime.session import Batch

LOAD = "handseg_cli.checkpoints.store:load"  # a layer up, so by name


class HasSafetensors(Protocol):
    """Weights with a safetensors file."""

    @property
    def safetensors(self) -> Path | None: ...


def open_session(weights: HasSafetensors, *, device: str = "cpu", threads: int = 1, half: bool = False) -> TorchSession:
    """Build the net of a .safetensors file on a device; on the CPU each `run` uses that many threads."""
    check_device(device)
    if weights.safetensors is None:
        raise CheckpointError("there is no .safetensors file, which torch runs; use --runtime onnx")
    load = cast(Callable[[Path], tuple[nn.Module, dict[str, Any]]], resolve(LOAD))
    model, _ = load(weights.safetensors)
    torch.set_num_threads(threads)
    return TorchSession(model, device, half)


def check_device(device: str) -> None:
    """Raise a DeviceError if torch has no such device here."""
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("cuda was asked for, but torch finds no CUDA GPU; check `nvidia-smi`, or leave out --device")
    if device == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("mps was asked for, but torch finds no Apple GPU here; leave out --device")
    if device not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"{device} is no device; use cpu, cuda or mps")


class TorchSession:
    """A net in torch; `run` may be called from several threads at once."""

    def __init__(self, model: nn.Module, device: str = "cpu", half: bool = False) -> None:
        self.device = device
        # A CPU has fast bfloat16 or no fast half precision at all; GPUs keep more digits in float16.
        self.dtype = (torch.bfloat16 if device == "cpu" else torch.float16) if half else torch.float32
        self.model = model.eval().to(device, self.dtype).to(memory_format=torch.channels_last)

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB."""
        try:
            with torch.inference_mode():
                images = (
                    torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)
                )  # bytes travel, floats are made there
                outputs = self.model(images.to(self.dtype) / 255)
                return {name: output.float().cpu().numpy() for name, output in outputs.items()}
        except torch.OutOfMemoryError as error:
            # What Python calls it, so that callers who know no torch can try fewer photos at once.
            raise MemoryError(f"{self.device} has no memory left for {len(batch)} photos at once") from error
