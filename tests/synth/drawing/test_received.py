"""Soft light: how much of it gets where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.synth.drawing.mesh import Mesh, in_view, mesh_of
from handseg_cli.synth.drawing.received import blockers_of, crept, received
from handseg_cli.synth.surface import Lights, Surface
from tests.synth.still import GREY, ball, looking, overcast, sheet

WHITE = replace(GREY, texture=np.ones((4, 4, 3), np.float32))


def light_on(
    mesh: Mesh, surfaces: Sequence[Surface], lights: Lights, soft: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    meshes = [mesh_of(surface) for surface in surfaces]
    blockers = blockers_of(meshes, [surface.material for surface in surfaces])
    return received(mesh.points, mesh.normals, np.full(len(mesh.points), soft), blockers, lights)


def desk_around(surfaces: Sequence[Surface]) -> tuple[Mesh, NDArray[np.float32]]:
    """Return the first surface, finely split, and the light on it."""
    mesh = in_view(mesh_of(surfaces[0]), looking(np.array([0.0, 500, 0]), np.zeros(3), (256, 256), 320.0))
    return mesh, light_on(mesh, surfaces, overcast())[0]


@pytest.mark.parametrize("radius", [8.0, 60.0, 400.0])
def test_a_ball_in_the_open_is_lit_evenly_whatever_its_size(radius: float) -> None:
    thing = ball((100, -50, 20), radius, 24)
    light, openness = light_on(mesh_of(thing), [thing], overcast(64))
    assert light == pytest.approx(1, abs=0.07)
    assert openness == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("half", [60.0, 300.0, 3000.0])
def test_a_bare_desk_is_lit_evenly_whatever_its_size(half: float) -> None:
    _, light = desk_around([sheet(half)])
    assert light == pytest.approx(light.mean(), abs=0.02)
    assert light.mean() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("half", [120.0, 900.0])
def test_a_ball_darkens_the_desk_under_it_and_softly_around(half: float) -> None:
    mesh, light = desk_around([sheet(half), ball((0, 42, 0), 40)])
    far = np.hypot(mesh.points[:, 0], mesh.points[:, 2])
    assert light[far < 12].mean() < 0.45
    assert 0.6 < light[(far > 41) & (far < 65)].mean() < 0.93
    assert light[far > 105].mean() > 0.88


@pytest.mark.parametrize("material", [GREY, WHITE])
@pytest.mark.parametrize("half", [400.0, 4000.0])
def test_a_desk_hides_light_from_below_and_sends_on_what_it_receives(half: float, material: object) -> None:
    thing = ball((0, 100, 0), 40)
    mesh = mesh_of(thing)
    shade = 0.5 if material is GREY else 1.0
    light, _ = light_on(mesh, [replace(sheet(half), material=WHITE if shade == 1 else GREY), thing], overcast(64))
    assert light[mesh.normals[:, 1] < -0.95].mean() == pytest.approx(shade, abs=0.12)
    assert light[mesh.normals[:, 1] > 0.95].mean() == pytest.approx(1, abs=0.05)


def test_a_cave_is_dark() -> None:
    shell = ball((0, 0, 0), 200, 24)
    shell = replace(shell, triangles=shell.triangles[:, ::-1], uv=shell.uv[:, ::-1])
    pebble = ball((0, 0, 0), 15)
    light, openness = light_on(mesh_of(pebble), [shell, pebble], overcast())
    assert light.mean() < 0.01
    assert openness.mean() < 0.01


def test_light_creeps_round_the_terminator_of_skin_and_red_farthest() -> None:
    thing = ball((0, 0, 0), 40, 24)
    mesh, lamp = mesh_of(thing), Lights(np.array([[0, 1, 0.0]]), np.ones((1, 3)))
    hard, soft = (light_on(mesh, [thing], lamp, softness)[0] for softness in (0.0, 1.0))
    beyond = np.abs(mesh.normals[:, 1] + 0.13) < 0.01
    assert hard[beyond].max() < 0.01
    assert soft[beyond, 0].min() > 0.05
    assert soft[beyond, 1:].max() < 0.01
    assert np.all(soft[mesh.normals[:, 1] < -0.5] == 0)


def test_sharp_lights_are_left_to_those_who_draw() -> None:
    thing = ball((0, 0, 0), 40)
    lights = overcast()
    lamp = Lights(np.concatenate([[[0, 1, 0]], lights.towards]), np.concatenate([[[9, 9, 9]], lights.power]), (0.01,))
    assert np.array_equal(light_on(mesh_of(thing), [thing], lamp)[0], light_on(mesh_of(thing), [thing], lights)[0])


def test_averaging_over_a_mesh_keeps_what_is_even() -> None:
    mesh = mesh_of(ball((0, 0, 0), 40))
    even = np.full((len(mesh.points), 3), 0.7, np.float32)
    assert np.allclose(crept(even, mesh.triangles, (4, 2, 1)), 0.7)
    rough = np.random.default_rng(0).uniform(0, 1, even.shape).astype(np.float32)
    red, green, blue = crept(rough, mesh.triangles, (4, 2, 0)).std(axis=0)
    assert red < green < blue
