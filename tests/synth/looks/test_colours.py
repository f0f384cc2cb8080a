"""Colours of the things about us."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.looks.colours import (
    CLOTHES,
    FLESH,
    PAINTS,
    WOODS,
    clothing,
    draw,
    from_lab,
    lightness,
    metallic,
    painted,
)


@pytest.mark.parametrize("light", [10, 50, 90])
def test_a_grey_has_the_lightness_asked_for(light: float) -> None:
    grey = np.array(from_lab(light, 0, 0))
    assert np.ptp(grey) < 0.003
    assert lightness(grey) == pytest.approx(light, abs=0.1)


def test_known_colours_come_out_right() -> None:
    # CIE L*a*b* of sRGB's full red and blue.
    assert from_lab(53.24, 80.09, 67.2) == pytest.approx((0.93, 0.003, 0.003), abs=0.01)
    assert from_lab(32.3, 79.19, -107.86) == pytest.approx((0.003, 0.003, 0.93), abs=0.01)


@pytest.mark.parametrize("table", [CLOTHES, FLESH, WOODS, PAINTS])
def test_colours_can_be_shown(
    table: tuple[tuple[float, tuple[int, int], tuple[int, int], tuple[int, int]], ...],
) -> None:
    rng = np.random.default_rng(0)
    colours = np.array([draw(table, rng) for _ in range(200)])
    assert colours.min() > 0
    assert colours.max() < 1


def test_a_fifth_of_all_cloth_is_of_skins_hues() -> None:
    rng = np.random.default_rng(0)
    colours = np.array([clothing(rng) for _ in range(2000)])
    red, green, blue = colours.T
    # As skin: more red than green, more green than blue, and no glaring red.
    like_skin = (red > 1.15 * green) & (green > 0.95 * blue) & (red < 8 * green) & (colours.mean(axis=1) > 0.02)
    assert 0.15 < like_skin.mean() < 0.32


def test_the_same_generator_draws_the_same_colours() -> None:
    for maker in (clothing, painted, metallic):
        assert maker(np.random.default_rng(5)) == maker(np.random.default_rng(5))
