"""Models from cards."""

from __future__ import annotations

import pytest

from handseg_cli.checkpoints.build import build
from handseg_cli.errors import CheckpointError
from handseg_cli.models.lite import Lite


def test_the_card_decides_class_and_arguments() -> None:
    model = build({"model": "lite", "arguments": {"width": 8}, "size": 128})
    assert isinstance(model, Lite)
    assert model.context.out_features == 8


def test_without_arguments_the_defaults_hold() -> None:
    assert isinstance(build({"model": "lite"}), Lite)


def test_a_model_that_is_not_registered_is_never_imported() -> None:
    with pytest.raises(CheckpointError, match="it knows: lite"):
        build({"model": "torch.nn:Linear", "arguments": {"in_features": 1, "out_features": 1}})
