"""The ONNX Runtime session."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from handseg_cli.checkpoints.weights import Weights
from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.runtime.onnx_session import OnnxSession, open_session


def test_a_broken_file_is_named(broken: Weights) -> None:
    with pytest.raises(CheckpointError, match=r"broken\.onnx: .*; copy or download it again"):
        open_session(broken)


def test_damaged_bytes_are_refused_or_run_in_silence(tiny_weights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = tiny_weights.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(30):
        damaged = np.frombuffer(data, np.uint8).copy()
        # The graph lies at both ends, the weights between them, where damage goes unseen.
        places = rng.integers(0, 30_000, 20) - rng.integers(0, 2, 20) * 30_000
        damaged[places] = rng.integers(0, 256, 20)
        with contextlib.suppress(CheckpointError):
            OnnxSession(damaged.tobytes())
    assert capfd.readouterr() == ("", "")


def test_a_net_that_takes_floats_is_refused(foreign: Weights) -> None:
    with pytest.raises(CheckpointError, match=r"foreign\.onnx: .*photos as bytes"):
        open_session(foreign)


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
