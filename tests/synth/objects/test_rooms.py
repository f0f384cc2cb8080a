"""Rooms, what lies about in them, and what is taken for hands and is none."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.synth.body import vertex_normals
from handseg_cli.synth.objects.distractors import KINDS, distractor
from handseg_cli.synth.objects.rooms import ROOMS, TOPS, Room, clutter, random_room, stuff_of
from handseg_cli.synth.surface import Kind

SPOT, AHEAD = np.array([100.0, 700.0, -50.0]), np.array([0.3, -0.4, -1.0])
every_room = pytest.mark.parametrize("kind", ROOMS)


def room(kind: str, seed: int) -> Room:
    return random_room(np.random.default_rng(seed), SPOT, AHEAD, kind)


@every_room
def test_a_level_goes_through_the_spot_and_faces_up(kind: str) -> None:
    for seed in range(5):
        made = room(kind, seed)
        if made.area is None:
            continue
        level = made.surfaces[0]
        assert level.points[:, 1] == pytest.approx(700)
        assert np.linalg.norm(level.points - SPOT, axis=1).min() < 260
        assert (vertex_normals(level.points, level.triangles)[:, 1] > 0.99).all()


@every_room
def test_nothing_but_the_level_comes_near_the_spot(kind: str) -> None:
    for seed in range(5):
        for surface in room(kind, seed).surfaces[1:]:
            ahead = (surface.points - SPOT) @ room(kind, seed).ahead
            assert (ahead > 60).all() or surface.points[:, 1].max() <= 700.9 or kind == "corner"


@every_room
def test_a_room_can_be_drawn(kind: str) -> None:
    for seed in range(5):
        for surface in room(kind, seed).surfaces:
            assert surface.kind == Kind.THING
            assert np.isfinite(surface.points).all()
            assert np.isfinite(surface.uv).all()
            assert max(surface.material.texture.shape) <= 512
            assert np.abs(surface.uv).max() < 50 or surface.material.repeat


def test_most_levels_are_under_hands_and_some_are_of_skins_hues() -> None:
    rng = np.random.default_rng(0)
    assert {kind for kind, share in ROOMS.items() if share > 0.2} == {"desk"}
    gains = np.array([stuff_of(TOPS, rng)[0].gain for _ in range(300)])
    warm = (gains[:, 0] > 1.15 * gains[:, 1]) & (gains[:, 1] > 1.05 * gains[:, 2])
    assert 0.3 < warm.mean() < 0.8


def test_clutter_stands_on_the_level_and_keeps_clear() -> None:
    for seed in range(6):
        made = room("desk", seed)
        things = clutter(np.random.default_rng(seed), made, 120.0, 6)
        assert things
        for thing in things:
            points = np.concatenate([surface.points for surface in thing.surfaces])
            assert 697 < points[:, 1].min() < 704
            assert np.hypot(*(points - SPOT)[:, [0, 2]].T).min() > 110


def test_things_do_not_stand_in_each_other() -> None:
    things = clutter(np.random.default_rng(0), room("floor", 0), 50.0, 8)
    middles = [np.concatenate([surface.points for surface in thing.surfaces]) for thing in things]
    for number, one in enumerate(middles):
        for other in middles[:number]:
            apart = np.linalg.norm(one[::5, None] - other[None, ::5], axis=-1).min()
            assert apart > 1


def test_where_nothing_is_level_nothing_stands() -> None:
    assert clutter(np.random.default_rng(0), room("wall", 0), 50.0, 5) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_distractor_lies_on_its_plane_and_is_no_hand(kind: str) -> None:
    for seed in range(5):
        surfaces = distractor(np.random.default_rng(seed), SPOT, kind)
        points = np.concatenate([surface.points for surface in surfaces])
        assert 690 < points[:, 1].min() < 745
        assert all(surface.marks is None for surface in surfaces)
        kinds = {surface.kind for surface in surfaces}
        assert Kind.WORN not in kinds
        assert (Kind.SKIN in kinds) == (kind == "leg")


def test_the_same_generator_makes_the_same_room() -> None:
    for kind in ROOMS:
        for one, other in zip(room(kind, 3).surfaces, room(kind, 3).surfaces, strict=True):
            assert one.points.tobytes() == other.points.tobytes()
            assert one.material.gain == other.material.gain
