"""The export verb."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.store import load
from handseg_cli.checkpoints.weights import read_card
from handseg_cli.config import ExportConfig
from handseg_cli.errors import CheckpointError, ConfigError, OutputError
from handseg_cli.export import onnx as onnx_module
from handseg_cli.export import openvino as openvino_module
from handseg_cli.export.files import Exported, export
from handseg_cli.models.unet import UNet


@pytest.fixture
def traced(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return tiny.safetensors, whose ONNX file is there already: tracing takes seconds."""
    for module in (onnx_module, openvino_module):
        monkeypatch.setattr(module, "to_onnx", lambda model, card: tiny_weights.read_bytes())
    return tiny_weights.with_suffix(".safetensors")


def test_onnx_is_written_and_said(traced: Path, tmp_path: Path) -> None:
    done = export(ExportConfig(traced, tmp_path / "net.onnx"))
    assert (tmp_path / "net.onnx").read_bytes() == traced.with_suffix(".onnx").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    assert str(done).startswith(f"{tmp_path / 'net.onnx'}: ")
    assert "of torch" in str(done)


def test_openvino_is_two_files_that_say_what_torch_says(traced: Path, tmp_path: Path) -> None:
    done = export(ExportConfig(traced, tmp_path / "net.xml"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.bin", "net.xml"]
    assert done.difference < 1e-4
    net = ov.Core().read_model(tmp_path / "net.xml")
    assert json.loads(net.get_rt_info("card").value) == read_card(traced)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    with torch.inference_mode():
        wanted = load(traced)[0](torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255)["mask"].numpy()
    given = ov.compile_model(net, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(pixels)[0]
    assert np.abs(given - wanted).max() < 1e-3


def test_openvino_keeps_all_digits(traced: Path, tmp_path: Path) -> None:
    export(ExportConfig(traced, tmp_path / "net.xml"))
    floats = sum(each.numel() for each in load(traced)[0].parameters())
    assert (tmp_path / "net.bin").stat().st_size > 3.5 * floats


def test_of_openvinos_files_both_are_written_or_none(traced: Path, tmp_path: Path) -> None:
    (tmp_path / "net.bin").mkdir()
    with pytest.raises(OutputError):
        export(ExportConfig(traced, tmp_path / "net.xml"))
    assert [path.name for path in tmp_path.iterdir()] == ["net.bin"]


def test_openvino_that_differs_is_not_written(traced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_module, "load_any", lambda path: (bent(path), {}))
    with pytest.raises(CheckpointError, match="its output is off by"):
        export(ExportConfig(traced, tmp_path / "net.xml"))
    assert not list(tmp_path.iterdir())


def bent(path: Path) -> torch.nn.Module:
    """Return the net of a file with one number changed."""
    model, _ = load(path)
    with torch.no_grad():
        model.get_parameter("head.1.bias").add_(0.5)
    return model


def test_weights_in_half_precision_are_half_the_bytes_and_about_the_same(tiny_weights: Path, tmp_path: Path) -> None:
    whole = tiny_weights.with_suffix(".safetensors")
    done = export(ExportConfig(whole, tmp_path / "half.safetensors", half=True))
    assert done.size < 0.7 * whole.stat().st_size
    (model, card), (other, same) = load(whole), load(tmp_path / "half.safetensors")
    assert card == same
    for (name, weight), near in zip(model.state_dict().items(), other.state_dict().values(), strict=True):
        assert near.dtype == weight.dtype, name
        assert torch.allclose(near, weight, rtol=1e-3, atol=1e-6), name
    with pytest.raises(ConfigError, match="--half is for"):
        ExportConfig(whole, tmp_path / "net.onnx", half=True)


def test_a_foreign_checkpoint_becomes_one_of_ours(tmp_path: Path) -> None:
    net = UNet()
    names = {"encoder.0.": "inc.conv.conv.", "head.": "outc.conv."}
    names |= {f"encoder.{level}.": f"down{level}.mpconv.1.conv." for level in range(1, 5)}
    names |= {f"decoder.{level}.": f"up{level + 1}.conv.conv." for level in range(4)}
    old = {}
    for name, each in net.state_dict().items():
        ours = next(begin for begin in names if name.startswith(begin))
        old[name.replace(ours, names[ours], 1)] = each
    torch.save(old, tmp_path / "MODEL.pth", _use_new_zipfile_serialization=False)
    done = export(ExportConfig(tmp_path / "MODEL.pth", tmp_path / "unet.safetensors"))
    model, card = load(tmp_path / "unet.safetensors")
    assert all(torch.equal(each, net.state_dict()[name]) for name, each in model.state_dict().items())
    assert card == blank_card("unet", {}) | {"training": {"imported_from": "MODEL.pth"}}
    assert str(done) == f"{tmp_path / 'unet.safetensors'}: 53.6 MB"


def test_what_is_untrained_is_said() -> None:
    done = Exported(Path("a.safetensors"), 1000, card={"training": {"untrained": ["head.4"]}})
    assert "its head.4 is untrained: `handseg train` or `finetune` it before use" in str(done)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    for name in ("none.safetensors", "none.ckpt"):
        with pytest.raises(CheckpointError, match=rf"{name}: there is no such file"):
            export(ExportConfig(tmp_path / name, tmp_path / "net.onnx"))


def test_another_format_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match=r"net\.pt: name a file that ends in \.onnx, \.safetensors or \.xml"):
        ExportConfig(Path("none.ckpt"), Path("net.pt"))
