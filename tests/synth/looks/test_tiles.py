"""Patterns that repeat without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.looks.cloth import FABRICS, fabric, matching, weave
from handseg_cli.synth.looks.prints import KINDS as PRINTS
from handseg_cli.synth.looks.prints import picture, printed
from handseg_cli.synth.looks.skin_picture import skin_picture
from handseg_cli.synth.looks.tiles import KINDS, POWER, material, metal, noise, tile


def seam(picture: np.ndarray) -> float:
    """Return how far the step over the border is beyond the steps within, in their deviations."""
    values = picture.astype(float).reshape(*picture.shape[:2], -1)
    inner = np.abs(np.diff(values, axis=0)).mean(axis=(1, 2))
    over = np.abs(values[0] - values[-1]).mean()
    return float((over - inner.mean()) / max(inner.std(), 0.2 * inner.mean(), 1e-6))


def test_noise_has_the_deviation_asked_for_and_no_seam() -> None:
    made = noise(128, np.random.default_rng(0))
    assert made.std() == pytest.approx(1, abs=0.01)
    assert made.mean() == pytest.approx(0, abs=0.01)
    assert seam(made) < 4
    assert seam(made.T) < 4


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("tiles", "wood")])
def test_a_tile_has_no_seam(kind: str) -> None:
    assert seam(tile(kind, 0)) < 4


def test_the_n_th_tile_is_always_the_same() -> None:
    first = tile("smooth", 1).copy()
    tile.cache_clear()
    assert np.array_equal(first, tile("smooth", 1))
    assert tile("smooth", 1) is tile("smooth", 1)


def test_a_material_is_brightest_in_its_colour() -> None:
    made = material("plaster", (0.5, 0.3, 0.2), np.random.default_rng(0))
    shown = np.array(made.gain) * (made.texture / 255.0) ** made.power
    assert np.percentile(shown, 99.5, axis=(0, 1)) == pytest.approx((0.5, 0.3, 0.2), rel=0.03)
    assert made.power == POWER


@pytest.mark.parametrize("kind", FABRICS)
def test_a_fabric_repeats_and_stays_in_range(kind: str) -> None:
    made, size = fabric(np.random.default_rng(0), kind=kind)
    assert made.repeat
    assert made.texture.dtype == np.float32
    assert made.texture.min() > 0
    assert made.texture.max() <= 0.95
    assert 20 < size < 400
    assert weave(kind, 0).shape == (128, 128, 2)


def test_cuffs_match_their_garment() -> None:
    rng = np.random.default_rng(0)
    garment, _ = fabric(rng, (0.4, 0.1, 0.05), "knit")
    cuff = matching(garment, "rib", rng)
    first, second = (each.texture.reshape(-1, 3).mean(axis=0) for each in (garment, cuff))
    assert second / second.sum() == pytest.approx(first / first.sum(), abs=0.05)


@pytest.mark.parametrize("kind", PRINTS)
def test_a_print_is_drawn_once(kind: str) -> None:
    assert picture(kind, 0) is picture(kind, 0)
    assert picture(kind, 0).dtype == np.uint8
    assert max(picture(kind, 0).shape) <= 512
    assert printed(kind, np.random.default_rng(0)).texture.ndim == 3


def test_metal_shines_more_than_plaster() -> None:
    rng = np.random.default_rng(0)
    assert metal(rng).gloss > 3 * material("plaster", (0.5, 0.5, 0.5), rng).gloss


def test_our_own_skin_has_no_seam_around_the_limb() -> None:
    assert skin_picture(0).shape == (256, 1024, 3)
    assert seam(skin_picture(0)) < 4
