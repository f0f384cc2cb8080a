"""What all photos of a run share, and what chance comes from."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace

from handseg_cli.synth.settings import SynthSettings, drawn_style, rng_of

SETTINGS = SynthSettings(7, (("ego", 3.0), ("sign", 1.0)), (64, 64))


def test_chance_comes_from_seed_and_number_alone() -> None:
    drawn = [rng_of(replace(SETTINGS, seed=seed), index).random() for seed in (1, 2) for index in (1, 2)]
    assert len(set(drawn)) == 4
    other = replace(SETTINGS, seed=1, size=(32, 32), styles=(("object", 1.0),))
    assert rng_of(other, 1).random() == drawn[0]


def test_styles_come_as_often_as_they_weigh() -> None:
    counts = Counter(drawn_style(SETTINGS, rng_of(SETTINGS, index)) for index in range(400))
    assert set(counts) == {"ego", "sign"}
    assert 260 < counts["ego"] < 340


def test_settings_go_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(SETTINGS)) == SETTINGS
