"""What `from handseg_cli import load` gives."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import handseg_cli
from handseg_cli.config import NetConfig
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.io.images import read_photo


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


def test_loaded_poses_are_those_of_the_hands_in_a_photo() -> None:
    path = Path(__file__).parent / "photos" / "spread_on_mat.jpg"
    image = read_photo(path.read_bytes(), path.name, max_pixels=10**7).image
    (pose,) = handseg_cli.load_poses()(image).poses or ()
    left, top, right, bottom = pose.hand.box
    inside = (pose.points >= (left - 20, top - 20)) & (pose.points <= (right + 20, bottom + 20))
    assert inside.all(axis=1).sum() >= 18
    assert np.ptp(pose.joints, axis=0).max() > 100  # mm: no hand of a doll


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="from 0 to 1"):
        handseg_cli.load(threshold=2.0)


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(CheckpointError, match="nothing-like-this"):
        handseg_cli.load("nothing-like-this")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        handseg_cli.nothing  # noqa: B018
