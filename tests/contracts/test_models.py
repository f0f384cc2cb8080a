"""What every net of the registry keeps."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pytest
import torch
from torch import nn

from handseg_cli.checkpoints.build import SEEN, blank_card, build
from handseg_cli.checkpoints.store import load, save
from handseg_cli.export.onnx import to_onnx
from handseg_cli.registry import MODELS, resolve
from handseg_cli.runtime.onnx_session import OnnxSession
from handseg_cli.tasks.decode import probability


class Kept(NamedTuple):
    """What one net promises: parameters, channels of its logits, and how many times smaller these are."""

    parameters: int
    channels: int
    smaller: int


PROMISES = {"lite": Kept(1_887_681, 1, 4), "deeplab": Kept(39_633_986, 2, 1), "unet": Kept(13_395_329, 1, 1)}
SIZES = [(32, 32), (64, 96), (96, 32)]
ODD = [(33, 47), (24, 16)]


@pytest.fixture(params=MODELS, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def model(name: str) -> nn.Module:
    torch.manual_seed(0)
    return cast(type[nn.Module], resolve(MODELS[name]))()


def sizes(name: str) -> list[tuple[int, int]]:
    """Return sizes that a net has to take: any, for those whose logits are as large as the photo."""
    return SIZES if PROMISES[name].smaller > 1 else ODD


def test_every_net_is_promised_something() -> None:
    assert PROMISES.keys() == MODELS.keys() == SEEN.keys()


def test_it_has_as_many_parameters_as_its_paper_or_card_says(name: str, model: nn.Module) -> None:
    assert sum(each.numel() for each in model.parameters()) == PROMISES[name].parameters


def test_logits_have_their_size(name: str, model: nn.Module) -> None:
    _, channels, smaller = PROMISES[name]
    for height, width in sizes(name):
        with torch.inference_mode():
            outputs = model.eval()(torch.rand(2, 3, height, width))
        assert outputs["mask"].shape == (2, channels, height // smaller, width // smaller)
        assert torch.isfinite(outputs["mask"]).all()


def test_its_logits_become_a_probability(model: nn.Module) -> None:
    with torch.inference_mode():
        logits = model.eval()(torch.rand(1, 3, 32, 64))["mask"][0].numpy()
    assert probability(logits, (33, 65)).shape == (33, 65)


def test_gradients_reach_every_parameter(name: str, model: nn.Module) -> None:
    # Where a map has one pixel, a norm over two photos lets nothing through.
    side = 64 if name == "lite" else 33
    model.train().zero_grad()
    sum(output.square().mean() for output in model(torch.rand(2, 3, side, side)).values()).backward()
    idle = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.abs().sum() > 0]
    assert not idle


def test_it_trains_on_a_batch_of_one(name: str, model: nn.Module) -> None:
    side = 64 if name == "lite" else 33
    model.train()(torch.rand(1, 3, side, side))["mask"].mean().backward()


def test_it_has_an_encoder_and_a_head(model: nn.Module) -> None:
    # By these names a training gives them rates of their own, or freezes them.
    assert {"encoder", "head"} <= {part for part, _ in model.named_children()}


def test_photos_of_a_batch_do_not_mix(model: nn.Module) -> None:
    images = torch.rand(2, 3, 64, 32)
    with torch.inference_mode():
        whole = model.eval()(images)["mask"]
        single = torch.cat([model(image[None])["mask"] for image in images])
    assert torch.allclose(whole, single, atol=1e-4)


def test_saved_and_loaded_it_says_the_same(name: str, model: nn.Module, tmp_path: Path) -> None:
    save(tmp_path / "net.safetensors", model, blank_card(name, {}))
    loaded, _ = load(tmp_path / "net.safetensors")
    images = torch.rand(1, 3, 64, 32)
    with torch.inference_mode():
        assert torch.equal(loaded(images)["mask"], model.eval()(images)["mask"])


@pytest.fixture(scope="module")
def exported(name: str, tiny_weights: Path) -> tuple[nn.Module, OnnxSession]:
    """Return a net and what became of it as ONNX; for `lite` the small one there is, as an export takes seconds."""
    if name == "lite":
        return load(tiny_weights.with_suffix(".safetensors"))[0], OnnxSession(tiny_weights.read_bytes())
    torch.manual_seed(0)
    model = build(blank_card(name, {})).eval()
    return model, OnnxSession(to_onnx(model, blank_card(name, {})))


def test_onnx_equals_torch(name: str, exported: tuple[nn.Module, OnnxSession]) -> None:
    model, session = exported
    for size in sizes(name):
        pixels = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)
        with torch.inference_mode():
            wanted = model(pixels.permute(0, 3, 1, 2) / 255)["mask"].numpy()
        assert np.abs(session.run(pixels.numpy())["mask"] - wanted).max() < 1e-3 * max(1, np.abs(wanted).max())
