"""The torch session."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from handseg_cli.checkpoints.weights import Weights
from handseg_cli.errors import CheckpointError, DeviceError
from handseg_cli.runtime.torch_session import TorchSession, open_checkpoint, open_session


def test_a_broken_file_is_named(broken: Weights) -> None:
    with pytest.raises(CheckpointError, match=r"broken\.safetensors: "):
        open_session(broken)


def test_weights_without_safetensors_tell_what_to_do(nothing: Weights) -> None:
    with pytest.raises(CheckpointError, match="--runtime onnx"):
        open_session(nothing)


@pytest.mark.parametrize("device", ["cuda", "mps", "tpu"])
def test_an_absent_device_is_an_error(tiny: Weights, device: str) -> None:
    if {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}.get(device):
        pytest.skip(f"this machine has {device}")
    with pytest.raises(DeviceError, match=device):
        open_session(tiny, device=device)


def test_half_precision_stays_near(tiny: Weights) -> None:
    batch = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    exact, half = (open_session(tiny, half=half).run(batch)["mask"] for half in (False, True))
    assert half.dtype == np.float32
    assert np.abs(exact - half).mean() < 0.1 * exact.std()


class Greedy(torch.nn.Module):
    """A net for which no device is large enough."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        raise torch.OutOfMemoryError


def test_a_full_device_is_a_memory_error() -> None:
    with pytest.raises(MemoryError, match="4 photos"):
        TorchSession(Greedy()).run(np.zeros((4, 32, 32, 3), np.uint8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
@pytest.mark.parametrize("half", [False, True])
def test_a_gpu_agrees_with_the_cpu(tiny: Weights, half: bool) -> None:
    batch = np.random.default_rng(0).integers(0, 256, (3, 128, 96, 3), np.uint8)
    wanted = open_session(tiny).run(batch)["mask"]
    given = open_session(tiny, device="cuda", half=half).run(batch)["mask"]
    assert np.abs(given - wanted).mean() < (0.1 if half else 0.01) * wanted.std()


class Sum(torch.nn.Module):
    """A net that sees no photos."""

    def forward(self, one: torch.Tensor, other: torch.Tensor) -> dict[str, torch.Tensor]:
        if one.shape[0] == 4:
            raise torch.OutOfMemoryError
        return {"sum": one + 2 * other}


def test_arrays_go_in_by_name() -> None:
    one, other = np.ones((2, 3), np.float32), np.full((2, 3), 4, np.float32)
    found = TorchSession(Sum()).feed({"other": other, "one": one})
    assert found["sum"].tolist() == [[9.0] * 3] * 2
    assert found["sum"].dtype == np.float32


def test_of_arrays_too_a_full_device_is_a_memory_error() -> None:
    four = np.zeros((4, 1), np.float32)
    with pytest.raises(MemoryError, match="4 photos"):
        TorchSession(Sum()).feed({"one": four, "other": four})


def test_a_checkpoint_is_opened_with_its_card(tiny: Weights) -> None:
    assert tiny.safetensors is not None
    session, card = open_checkpoint(tiny.safetensors)
    batch = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    assert np.array_equal(session.run(batch)["mask"], open_session(tiny).run(batch)["mask"])
    assert (card["model"], card["size"]) == ("lite", 128)
