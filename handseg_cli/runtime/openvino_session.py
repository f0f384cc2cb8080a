"""OpenVINO: an extra, faster on Intel processors and on any that compute in bfloat16, slower to start."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Protocol

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.runtime.onnx_file import read_model
from handseg_cli.runtime.session import Batch


class HasOnnx(Protocol):
    """Weights with an ONNX file."""

    @property
    def onnx(self) -> Path | None: ...


def open_session(weights: HasOnnx, *, device: str = "cpu", threads: int = 1, half: bool = False) -> OpenvinoSession:
    """Open the ONNX file of some weights on the CPU; each `run` uses that many threads, `half` computes in bfloat16."""
    if device != "cpu":
        raise DeviceError(f"--runtime openvino runs on the cpu; for {device} use --runtime torch")
    if weights.onnx is None:
        raise CheckpointError("there is no .onnx file; make one with `handseg export`, or add --runtime torch")
    try:
        return OpenvinoSession(read_model(weights.onnx), threads, half)
    except CheckpointError as error:
        raise CheckpointError(f"{weights.onnx}: {error}; copy or download it again") from error


class OpenvinoSession:
    """A net in OpenVINO; `run` may be called from several threads at once."""

    device = "cpu"

    def __init__(self, model: bytes, threads: int = 1, half: bool = False) -> None:
        core = ov.Core()
        try:
            net = core.read_model(model)
            self.compiled = core.compile_model(net, "CPU", settings(threads, half))
        except RuntimeError as error:
            reason = str(error).splitlines()[0][:200]
            raise CheckpointError(f"not a net that OpenVINO can run ({reason})") from error
        if net.input(0).element_type != ov.Type.u8:
            raise CheckpointError("it does not take photos as bytes, so `handseg export` has not made it")
        self.names = [output.get_any_name() for output in self.compiled.outputs]
        self.requests = threading.local()
        # OpenVINO sets things up when arrays first go in and out, and two threads at that at once wait for each other
        # for ever: one for Python's lock, which the other holds, and that one for its turn.
        self.run(np.zeros((1, 32, 32, 3), np.uint8))

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB."""
        if not hasattr(self.requests, "mine"):
            self.requests.mine = self.compiled.create_infer_request()
        # The outputs are copied out: the next call in this thread writes over those of the request.
        outputs = self.requests.mine.infer({0: batch}, share_inputs=True, share_outputs=False)
        return {name: np.asarray(outputs[place], dtype=np.float32) for place, name in enumerate(self.names)}


def settings(threads: int, half: bool) -> dict[str, str]:
    """Choose as many streams as can run side by side, and the precision: left alone, OpenVINO takes bfloat16 itself."""
    streams = max(1, (os.cpu_count() or 1) // threads)
    return {
        "INFERENCE_NUM_THREADS": str(threads * streams),
        "NUM_STREAMS": str(streams),
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "ENABLE_CPU_PINNING": "NO",
    }
