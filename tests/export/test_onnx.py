"""Checkpoints as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from handseg_cli.checkpoints.store import load
from handseg_cli.errors import CheckpointError
from handseg_cli.export import onnx as export_module
from handseg_cli.export.onnx import distance, export_onnx, parity
from handseg_cli.runtime.onnx_session import OnnxSession


def test_the_file_is_one_and_small(tiny_weights: Path) -> None:
    assert tiny_weights.stat().st_size < 12e6
    assert not any(tensor.external_data for tensor in onnx.load(tiny_weights).graph.initializer)


def test_batch_height_and_width_are_free(tiny_weights: Path) -> None:
    net = onnx.load(tiny_weights)
    sides = [side.dim_param or side.dim_value for side in net.graph.input[0].type.tensor_type.shape.dim]
    assert sides == ["batch", "height", "width", 3]


def test_norms_are_folded_into_convolutions(tiny_weights: Path) -> None:
    kinds = {node.op_type for node in onnx.load(tiny_weights).graph.node}
    assert "Conv" in kinds
    assert "BatchNormalization" not in kinds


def test_parity_sees_a_single_wrong_weight(tiny_weights: Path) -> None:
    model, _ = load(tiny_weights.with_suffix(".safetensors"))
    session = OnnxSession(tiny_weights.read_bytes())
    assert parity(model, session) < 1e-3
    with torch.no_grad():
        model.get_parameter("head.1.bias").add_(0.5)
    assert parity(model, session) > 1e-3


def test_a_net_that_differs_is_not_written(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tracing takes seconds, so another net's bytes stand in for a wrong translation.
    other = onnx.load(tiny_weights)
    bias = next(tensor for tensor in other.graph.initializer if tensor.name == "model.head.1.bias")
    bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + 1, bias.name))
    monkeypatch.setattr(export_module, "to_onnx", lambda model, card: other.SerializeToString())
    with pytest.raises(CheckpointError, match=r"tiny.safetensors: exported, its output is off by"):
        export_onnx(tiny_weights.with_suffix(".safetensors"), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("one", "other", "wanted"), [(0.0, 0.5, 0.5), (90.0, 100.0, 0.1), (-100.0, 100.0, 2.0)])
def test_distance_is_relative_for_large_numbers(one: float, other: float, wanted: float) -> None:
    arrays: list[NDArray[np.float32]] = [np.array([0, number], np.float32) for number in (one, other)]
    assert distance(arrays[0], arrays[1]) == pytest.approx(wanted)
