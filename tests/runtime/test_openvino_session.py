"""The OpenVINO session."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.checkpoints.weights import Weights
from handseg_cli.errors import CheckpointError, DeviceError

pytest.importorskip("openvino")

from handseg_cli.runtime.openvino_session import open_session


def test_a_broken_file_is_named(broken: Weights) -> None:
    with pytest.raises(CheckpointError, match=r"broken\.onnx: .*; copy or download it again"):
        open_session(broken)


def test_a_net_that_takes_floats_is_refused(foreign: Weights) -> None:
    with pytest.raises(CheckpointError, match=r"foreign\.onnx: .*photos as bytes"):
        open_session(foreign)


def test_weights_without_onnx_tell_how_to_get_it(nothing: Weights) -> None:
    with pytest.raises(CheckpointError, match="handseg export"):
        open_session(nothing)


def test_another_device_is_an_error(tiny: Weights) -> None:
    with pytest.raises(DeviceError, match="cuda"):
        open_session(tiny, device="cuda")


def test_half_precision_stays_near(tiny: Weights) -> None:
    batch = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    exact, half = (open_session(tiny, half=half).run(batch)["mask"] for half in (False, True))
    assert half.dtype == np.float32
    assert np.abs(exact - half).mean() < 0.1 * exact.std()


def test_an_answer_outlives_the_next_question(tiny: Weights) -> None:
    session = open_session(tiny)
    first = session.run(np.zeros((1, 64, 64, 3), np.uint8))["mask"]
    kept = first.copy()
    session.run(np.full((1, 64, 64, 3), 255, np.uint8))
    assert np.array_equal(first, kept)
