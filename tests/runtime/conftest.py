"""Weights as the sessions want them."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from handseg_cli.checkpoints.weights import Weights


def weights(onnx: Path | None, safetensors: Path | None) -> Weights:
    """Return weights without name, hash and card, which no session looks at."""
    return Weights("", onnx, safetensors, "", {})


@pytest.fixture
def tiny(tiny_weights: Path) -> Weights:
    return weights(tiny_weights, tiny_weights.with_suffix(".safetensors"))


@pytest.fixture
def foreign(tmp_path: Path) -> Weights:
    """Return a sound ONNX file that takes floats."""
    infos = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 8, 8]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", infos[:1], infos[1:])
    opset = onnx.helper.make_opsetid("", 20)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=10), tmp_path / "foreign.onnx")
    return weights(tmp_path / "foreign.onnx", None)


@pytest.fixture
def nothing() -> Weights:
    return weights(None, None)


@pytest.fixture(params=["cut", "text", "empty"])
def broken(request: pytest.FixtureRequest, tiny_weights: Path, tmp_path: Path) -> Weights:
    """Return files of which neither is a net."""
    contents = {
        "cut": (tiny_weights.read_bytes()[:-1000], tiny_weights.with_suffix(".safetensors").read_bytes()[:-1000]),
        "text": (b"not found\n" * 100,) * 2,
        "empty": (b"", b""),
    }
    paths = (tmp_path / "broken.onnx", tmp_path / "broken.safetensors")
    for path, content in zip(paths, contents[request.param], strict=True):
        path.write_bytes(content)
    return weights(*paths)
