"""Somebody before a camera, where the assets are at hand."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from handseg_cli.synth.labels import ARM, PERSON
from handseg_cli.synth.render import render
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.scenes.people import VIEWS, person_scene
from handseg_cli.synth.scenes.stage import Scene, shows
from handseg_cli.synth.scenes.studio import Studio, open_studio
from handseg_cli.synth.settings import SynthSettings
from tests.tiny.assets import ASSETS, needs_assets

SIZE = (96, 128)
CASES = [(style, seed) for style in VIEWS for seed in range(2)]
pytestmark = needs_assets


def settings(style: str, seed: int = 0) -> SynthSettings:
    return SynthSettings(seed, ((style, 1.0),), SIZE, ASSETS, engine="numpy", pinhole=True)


@cache
def studio() -> Studio:
    return open_studio(settings("ego"))


@cache
def scene(style: str, seed: int) -> Scene:
    rng = np.random.default_rng(seed)
    found = (person_scene(studio(), style, SIZE, rng) for _ in range(30))
    return next(each for each in found if each is not None)


@cache
def photo(style: str, seed: int) -> Rendered:
    return render(settings(style, seed), 0)


@pytest.mark.parametrize(("style", "seed"), CASES)
def test_both_hands_of_somebody_are_known(style: str, seed: int) -> None:
    assert set(scene(style, seed).joints) == {1, 2}


@pytest.mark.parametrize("seed", range(2))
def test_a_hand_at_a_face_is_seen(seed: int) -> None:
    there = scene("over-face", seed)
    assert max(shows(there.camera, joints, 0.0).mean() for joints in there.joints.values()) > 0.6


@pytest.mark.parametrize("style", ["third-person", "over-face"])
def test_faces_and_clothes_are_somebody_and_no_hand(style: str) -> None:
    sample = photo(style, 1).sample
    assert sample.parts is not None
    assert sample.mask is not None
    body = sample.parts == PERSON
    assert body.any()
    assert not sample.mask[body].any()


def test_the_arm_of_a_signing_hand_is_labelled_or_clothed() -> None:
    found = [photo("sign", seed).sample.parts for seed in range(3)]
    assert sum(parts is not None and bool(ARM[parts].any() or (parts == PERSON).any()) for parts in found) >= 2
