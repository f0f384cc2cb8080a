"""PyTorch, for checkpoints on a GPU, in half precision where asked. The one runtime that imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.registry import resolve
from handseg_cli.runtime.session import Batch, Floats

LOAD = "handseg_cli.checkpoints.store:load"  # a layer up, so by name
LOAD_ANY = "handseg_cli.checkpoints.foreign:load_any"

Card = dict[str, Any]


class HasSafetensors(Protocol):
    """Weights with a safetensors file."""

    @property
    def safetensors(self) -> Path | None: ...


def open_session(weights: HasSafetensors, *, device: str = "cpu", threads: int = 1, half: bool = False) -> TorchSession:
    """Build the net of a .safetensors file on a device; on the CPU each `run` uses that many threads."""
    check_device(device)
    if weights.safetensors is None:
        raise CheckpointError("there is no .safetensors file, which torch runs; use --runtime onnx")
    load = cast(Callable[[Path], tuple[nn.Module, Card]], resolve(LOAD))
    model, _ = load(weights.safetensors)
    torch.set_num_threads(threads)
    return TorchSession(model, device, half)


def open_checkpoint(path: Path, *, device: str = "cpu", half: bool = False) -> tuple[TorchSession, Card]:
    """Build the net of a checkpoint, ours or another system's, on a device, and return it with its card."""
    check_device(device)
    load = cast(Callable[[Path], tuple[nn.Module, Card]], resolve(LOAD_ANY))
    model, card = load(path)
    torch.set_num_threads(1)
    return TorchSession(model, device, half), card


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
        with self._running(len(batch)):
            images = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)  # bytes travel, floats are made there
            return as_arrays(self.model(images.to(self.dtype) / 255))

    def feed(self, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
        """Run a net that sees no photos on arrays (B, ...), by the names of what it takes."""
        with self._running(max(map(len, arrays.values()), default=0)):
            tensors = {name: torch.from_numpy(each).to(self.device, self.dtype) for name, each in arrays.items()}
            return as_arrays(self.model(**tensors))

    @contextmanager
    def _running(self, count: int) -> Iterator[None]:
        try:
            with torch.inference_mode():
                yield
        except torch.OutOfMemoryError as error:
            # What Python calls it, so that callers who know no torch can try fewer photos at once.
            raise MemoryError(f"{self.device} has no memory left for {count} photos at once") from error


def as_arrays(outputs: Mapping[str, Tensor]) -> dict[str, Floats]:
    """Return what a net tells as float32 arrays."""
    return {name: output.float().cpu().numpy() for name, output in outputs.items()}
