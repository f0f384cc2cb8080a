"""The ONNX Runtime session."""

from __future__ import annotations

import onnxruntime as ort
import pytest

from handseg_cli.checkpoints.weights import Weights
from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.runtime.onnx_session import open_session


def test_a_broken_file_is_named(broken: Weights) -> None:
    with pytest.raises(CheckpointError, match=r"broken\.onnx: .*; copy or download it again"):
        open_session(broken)


def test_weights_without_onnx_tell_how_to_get_it(nothing: Weights) -> None:
    with pytest.raises(CheckpointError, match="handseg export"):
        open_session(nothing)


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="this ONNX Runtime has CUDA")
def test_an_absent_device_is_an_error(tiny: Weights) -> None:
    with pytest.raises(DeviceError, match="cuda"):
        open_session(tiny, device="cuda")


def test_an_unknown_device_is_an_error(tiny: Weights) -> None:
    with pytest.raises(DeviceError, match="mps"):
        open_session(tiny, device="mps")


def test_half_precision_is_refused_not_ignored(tiny: Weights) -> None:
    with pytest.raises(DeviceError, match="half"):
        open_session(tiny, half=True)
