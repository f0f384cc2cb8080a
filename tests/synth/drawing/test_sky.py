"""Surroundings made up from nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from handseg_cli.synth.drawing.sky import made_environment, night, outdoors, room, studio


@pytest.mark.parametrize("kind", [room, outdoors, studio, night])
def test_every_kind_of_surroundings_gives_light(kind: Callable[[np.random.Generator], np.ndarray]) -> None:
    for seed in range(5):
        radiance = kind(np.random.default_rng(seed))
        assert radiance.shape == (128, 256, 3)
        assert np.isfinite(radiance).all()
        assert radiance.min() >= 0
        assert radiance.max() > 0


def test_surroundings_differ_and_follow_the_dice() -> None:
    one, again, other = (made_environment(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.panorama, again.panorama)
    assert not np.array_equal(one.panorama, other.panorama)


def test_some_surroundings_have_a_sun_or_a_lamp_and_some_have_not() -> None:
    sharp = [len(made_environment(np.random.default_rng(seed)).lights.sharp) for seed in range(12)]
    assert min(sharp) == 0
    assert max(sharp) > 0
