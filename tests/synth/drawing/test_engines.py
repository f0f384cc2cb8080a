"""What any engine draws: every test runs in NumPy, and in OpenGL where there is EGL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.errors import DeviceError
from handseg_cli.synth.body import Marks
from handseg_cli.synth.drawing.engine import Engine, open_engine
from handseg_cli.synth.drawing.light import evenly
from handseg_cli.synth.surface import Camera, Drawing, Lights, Surface
from handseg_cli.synth.turning import unit
from tests.synth.still import ABOVE, AHEAD, GREY, ball, looking, overcast, sheet, sunny, wall


@pytest.fixture(params=["numpy", "gl"])
def engine(request: pytest.FixtureRequest) -> Engine:
    try:
        return open_engine(request.param)
    except DeviceError as error:
        pytest.skip(str(error))


def drawn(engine: Engine, surfaces: Sequence[Surface], camera: Camera = AHEAD, lights: Lights | None = None) -> Drawing:
    return engine.draw(surfaces, camera, lights or overcast())


def mean(drawing: Drawing, surface: int) -> float:
    """Return how bright the insides of a surface are on the mean."""
    inside = (drawing.surface == surface) & (drawing.colour[..., 3] > 0.999)
    return float(drawing.colour[inside, :3].mean())


def test_a_ball_is_where_a_camera_sees_it(engine: Engine) -> None:
    drawing = drawn(engine, [ball((0, 0, 0), 100, 48)])
    y, x = (np.mgrid[:64, :64] + 0.5 - 32) / 80
    ray = unit(np.stack([x, y, np.ones_like(x)], axis=-1))
    middle = np.array([0, 0, 500])
    miss = np.linalg.norm(np.cross(ray, middle), axis=-1)
    depth = (ray @ middle - np.sqrt(np.maximum(100**2 - miss**2, 0))) * ray[..., 2]
    inside = miss < 98
    assert np.all((drawing.surface == 0)[inside])
    assert np.all((drawing.surface == -1)[miss > 100])
    assert np.abs(drawing.depth - depth)[miss < 95].max() < 1
    assert np.all(np.isinf(drawing.depth[drawing.surface < 0]))


def test_coverage_is_the_share_of_each_pixel(engine: Engine) -> None:
    # The wall ends 0.4 pixels inside a column of pixels, and 0.7 inside a row.
    drawing = drawn(engine, [wall(100, 0)], replace(AHEAD, matrix=np.array([[80, 0, 32.4], [0, 80, 32.7], [0, 0, 1]])))
    coverage = drawing.colour[..., 3]
    assert coverage.sum() == pytest.approx(32 * 32, rel=0.02)
    assert coverage[32, 48] == pytest.approx(0.4, abs=0.15)
    assert coverage[48, 32] == pytest.approx(0.7, abs=0.15)
    assert coverage[32, 32] == 1
    assert np.array_equal(coverage == 0, drawing.colour[..., 0] == 0)


def test_a_thread_thinner_than_a_pixel_shows(engine: Engine) -> None:
    thread = wall(100, 0)
    thread = replace(
        thread, points=thread.points * np.array([0.02, 1, 1], np.float32) + np.array([1, 0, 0], np.float32)
    )
    drawing = drawn(engine, [thread])
    # It is 0.64 pixels wide, and passes by the pixels' centres.
    assert drawing.surface.max() == -1
    assert drawing.colour[20:44, 30:35, 3].sum(axis=1) == pytest.approx(0.6, abs=0.15)


def test_the_nearer_surface_hides_the_farther_whatever_their_order(engine: Engine) -> None:
    near, far = ball((0, 0, 50), 40), wall(150, 0)
    for surfaces, first in (([near, far], 0), ([far, near], 1)):
        drawing = drawn(engine, surfaces)
        assert drawing.surface[32, 32] == first
        assert drawing.surface[32, 10] == 1 - first


def test_marks_are_interpolated_and_counted_things_are_the_nearest_point_s(engine: Engine) -> None:
    panel = wall(100, 0)
    left = panel.points[:, 0] < 0
    marks = Marks(np.where(left, 1, 2), panel.points[:, 0], np.where(left, 3, 4), panel.points[:, 1])
    drawing = drawn(engine, [replace(panel, marks=marks)])
    x = (np.arange(64) + 0.5 - 32) / 80 * 500
    seen = np.abs(x) < 99
    assert np.allclose(drawing.along[32, seen], x[seen], atol=0.5)
    assert np.allclose(drawing.reach[seen, 32], -x[seen], atol=0.5)
    assert set(drawing.side[32, seen & (x < -5)]) == {1}
    assert set(drawing.finger[32, seen & (x > 5)]) == {4}


def test_there_is_a_hole_where_nothing_is_kept(engine: Engine) -> None:
    panel = wall(100, 0)
    drawing = drawn(engine, [replace(panel, keep=panel.points[:, 0] - 20), wall(100, -50)])
    x = (np.arange(64) + 0.5 - 32) / 80 * 500
    assert set(drawing.surface[32, (x > 22) & (x < 98)]) == {0}
    assert set(drawing.surface[32, np.abs(x) < 18]) == {1}


def test_a_surface_is_seen_from_behind_only_if_it_is_double(engine: Engine) -> None:
    behind = looking(np.array([0.0, 0, -500]), np.zeros(3))
    both = replace(wall(100, 0), material=replace(GREY, double=True))
    assert drawn(engine, [wall(100, 0)], behind).surface.max() == -1
    assert drawn(engine, [both], behind).surface[32, 32] == 0
    assert 0 < mean(drawn(engine, [both], behind), 0) < mean(drawn(engine, [both]), 0)


def test_nothing_is_drawn_of_nothing(engine: Engine) -> None:
    hole = ball((0, 0, 0), 50)
    for surfaces in ([], [ball((0, 0, 900), 50)], [replace(hole, keep=np.full(len(hole.points), -1.0))]):
        drawing = drawn(engine, surfaces)
        assert drawing.surface.max() == -1
        assert drawing.colour.max() == 0
        assert np.isinf(drawing.depth).all()


@pytest.mark.parametrize("size", [(1, 1), (7, 50), (33, 18)])
def test_pictures_may_have_any_size(engine: Engine, size: tuple[int, int]) -> None:
    drawing = drawn(engine, [wall(5000, 0)], looking(np.array([0.0, 0, 500]), np.zeros(3), size))
    assert drawing.colour.shape == (*size, 4)
    assert np.allclose(drawing.depth, 500, atol=0.1)
    assert np.allclose(drawing.colour[..., 3], 1)


def test_a_floor_under_the_camera_is_seen_down_to_the_feet(engine: Engine) -> None:
    camera = looking(np.array([0.0, 200, 0]), np.array([0.0, 0, 300]))
    drawing = drawn(engine, [sheet(5000)], camera)
    y = ((np.arange(64) + 0.5 - 32) / 80)[:, None]
    down, forward = -camera.turn[1, 1], -camera.turn[2, 1]
    expected = 200 / np.maximum(forward + y * down, 1e-3)
    near = expected[:, 0] < 3000
    assert np.allclose(drawing.depth[near], expected[near], rtol=1e-3)


def test_grey_under_an_even_sky_is_grey(engine: Engine) -> None:
    assert mean(drawn(engine, [ball((0, 0, 0), 100, 32)]), 0) == pytest.approx(0.5, abs=0.03)


def test_a_tone_is_gain_times_a_power_of_the_texture(engine: Engine) -> None:
    tone = replace(GREY, texture=np.full((8, 8, 3), 128, np.uint8), power=2.0, gain=(1.0, 0.5, 0.25))
    colour = drawn(engine, [replace(wall(100, 0), material=tone)]).colour[32, 32]
    plain = drawn(engine, [wall(100, 0)]).colour[32, 32]
    assert colour[:3] / plain[:3] == pytest.approx((128 / 255) ** 2 * np.array([2, 1, 0.5]), rel=0.02)


def test_textures_lie_as_their_uv_says_rows_running_down(engine: Engine) -> None:
    quarters = np.zeros((2, 2, 3), np.float32)
    quarters[0, 0], quarters[0, 1], quarters[1, 0] = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    texture = np.repeat(np.repeat(quarters, 32, axis=0), 32, axis=1)
    colour = drawn(engine, [replace(wall(100, 0), material=replace(GREY, texture=texture))]).colour
    assert colour[24, 24, 0] > 5 * colour[24, 24, 1]
    assert colour[24, 40, 1] > 5 * colour[24, 40, 0]
    assert colour[40, 24, 2] > 5 * colour[40, 24, 0]
    assert colour[40, 40, :3].max() < 0.05


def test_textures_far_away_do_not_flicker(engine: Engine) -> None:
    checks = (np.indices((256, 256)).sum(axis=0) % 2)[..., None] * np.ones(3, np.float32)
    material = replace(GREY, texture=checks.astype(np.float32), repeat=True)
    colour = drawn(engine, [replace(wall(100, 0), material=material)]).colour[20:44, 20:44, 0]
    assert colour == pytest.approx(0.5, abs=0.06)


def test_a_sun_throws_a_crisp_shadow_and_lights_the_rest(engine: Engine) -> None:
    drawing = drawn(engine, [sheet(200), ball((0, 60, 0), 30)], ABOVE, sunny((1, 1, 0)))
    row = drawing.colour[32, :, 0]
    # The shadow's middle lies 60 mm from below the ball, away from the sun.
    shadow, lit = row[32 - 11], row[32 + 18]
    assert lit == pytest.approx(0.5 * (0.3 + 2 / np.sqrt(2)), rel=0.1)
    assert shadow < 0.2 * lit
    assert np.all(np.isclose(row[1:16], row[1:16].mean(), rtol=0.15))


def test_a_lit_ball_has_no_specks_of_shadow(engine: Engine) -> None:
    drawing = drawn(engine, [ball((0, 0, 0), 100, 32)], AHEAD, sunny((0.3, 0.4, 1)))
    middle = drawing.colour[24:40, 24:40, 0]
    bends = [np.abs(np.diff(middle, 2, axis)).max() for axis in (0, 1)]
    assert max(bends) < 0.02 * middle.mean()


def test_the_edge_of_a_lamp_s_shadow_is_softer_than_a_sun_s(engine: Engine) -> None:
    def steepest(radius: float) -> float:
        drawing = drawn(engine, [sheet(200), ball((0, 100, 0), 20)], ABOVE, sunny((1, 1, 0), radius))
        return float(np.abs(np.diff(drawing.colour[32, 1:24, 0])).max())

    assert steepest(0.06) < 0.8 * steepest(0.005)


def test_gloss_adds_a_highlight_where_light_is_mirrored(engine: Engine) -> None:
    lights = sunny((0, 0, 1))
    shiny = replace(GREY, gloss=0.04, rough=0.3)
    dull, glossy = (drawn(engine, [ball((0, 0, 0), 100, 32, m)], AHEAD, lights).colour[..., 0] for m in (GREY, shiny))
    assert glossy[32, 32] > dull[32, 32] + 0.5
    assert glossy[32, 20] == pytest.approx(dull[32, 20], abs=0.12)


@pytest.mark.parametrize(("count", "sharp"), [(0, ()), (1, ()), (1, (0.01,)), (3, (0.01, 0.05)), (64, ())])
def test_there_may_be_any_number_of_lights(engine: Engine, count: int, sharp: tuple[float, ...]) -> None:
    lights = Lights(evenly(64)[:count], np.ones((count, 3), np.float32), sharp)
    drawing = drawn(engine, [ball((0, 0, 0), 100), sheet(500, -100)], AHEAD, lights)
    assert np.isfinite(drawing.colour).all()
    assert (drawing.colour[..., :3].max() > 0) == (count > 0)


def test_the_same_scene_gives_the_same_bytes(engine: Engine) -> None:
    surfaces = [sheet(200), ball((0, 60, 0), 30, material=replace(GREY, grain=0.3, soft=1.0))]
    one = drawn(engine, surfaces, ABOVE, sunny((1, 1, 0)))
    drawn(engine, surfaces[:1])
    other = drawn(engine, surfaces, ABOVE, sunny((1, 1, 0)))
    assert all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True))


def test_colour_is_finite_even_at_grazing_angles_and_in_degenerate_meshes(engine: Engine) -> None:
    thing = ball((0, 0, 0), 100, 6, replace(GREY, gloss=0.5, rough=0.0, grain=1.0, soft=1.0))
    flat = replace(thing, points=(thing.points * [1, 0.001, 1]).astype(np.float32))
    for surfaces in ([thing], [flat], [thing, flat, wall(300, -20)]):
        assert np.isfinite(drawn(engine, surfaces, lights=sunny((0, 1, 0.001))).colour).all()
