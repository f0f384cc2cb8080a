"""What tests of several nets need."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Run = Callable[..., list[NDArray[np.float32]]]


def exported(net: nn.Module, example: tuple[Tensor, ...], shapes: Any) -> Run:
    """Return what becomes of a net as ONNX: a function of arrays that returns its outputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        program = torch.onnx.export(net.eval(), example, dynamic_shapes=shapes, opset_version=20, verbose=False)
    assert program is not None
    session = ort.InferenceSession(program.model_proto.SerializeToString())
    names = [each.name for each in session.get_inputs()]

    def run(*inputs: Tensor) -> list[NDArray[np.float32]]:
        arrays = (each.numpy() for each in inputs)
        return [np.asarray(each) for each in session.run(None, dict(zip(names, arrays, strict=True)))]

    return run


@pytest.fixture
def export() -> Callable[[nn.Module, tuple[Tensor, ...], Any], Run]:
    return exported
