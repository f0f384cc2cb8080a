"""The net of two hands as ONNX: by torch's own word, and by that of what runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.weights import Weights
from handseg_cli.config import NetConfig
from handseg_cli.export.onnx import parity, to_onnx
from handseg_cli.models.digit import FEATURES, Digit
from handseg_cli.predict.pair_nets import find_pair_nets, open_pairs
from handseg_cli.runtime.onnx_session import OnnxSession
from tests.tiny import red_hands
from tests.tiny.two_red_hands import Two, photo

CARD = blank_card("digit", {}) | {"size": 64}


class Stem(nn.Module):
    """A stand-in for the backbone, whose thousand layers take a minute to trace: the other nets show they can be."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Conv2d(3, FEATURES, 4, 4)

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, 32, H / 4, W / 4)."""
        seen: Tensor = self.layers(images).relu()
        return seen


@pytest.fixture(scope="module")
def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Digit()
        net.backbone = Stem()  # type: ignore[assignment]
        net.conv_hm.weight.data *= 100  # score maps that point somewhere
        net.hand_fc.get_parameter("2.bias").data += 3
        return net.eval()


@pytest.fixture(scope="module")
def exported(net: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "pairs.onnx"
    path.write_bytes(to_onnx(net, CARD))
    return path


def test_onnx_says_what_torch_says(net: nn.Module, exported: Path) -> None:
    session = OnnxSession(exported.read_bytes())
    assert session.outputs == ["joints", "root_depth", "handedness", "parts"]
    assert parity(net, session) < 1e-4


def test_the_file_names_its_task_and_predicts(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "finder.onnx").write_bytes(red_hands.finder())
    nets = find_pair_nets(NetConfig(str(exported)), str(tmp_path / "finder.onnx"))
    assert isinstance(nets.model, Weights)
    assert (nets.model.name, nets.model.card["task"], nets.model.card["size"]) == ("pairs", "hands3d", 64)
    found = open_pairs(nets)(photo(Two((150, 120), (168, 120))))
    assert len(found.poses or ()) == 2
    assert all(np.isfinite(pose.joints).all() for pose in found.poses or ())
