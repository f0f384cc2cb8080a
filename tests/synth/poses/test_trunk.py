"""Heads and torsos as cones, and the places of a face."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import Body, Floats, posed
from handseg_cli.synth.poses.contact import Cones, all_depths
from handseg_cli.synth.poses.trunk import FACE, carried, face_spot, trunk_of
from tests.synth.doll import doll
from tests.tiny.assets import ASSETS, needs_assets


def person() -> Body:
    from handseg_cli.synth.figures.makehuman import load, random_shape, shaped, upper_body

    return shaped(upper_body(load(ASSETS)), random_shape(np.random.default_rng(3)))


def outside(points: Floats, cones: Cones) -> Floats:
    """Return how far points (P, 3) are outside all cones (P,), negative within."""
    return np.asarray(-all_depths(Cones(points, points, np.zeros((len(points), 2))), cones).max(axis=1))


def skin_of(body: Body) -> tuple[Floats, Floats]:
    """Return points of the face, front half of the head, and of the chest."""
    names = np.array([bone.name for bone in body.bones])
    held = names[body.holders[np.arange(len(body.points)), body.weights.argmax(axis=1)]]
    head, chest = body.points[held == "head"], body.points[held == "spine01"]
    return head[head[:, 2] > np.median(head[:, 2])], chest


@pytest.mark.parametrize("body", [doll, pytest.param(person, marks=needs_assets)])
def test_cones_are_about_where_the_skin_is(body: object) -> None:
    assert callable(body)
    figure = body()
    trunk = trunk_of(figure)
    face, chest = skin_of(figure)
    assert np.abs(np.median(outside(face, trunk.all))) < 8
    assert np.quantile(outside(face, trunk.all), 0.95) < 28
    assert np.abs(np.median(outside(chest, trunk.all))) < 25


def test_a_head_that_turns_takes_its_cones_along() -> None:
    figure = posed(doll(), {"head": np.array([0, 0.6, 0])})
    matrix = figure.matrices[[bone.name for bone in doll().bones].index("head")]
    before, after = trunk_of(doll()).head, carried(trunk_of(doll()).head, matrix)
    np.testing.assert_allclose(after.starts, before.starts @ matrix[:3, :3].T + matrix[:3, 3])
    np.testing.assert_array_equal(after.radii, before.radii)


@pytest.mark.parametrize("body", [doll, pytest.param(person, marks=needs_assets)])
@pytest.mark.parametrize("name", FACE)
def test_places_of_the_face_are_on_its_skin_on_the_side_that_is_asked_for(name: str, body: object) -> None:
    assert callable(body)
    figure = posed(body(), {})
    left, right = (face_spot(figure, name, side) for side in ("L", "R"))
    for spot in (left, right):
        assert np.linalg.norm(figure.points - spot.place, axis=1).min() < 1e-3
        assert np.linalg.norm(spot.out) == pytest.approx(1)
    assert left.place[0] >= right.place[0] - 6
    if FACE[name][0] > 0.3:
        assert left.place[0] > 10
        assert left.out[0] > 0 > right.out[0]


def test_the_places_of_a_face_go_down_in_their_order() -> None:
    figure = posed(doll(), {})
    heights = [face_spot(figure, name, "L").place[1] for name in ("forehead", "eye", "cheek", "jaw", "chin")]
    assert heights == sorted(heights, reverse=True)
