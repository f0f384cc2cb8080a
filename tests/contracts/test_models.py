"""What every net of the registry keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handseg_cli.checkpoints.build import SEEN, blank_card, build
from handseg_cli.checkpoints.store import load, save
from handseg_cli.export.onnx import to_onnx
from handseg_cli.registry import MODELS, resolve
from handseg_cli.runtime.onnx_session import OnnxSession
from handseg_cli.tasks.decode import probability

Sizes = tuple[tuple[int, int], ...]
Shapes = dict[str, tuple[int, ...]]

# Heights and widths: where both are multiples of 32, and for nets that take any.
SIZES: Sizes = ((32, 32), (64, 96), (96, 32))
ODD: Sizes = ((33, 47), (24, 16))


def photos(count: int, height: int, width: int) -> tuple[Tensor, ...]:
    """Return what most nets see: RGB, 0 to 1."""
    return (torch.rand(count, 3, height, width),)


def score_maps(count: int, height: int, width: int) -> tuple[Tensor, ...]:
    """Return the maps of 21 joints, an eighth as large as the photo, and of which side the hands are."""
    return torch.rand(count, 21, height // 8, width // 8), torch.eye(2)[torch.arange(count) % 2]


class Kept(NamedTuple):
    """What one net promises: its parameters, and the shapes of its outputs for one photo of a height and width.

    It takes photos of these sizes, learns from those of a side, and sees what it is made to see of them.
    """

    parameters: int
    shapes: Callable[[int, int], Shapes]
    sizes: Sizes
    side: int = 33
    sees: Callable[[int, int, int], tuple[Tensor, ...]] = photos


# Where a map has one pixel, a norm over two photos lets nothing through: hence sides of 64.
PROMISES = {
    "lite": Kept(1_887_681, lambda h, w: {"mask": (1, h // 4, w // 4)}, SIZES, side=64),
    "deeplab": Kept(39_633_986, lambda h, w: {"mask": (2, h, w)}, ODD),
    "unet": Kept(13_395_329, lambda h, w: {"mask": (1, h, w)}, ODD),
    "handsegnet": Kept(13_601_986, lambda h, w: {"mask": (2, h, w)}, ODD),
    "posenet": Kept(
        17_518_847,
        lambda h, w: {"score_maps": (21, h // 8, w // 8), "stages": (3, 21, h // 8, w // 8)},
        ODD,
    ),
    "poselift": Kept(
        3_875_682,
        lambda h, w: {"canonical": (21, 3), "rotation": (3, 3), "joints": (21, 3)},
        ((256, 256),),
        side=256,
        sees=score_maps,
    ),
    "handpose": Kept(
        1_994_412,
        lambda h, w: {
            **{"points": (21, 2), "depths": (21,), "right": (1,), "score": (1,)},
            "maps": (21, h // 4, w // 4),
        },
        SIZES,
        side=64,
    ),
    "digit": Kept(
        40_711_475,
        lambda h, w: {"joints": (42, 3), "root_depth": (1,), "handedness": (2,), "parts": (33, h // 2, w // 2)},
        SIZES,
        side=64,
    ),
}
MASKS = [name for name, kept in PROMISES.items() if "mask" in kept.shapes(32, 32)]
# Exported, nets see photos; `poselift` shows with its own tests that it can be. `digit` would take a minute.
EXPORTED = [name for name, kept in PROMISES.items() if kept.sees is photos and name != "digit"]

nets_of_masks = pytest.mark.parametrize("name", MASKS, indirect=True, scope="module")


@pytest.fixture(params=MODELS, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def kept(name: str) -> Kept:
    return PROMISES[name]


@pytest.fixture(scope="module")
def model(name: str) -> nn.Module:
    torch.manual_seed(0)
    return cast(type[nn.Module], resolve(MODELS[name]))()


def outputs(model: nn.Module, seen: tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Return what a net says when it is used."""
    with torch.inference_mode():
        return cast(dict[str, Tensor], model.eval()(*seen))


def test_every_net_is_promised_something() -> None:
    assert PROMISES.keys() == MODELS.keys() == SEEN.keys()


def test_it_has_as_many_parameters_as_its_paper_or_card_says(kept: Kept, model: nn.Module) -> None:
    assert sum(each.numel() for each in model.parameters()) == kept.parameters


def test_outputs_have_their_names_and_shapes(kept: Kept, model: nn.Module) -> None:
    for size in kept.sizes:
        said = outputs(model, kept.sees(2, *size))
        assert {name: tuple(each.shape) for name, each in said.items()} == {
            name: (2, *shape) for name, shape in kept.shapes(*size).items()
        }
        assert all(torch.isfinite(each).all() for each in said.values())


@nets_of_masks
def test_its_logits_become_a_probability(model: nn.Module) -> None:
    logits = outputs(model, photos(1, 32, 64))["mask"][0].numpy()
    assert probability(logits, (33, 65)).shape == (33, 65)


@nets_of_masks
def test_it_has_an_encoder_and_a_head(model: nn.Module) -> None:
    # By these names a training gives them rates of their own, or freezes them.
    assert {"encoder", "head"} <= {part for part, _ in model.named_children()}


def test_gradients_reach_every_parameter(kept: Kept, model: nn.Module) -> None:
    model.train().zero_grad()
    said = model(*kept.sees(2, kept.side, kept.side))
    sum(output.square().mean() for output in said.values()).backward()
    idle = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.abs().sum() > 0]
    assert not idle


def test_it_trains_on_a_batch_of_one(kept: Kept, model: nn.Module) -> None:
    said = model.train()(*kept.sees(1, kept.side, kept.side))
    sum(output.mean() for output in said.values()).backward()


def test_photos_of_a_batch_do_not_mix(kept: Kept, model: nn.Module) -> None:
    seen = kept.sees(2, *kept.sizes[-1])
    whole = outputs(model, seen)
    for number in range(2):
        single = outputs(model, tuple(each[number : number + 1] for each in seen))
        assert all(torch.allclose(single[name][0], each[number], atol=1e-4) for name, each in whole.items())


def test_saved_and_loaded_it_says_the_same(name: str, kept: Kept, model: nn.Module, tmp_path: Path) -> None:
    save(tmp_path / "net.safetensors", model, blank_card(name, {}))
    loaded, _ = load(tmp_path / "net.safetensors")
    seen = kept.sees(1, *kept.sizes[-1])
    said = outputs(model, seen)
    assert all(torch.equal(each, said[key]) for key, each in outputs(loaded, seen).items())


@pytest.fixture(scope="module")
def exported(name: str, tiny_weights: Path) -> tuple[nn.Module, OnnxSession]:
    """Return a net and what became of it as ONNX; for `lite` the small one there is, as an export takes seconds."""
    if name == "lite":
        return load(tiny_weights.with_suffix(".safetensors"))[0], OnnxSession(tiny_weights.read_bytes())
    torch.manual_seed(0)
    model = build(blank_card(name, {})).eval()
    return model, OnnxSession(to_onnx(model, blank_card(name, {})))


@pytest.mark.parametrize("name", EXPORTED, indirect=True, scope="module")
def test_onnx_equals_torch(kept: Kept, exported: tuple[nn.Module, OnnxSession]) -> None:
    model, session = exported
    for size in kept.sizes:
        pixels = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)
        wanted = outputs(model, (pixels.permute(0, 3, 1, 2) / 255,))
        for found, each in zip(session.run(pixels.numpy()).values(), wanted.values(), strict=True):
            assert np.abs(found - each.numpy()).max() < 1e-3 * max(1.0, float(each.abs().max()))
