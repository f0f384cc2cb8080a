"""What every net of the registry keeps."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from handseg_cli.checkpoints.store import load, save
from handseg_cli.registry import MODELS, resolve
from handseg_cli.runtime.onnx_session import OnnxSession

SIZES = [(32, 32), (64, 96), (160, 32), (224, 352)]


@pytest.fixture(params=MODELS, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def model(name: str) -> nn.Module:
    torch.manual_seed(0)
    return cast(type[nn.Module], resolve(MODELS[name]))()


@pytest.mark.parametrize("size", SIZES)
def test_logits_have_a_quarter_of_the_size(model: nn.Module, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        outputs = model.eval()(torch.rand(2, 3, *size))
    assert outputs["mask"].shape == (2, 1, size[0] // 4, size[1] // 4)
    assert all(torch.isfinite(output).all() for output in outputs.values())


def test_gradients_reach_every_parameter(model: nn.Module) -> None:
    model.train().zero_grad()
    sum(output.square().mean() for output in model(torch.rand(2, 3, 64, 96)).values()).backward()
    idle = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.abs().sum() > 0]
    assert not idle


def test_photos_of_a_batch_do_not_mix(model: nn.Module) -> None:
    images = torch.rand(3, 3, 64, 96)
    with torch.inference_mode():
        whole = model.eval()(images)["mask"]
        single = torch.cat([model(image[None])["mask"] for image in images])
    assert torch.allclose(whole, single, atol=1e-4)


def test_saved_and_loaded_it_says_the_same(name: str, model: nn.Module, tmp_path: Path) -> None:
    save(tmp_path / "net.safetensors", model, {"model": name, "arguments": {}})
    loaded, _ = load(tmp_path / "net.safetensors")
    images = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        assert torch.equal(loaded(images)["mask"], model.eval()(images)["mask"])


@pytest.mark.parametrize("size", SIZES)
def test_onnx_equals_torch(tiny_weights: Path, size: tuple[int, int]) -> None:
    model, _ = load(tiny_weights.with_suffix(".safetensors"))
    pixels = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)
    with torch.inference_mode():
        wanted = model(pixels.permute(0, 3, 1, 2) / 255)["mask"].numpy()
    given = OnnxSession(tiny_weights.read_bytes()).run(pixels.numpy())["mask"]
    assert np.abs(given - wanted).max() < 1e-3 * max(1, np.abs(wanted).max())
