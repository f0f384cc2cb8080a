"""What `from handseg_cli import load` gives."""

from __future__ import annotations

import inspect
from dataclasses import fields

import numpy as np
import pytest

import handseg_cli
from handseg_cli.config import NetConfig
from handseg_cli.errors import CheckpointError, ConfigError


def test_loaded_predictor_makes_a_mask_of_the_photos_size() -> None:
    predictor = handseg_cli.load()
    assert isinstance(predictor, handseg_cli.Predictor)
    prediction = predictor(np.full((70, 90, 3), 128, np.uint8))
    assert prediction.mask.shape == (70, 90)
    assert prediction.mask.dtype == np.uint8


def test_load_takes_the_settings_of_a_net() -> None:
    first, *rest = inspect.signature(handseg_cli.load).parameters.values()
    assert first.name == "weights"
    assert {first.name, *(each.name for each in rest)} == {field.name for field in fields(NetConfig)}
    assert {each.kind for each in rest} == {inspect.Parameter.KEYWORD_ONLY}


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="from 0 to 1"):
        handseg_cli.load(threshold=2.0)


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(CheckpointError, match="nothing-like-this"):
        handseg_cli.load("nothing-like-this")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        handseg_cli.nothing  # noqa: B018
