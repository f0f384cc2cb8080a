"""Layers that hide each other, labels with light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.synth.labels import parts_of
from handseg_cli.synth.photos.plate import BRIGHTEST, Layer, empty, layer_of, over
from tests.tiny import drawn

GREEN = np.full((*drawn.SIZE, 3), (0, 1, 0), np.float32)


def flat(depth: float, part: int, where: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Layer:
    colour = np.zeros((*drawn.SIZE, 4), np.float32)
    colour[where] = (0, 0, 1, 1)
    return Layer(colour, where, np.where(where, np.uint8(part), np.uint8(0)), np.full(drawn.SIZE, depth, np.float32))


@pytest.mark.parametrize("seed", range(4))
def test_light_parts_and_depth_agree_at_every_pixel(seed: int) -> None:
    drawing = drawn.at_random(np.random.default_rng(seed))
    plate = over(empty(GREEN), layer_of(drawing, drawn.KINDS))
    there = drawing.surface >= 0
    assert np.array_equal(np.isfinite(plate.depth), there)
    assert np.array_equal(plate.parts, parts_of(drawing, drawn.KINDS))
    assert not plate.parts[~there].any()
    assert np.array_equal(plate.light[there], drawing.colour[there, :3])
    assert (plate.light[~there] == (0, 1, 0)).all()


def test_what_is_nearer_hides_what_is_put_in_later() -> None:
    near = drawn.disc((80, 60), 30)
    plate = over(empty(GREEN), flat(300, 17, near))
    behind = over(plate, flat(500, 33, drawn.disc((100, 60), 30)))
    before = over(plate, flat(200, 33, drawn.disc((100, 60), 30)))
    assert (behind.parts[near] == 17).all()
    assert behind.parts[60, 120] == 33
    assert (before.parts[drawn.disc((100, 60), 30)] == 33).all()
    assert (before.depth[drawn.disc((100, 60), 30)] == 200).all()


def test_the_soft_rim_of_a_drawing_covers_what_is_far_behind() -> None:
    drawing = drawn.nothing()
    drawn.put(drawing, drawn.disc((80, 60), 20), drawn.Spot(depth=300))
    rim = drawn.disc((80, 60), 20.9) & ~drawn.disc((80, 60), 20)
    drawing.colour[rim] = (0.2, 0.1, 0.1, 0.5)
    wall = over(empty(GREEN), flat(900, 0, np.ones(drawn.SIZE, bool)))
    mixed = over(wall, layer_of(drawing, drawn.KINDS))
    assert mixed.light[rim] == pytest.approx(np.tile([0.2, 0.1, 0.6], (rim.sum(), 1)))
    assert (mixed.depth[rim] == 900).all()


def test_light_that_is_no_number_does_no_harm() -> None:
    bad = GREEN.copy()
    bad[0, :4] = np.array([np.nan, np.inf, -np.inf, -5])[:, None]
    drawing = drawn.at_random(np.random.default_rng(0))
    broken = replace(drawing, depth=np.full_like(drawing.depth, np.nan), colour=drawing.colour * np.float32(np.nan))
    plate = over(empty(bad), layer_of(broken, drawn.KINDS))
    assert np.isfinite(plate.light).all()
    assert 0 <= plate.light.min() <= plate.light.max() <= BRIGHTEST
    assert not np.isnan(plate.depth).any()
