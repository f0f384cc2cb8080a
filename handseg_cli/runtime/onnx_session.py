"""ONNX Runtime: the default. It starts in a fraction of the time that torch takes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as raised

from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.runtime.onnx_file import read_model
from handseg_cli.runtime.session import Batch

# What ONNX Runtime raises for a file that is no net, or not one for it; they have no base class of their own.
REFUSALS = (
    raised.Fail,
    raised.InvalidArgument,
    raised.InvalidGraph,
    raised.InvalidProtobuf,
    raised.NotImplemented,
    raised.RuntimeException,
    UnicodeDecodeError,  # of its own message, where that quotes a damaged name
)

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class HasOnnx(Protocol):
    """Weights with an ONNX file."""

    @property
    def onnx(self) -> Path | None: ...


def open_session(weights: HasOnnx, *, device: str = "cpu", threads: int = 1, half: bool = False) -> OnnxSession:
    """Open the ONNX file of some weights; each `run` uses that many threads beside the caller's others."""
    if half:
        raise DeviceError("ONNX Runtime runs the file as it is, in float32; --half needs --runtime openvino or torch")
    if weights.onnx is None:
        raise CheckpointError("there is no .onnx file; make one with `handseg export`, or add --runtime torch")
    data = read_model(weights.onnx)
    try:
        return OnnxSession(data, device, threads)
    except CheckpointError as error:
        raise CheckpointError(f"{weights.onnx}: {error}; copy or download it again") from error


class OnnxSession:
    """A net in ONNX Runtime; `run` may be called from several threads at once."""

    def __init__(self, model: bytes, device: str = "cpu", threads: int = 1) -> None:
        provider = PROVIDERS.get(device, "")
        if provider not in ort.get_available_providers():
            raise DeviceError(f"this ONNX Runtime has no {device}; use --runtime torch, or install onnxruntime-gpu")
        try:
            # Its fallback would print on stdout and go on, on the CPU.
            self.session = ort.InferenceSession(model, options(threads), providers=[provider], enable_fallback=0)
        except REFUSALS as error:
            reason = str(error).partition("\n")[0][:200]
            raise CheckpointError(f"not a net that ONNX Runtime can run ({reason})") from error
        # Where CUDA's libraries are missing, ONNX Runtime merely logs it and leaves CUDA out.
        if self.session.get_providers()[0] != provider:
            raise DeviceError(f"{device} was asked for, but ONNX Runtime could not start on it; see its requirements")
        self.device = device
        given = self.session.get_inputs()[0]
        if given.type != "tensor(uint8)":
            raise CheckpointError(f"it takes a {given.type}, not photos as bytes, so `handseg export` has not made it")
        self.input = given.name
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB."""
        return dict(zip(self.outputs, self.session.run(self.outputs, {self.input: batch}), strict=True))


def options(threads: int) -> ort.SessionOptions:
    """Choose threads that sleep while idle, a quiet log, and no way out of the file."""
    chosen = ort.SessionOptions()
    chosen.intra_op_num_threads = threads
    chosen.inter_op_num_threads = 1
    chosen.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    chosen.log_severity_level = 4
    # A pattern is kept for every shape of photo seen: over many shapes 80 MB, for no gain in speed.
    chosen.enable_mem_pattern = False
    # Spinning wins little here and takes the core from the threads that decode and encode.
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    chosen.add_session_config_entry("session.model_external_initializers_file_folder_path", "/dev/null")
    return chosen
