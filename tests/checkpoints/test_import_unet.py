"""U-Net weights of others."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from handseg_cli.checkpoints.foreign import load_any
from handseg_cli.checkpoints.import_unet import converted
from handseg_cli.errors import CheckpointError
from handseg_cli.models.unet import UNet

DOWN = (64, 128, 256, 512, 512)
UP = ((1024, 256), (512, 128), (256, 64), (128, 64))


class Holder(nn.Module):
    """Something with parts by name, as the names of weights have them."""

    def __init__(self, name: str, part: nn.Module) -> None:
        super().__init__()
        self.add_module(name, part)


def twice(inputs: int, outputs: int) -> nn.Sequential:
    layers = [[nn.Conv2d(a, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()] for a in (inputs, outputs)]
    return nn.Sequential(*layers[0], *layers[1])


class Source(nn.Module):
    """The second system's net, by its names and without a line of it."""

    def __init__(self) -> None:
        super().__init__()
        self.inc = Holder("conv", Holder("conv", twice(3, 64)))
        for level, (inputs, outputs) in enumerate(pairwise(DOWN), start=1):
            part = nn.Sequential(nn.MaxPool2d(2), Holder("conv", twice(inputs, outputs)))
            self.add_module(f"down{level}", Holder("mpconv", part))
        for level, (inputs, outputs) in enumerate(UP, start=1):
            self.add_module(f"up{level}", Holder("conv", Holder("conv", twice(inputs, outputs))))
        self.outc = Holder("conv", nn.Conv2d(64, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.get_submodule("inc.conv.conv")(x)]
        for level in range(1, 5):
            below = F.max_pool2d(maps[-1], 2)
            maps.append(self.get_submodule(f"down{level}.mpconv.1.conv")(below))
        x = maps.pop()
        for level in range(1, 5):
            wider = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)(x)
            x = self.get_submodule(f"up{level}.conv.conv")(torch.cat([maps.pop(), wider], 1))
        logits: Tensor = self.get_submodule("outc.conv")(x)
        return logits


@pytest.fixture(scope="module")
def source() -> Source:
    torch.manual_seed(0)
    net = Source()
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean = torch.randn_like(norm.weight) * 0.1
        norm.running_var = torch.rand_like(norm.weight) + 0.5
    return net.eval()


def state(source: Source) -> dict[str, Tensor]:
    """Return the 110 weights that torch 0.3 kept of it."""
    kept = {name: each for name, each in source.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert len(kept) == 110
    return kept


def test_a_legacy_file_says_what_its_net_says(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "MODEL.pth"
    torch.save(state(source), path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"_rebuild_tensor_v2\n", b"_rebuild_tensor\n"))  # as torch 0.3 wrote
    model, card = load_any(path)
    images = torch.rand(2, 3, 48, 32)
    assert torch.allclose(model(images)["mask"], source(images), atol=1e-5)
    assert (card["model"], card["arguments"], card["fit"]) == ("unet", {}, "area")


def later(name: str) -> str:
    """Return the name that a later version of the repository gives a weight."""
    if name.startswith("outc"):
        return name
    return name.replace("mpconv.1.conv.", "maxpool_conv.1.double_conv.").replace(
        "conv.conv.", ("double_conv." if name.startswith("inc") else "conv.double_conv.")
    )


def test_later_names_lead_to_the_same_weights(source: Source) -> None:
    renamed = {later(name): each for name, each in source.state_dict().items()}
    assert {"inc.double_conv.0.weight", "up1.conv.double_conv.0.weight"} <= renamed.keys()
    ours, _ = converted(renamed)
    assert ours.keys() == UNet().state_dict().keys()
    assert all(torch.equal(each, converted(source.state_dict())[0][name]) for name, each in ours.items())


def test_convolutions_without_a_bias_get_none_that_counts(source: Source) -> None:
    without = {name: each for name, each in state(source).items() if not name.endswith(("conv.0.bias", "conv.3.bias"))}
    ours, _ = converted(without)
    assert not ours["encoder.0.0.bias"].any()
    assert len(ours) == 110


def test_transposed_convolutions_are_refused(source: Source) -> None:
    more = state(source) | {"up1.up.weight": torch.zeros(512, 512, 2, 2)}
    with pytest.raises(CheckpointError, match="transposed convolutions; only those that interpolate are known"):
        converted(more)


def test_other_shapes_are_refused_by_name(source: Source, tmp_path: Path) -> None:
    torch.save(state(source) | {"outc.conv.weight": torch.zeros(2, 64, 1, 1)}, tmp_path / "CP3.pth")
    with pytest.raises(CheckpointError, match=r"CP3\.pth: its head\.weight is \(2, 64, 1, 1\), not \(1, 64, 1, 1\)"):
        load_any(tmp_path / "CP3.pth")


def test_a_part_of_another_kind_is_named(source: Source) -> None:
    with pytest.raises(CheckpointError, match=r"another kind, up1\.attention\.weight"):
        converted(state(source) | {"up1.attention.weight": torch.zeros(1)})


def test_a_net_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=r"a\.pth: no net that is known; its 1 weights begin with fc\.weight"):
        load_any(tmp_path / "a.pth")
