"""Bent lines: light, labels and points move alike."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.photos.distortion import bent, bent_points, sources
from handseg_cli.synth.photos.plate import Plate
from tests.tiny.drawn import disc

AMOUNTS = (-0.4, -0.15, -0.02, 0.05, 0.2)
every_amount = pytest.mark.parametrize("amount", AMOUNTS)
SIZE = (150, 200)


def dotted(centre: tuple[float, float]) -> Plate:
    there = disc(centre, 6, SIZE)
    light = np.repeat(there[..., None], 3, axis=2).astype(np.float32)
    return Plate(light, there.astype(np.uint8) * np.uint8(17), np.where(there, np.float32(300), np.float32(np.inf)))


def centroid(
    weights: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    return np.array([(x * weights).sum() / weights.sum(), (y * weights).sum() / weights.sum()])


@every_amount
@pytest.mark.parametrize("centre", [(100, 75), (50, 60), (140, 100), (100, 38), (160, 112)])
def test_a_dot_goes_where_its_point_goes(amount: float, centre: tuple[float, float]) -> None:
    plate = bent(dotted(centre), amount)
    point = bent_points(np.array([centre], np.float32), SIZE, amount)[0]
    # Labels are whole pixels; light is not.
    assert np.abs(centroid((plate.parts == 17).astype(np.float64)) - point).max() < 0.5
    assert np.abs(centroid(plate.light[..., 0].astype(np.float64)) - point).max() < 0.3


@every_amount
def test_labels_and_depth_stay_together(amount: float) -> None:
    plate = bent(dotted((70, 60)), amount)
    assert np.array_equal(plate.parts > 0, np.isfinite(plate.depth))
    assert np.abs((plate.parts > 0) - plate.light[..., 0]).max() < 1


@every_amount
def test_points_are_moved_by_the_inverse_of_what_moves_pixels(amount: float) -> None:
    x, y = sources(SIZE, amount)
    places = np.column_stack([x.ravel(), y.ravel()]) + np.float32(0.5)
    back = bent_points(places.astype(np.float32), SIZE, amount).reshape(*SIZE, 2)
    assert back[..., 0] == pytest.approx(np.broadcast_to(np.arange(SIZE[1]) + 0.5, SIZE), abs=1e-3)
    assert back[..., 1] == pytest.approx(np.broadcast_to(np.arange(SIZE[0])[:, None] + 0.5, SIZE), abs=1e-3)


@every_amount
def test_a_bent_picture_shows_nothing_from_outside(amount: float) -> None:
    x, y = sources(SIZE, amount)
    assert -0.51 < x.min() < x.max() < SIZE[1] - 0.49
    assert -0.51 < y.min() < y.max() < SIZE[0] - 0.49


def test_points_that_are_no_numbers_stay_so() -> None:
    points = np.array([[np.nan, np.nan], [1e9, -1e9]], np.float32)
    moved = bent_points(points, SIZE, 0.2)
    assert np.isnan(moved[0]).all()
    assert np.abs(moved[1]).min() > max(SIZE)


def test_more_than_a_lens_can_bend_is_refused() -> None:
    with pytest.raises(ValueError, match=r"-0\.4 to 0\.2"):
        bent(dotted((70, 60)), -0.9)
