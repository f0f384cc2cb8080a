"""ONNX files as bytes."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from handseg_cli.errors import CheckpointError
from handseg_cli.runtime import onnx_file
from handseg_cli.runtime.onnx_file import metadata, read_bounded, read_model


def adder(numbers: list[float]) -> onnx.ModelProto:
    """Return a net that adds constants to its input."""
    array = np.array(numbers, np.float32)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape) for name in ("x", "y")]
    weights = [numpy_helper.from_array(array, "w")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "adder", ends[:1], ends[1:], weights)
    return helper.make_model(graph)


@given(st.dictionaries(st.text(max_size=300), st.text(max_size=300), max_size=4))
def test_metadata_is_what_onnx_wrote(texts: dict[str, str]) -> None:
    model = adder([1.0])
    helper.set_model_props(model, texts)
    assert metadata(model.SerializeToString()) == texts


@given(st.binary(max_size=200))
def test_any_bytes_are_metadata_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(metadata(data), dict)


def test_a_cut_file_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cut short"):
        metadata(adder([1.0] * 100).SerializeToString()[:-5])


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "outside.onnx"
    onnx.save(adder([1.0] * 500), path, save_as_external_data=True, location="secret", size_threshold=0)
    with pytest.raises(CheckpointError, match=r"outside.onnx: keeps weights in another file; export"):
        read_model(path)


def test_a_net_that_merely_speaks_of_locations_is_read(tmp_path: Path) -> None:
    model = adder([1.0])
    model.graph.node[0].name = "allocation.location"
    onnx.save(model, tmp_path / "fine.onnx")
    assert read_model(tmp_path / "fine.onnx") == model.SerializeToString()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(CheckpointError, match=f"{path.name}: there is no such file"):
            read_bounded(path)


def test_reading_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LIMIT", 10)
    (tmp_path / "fits").write_bytes(bytes(10))
    (tmp_path / "large").write_bytes(bytes(11))
    assert read_bounded(tmp_path / "fits") == bytes(10)
    with pytest.raises(CheckpointError, match="larger"):
        read_bounded(tmp_path / "large")
