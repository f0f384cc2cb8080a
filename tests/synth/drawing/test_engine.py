"""Which engine is opened, and what is said where it is not the fastest."""

from __future__ import annotations

import multiprocessing
import sys

import numpy as np
import pytest

from handseg_cli.errors import DeviceError
from handseg_cli.synth.drawing import engine as engines
from handseg_cli.synth.drawing.engine import open_engine
from handseg_cli.synth.figures.procedural import HandShape, procedural_hand
from handseg_cli.synth.labels import parts_of
from handseg_cli.synth.surface import Camera, Drawing, Kind, Material, Surface
from tests.synth.still import ABOVE, ball, looking, overcast, sheet, sunny


@pytest.fixture
def _no_moderngl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_opened", {})
    monkeypatch.setitem(sys.modules, "moderngl", None)
    for name in ("engine_gl", "egl", "gl_pictures"):
        monkeypatch.delitem(sys.modules, f"handseg_cli.synth.drawing.{name}", raising=False)


@pytest.fixture
def _gl() -> None:
    try:
        open_engine("gl")
    except DeviceError as error:
        pytest.skip(str(error))


def hand(seed: int) -> tuple[list[Surface], Camera]:
    """Return a hand over a desk, and a camera."""
    body = procedural_hand(HandShape(), "L")
    rng = np.random.default_rng(seed)
    texture = rng.integers(90, 220, (64, 64, 3)).astype(np.uint8)
    skin = Material(texture, 2.2, grain=0.15, soft=1.0)
    middle = body.points[body.marks.along > 0].mean(axis=0)
    desk = sheet(600, float(body.points[:, 1].min()) - 5)
    eye = middle + np.array([0, 350, 0]) + rng.normal(0, 60, 3)
    surface = Surface(Kind.SKIN, body.points, body.triangles, body.uv, skin, body.marks)
    return [surface, desk], looking(eye, middle, (160, 160), 200)


def differing(one: Drawing, other: Drawing) -> int:
    """Return how many pixels two drawings of a scene name differently."""
    named = (one.surface != other.surface) | (one.side != other.side) | (one.finger != other.finger)
    numbers = (np.abs(one.along - other.along) > 0.5) | (np.abs(one.reach - other.reach) > 0.05)
    depth = ~np.isclose(one.depth, other.depth, rtol=1e-3)
    return int(np.count_nonzero(named | numbers | depth))


def test_an_engine_is_opened_once() -> None:
    assert open_engine("numpy") is open_engine("numpy")


@pytest.mark.usefixtures("_gl")
def test_opengl_is_taken_where_it_is() -> None:
    assert open_engine() is open_engine("gl")
    assert (open_engine().name, open_engine().note) == ("gl", "")


@pytest.mark.usefixtures("_no_moderngl")
def test_without_moderngl_numpy_draws_and_says_what_to_install() -> None:
    engine = open_engine()
    assert engine.name == "numpy"
    assert "several times as long" in engine.note
    assert "pip install 'handseg[synth]'" in engine.note
    assert engine.draw([ball((0, 0, 0), 40)], ABOVE, overcast()).surface.max() == 0


@pytest.mark.usefixtures("_no_moderngl")
def test_opengl_that_is_asked_for_and_missing_is_an_error() -> None:
    with pytest.raises(DeviceError, match=r"moderngl is not installed: pip install 'handseg\[synth\]'"):
        open_engine("gl")


def test_a_machine_without_egl_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    egl = pytest.importorskip("handseg_cli.synth.drawing.egl")

    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(egl.ctypes, "CDLL", missing)
    monkeypatch.setattr(engines, "_opened", {})
    assert "apt-get install libegl1 libgl1-mesa-dri" in open_engine().note


@pytest.mark.usefixtures("_gl")
@pytest.mark.parametrize("seed", range(3))
def test_both_engines_name_a_hand_s_pixels_alike(seed: int) -> None:
    surfaces, camera = hand(seed)
    lights = sunny((0.5, 1, 0.3), 0.03) if seed else overcast()
    one, other = (open_engine(name).draw(surfaces, camera, lights) for name in ("gl", "numpy"))
    assert differing(one, other) <= 5
    kinds = [surface.kind for surface in surfaces]
    assert np.count_nonzero(parts_of(one, kinds) != parts_of(other, kinds)) <= 5
    assert np.abs(one.colour - other.colour).mean() < 0.005


@pytest.mark.usefixtures("_gl")
@pytest.mark.parametrize("seed", range(3))
def test_both_engines_sort_random_triangles_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform([-150, -150, -100], [150, 150, 700], (300, 3)).astype(np.float32)
    triangles = rng.integers(0, 300, (200, 3))
    triangles = triangles[(np.diff(np.sort(triangles, axis=1), axis=1) > 0).all(axis=1)]
    grey = Material(np.full((4, 4, 3), 0.5, np.float32), double=bool(seed % 2))
    soup = Surface(Kind.THING, points, triangles, rng.uniform(0, 1, (len(triangles), 3, 2)), grey)
    camera = looking(np.array([0.0, 0, 500]), np.zeros(3), (100, 130), 100)
    one, other = (open_engine(name).draw([soup], camera, overcast()) for name in ("gl", "numpy"))
    assert differing(one, other) <= 15
    assert (one.surface >= 0).mean() > 0.3


def shares_and_name(number: int) -> tuple[str, float]:
    engine = open_engine()
    return engine.name, float(engine.draw([ball((0, 0, 0), 40)], ABOVE, overcast()).colour.sum())


@pytest.mark.usefixtures("_gl")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_forked_off_one_that_draws_draws_as_well() -> None:
    mine = shares_and_name(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(shares_and_name, range(4)).get(timeout=60)
    assert [total for _, total in found] == pytest.approx([mine[1]] * 4, rel=0.01)
