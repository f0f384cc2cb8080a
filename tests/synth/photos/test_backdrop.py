"""What is behind: surroundings, photos, scenery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.synth.drawing.light import environment_of
from handseg_cli.synth.photos.backdrop import (
    Sources,
    backdrop,
    level_of,
    photo_files,
    read_photo,
    surroundings,
    to_light,
)
from handseg_cli.synth.photos.scenery import KINDS, clouds, scenery
from handseg_cli.synth.surface import Lights
from tests.tiny import drawn


@pytest.fixture
def photos(tmp_path: Path) -> tuple[Path, ...]:
    for number, colour in enumerate([(200, 60, 20), (30, 160, 60)]):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.full((90, 140, 3), colour, np.uint8))
    return photo_files(tmp_path)


def sky(row: int, column: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    """Return a dark panorama (32, 64, 3) with one bright patch."""
    panorama = np.full((32, 64, 3), 0.1, np.float32)
    panorama[row - 1 : row + 2, column - 1 : column + 2] = 5
    return panorama


@pytest.mark.parametrize("kind", KINDS)
def test_scenery_of_every_kind_is_light_that_can_be(kind: str) -> None:
    for seed in range(4):
        light = KINDS[kind][1]((60, 90), np.random.default_rng(seed))
        assert light.shape == (60, 90, 3)
        assert light.dtype == np.float32
        assert light.min() >= 0
        assert 0.001 < light.mean() < 5


def test_scenery_fits_any_size() -> None:
    for size in ((8, 8), (33, 100), (200, 17)):
        for seed in range(6):
            assert scenery(size, np.random.default_rng(seed)).shape == (*size, 3)


def test_the_same_chance_draws_the_same_scenery() -> None:
    for seed in range(8):
        first, second = (scenery((48, 64), np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(first, second)


def test_clouds_are_noise_of_any_shape_with_coarse_and_fine_parts() -> None:
    noise = clouds((70, 110), np.random.default_rng(0))
    assert noise.shape == (70, 110)
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert cv2.blur(noise, (15, 15)).std() > 0.3


@pytest.mark.parametrize("towards", [(0.2, 0.1, 1.0), (-0.5, 0.4, 1.0), (0.0, -0.4, -1.0), (-1.0, 0.2, 0.1)])
def test_a_bright_patch_is_seen_where_its_direction_points(towards: tuple[float, float, float]) -> None:
    way = np.array(towards) / np.linalg.norm(towards)
    row, column = np.arccos(way[1]) / np.pi * 32, np.arctan2(way[2], way[0]) / (2 * np.pi) * 64 % 64
    environment = environment_of(sky(int(row), int(column)))
    # A camera that looks that way, upright, a little to the side of it.
    forward = way + np.array([0.1, 0.05, 0.1])
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(forward, right), forward])
    camera = replace(drawn.camera(), turn=turn)
    seen = surroundings(environment, camera).mean(axis=2)
    view = turn @ way
    point = (camera.matrix @ view / view[2])[:2]
    weight = np.maximum(seen - 0.5 * seen.max(), 0)
    y, x = np.indices(seen.shape) + 0.5
    found = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
    assert np.linalg.norm(found - point) < 200 * 2 * np.pi / 64  # pixels of the panorama


def test_an_environment_that_is_turned_is_seen_turned() -> None:
    environment = environment_of(sky(16, 20))
    angle = 0.7
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    camera = drawn.camera()
    straight = surroundings(environment, camera)
    both = surroundings(replace(environment, turn=turn), replace(camera, turn=camera.turn @ turn))
    assert both == pytest.approx(straight, abs=1e-3)


def test_there_is_no_seam_where_a_panorama_begins() -> None:
    panorama = np.repeat(np.linspace(0, 1, 64)[None, :, None], 32, axis=0).repeat(3, axis=2)
    smooth = np.abs(panorama - 0.5).astype(np.float32) + np.float32(0.1)
    turn = np.array([[0, 0, -1.0], [0, -1, 0], [1, 0, 0]])
    seen = surroundings(environment_of(smooth), replace(drawn.camera(), turn=turn))
    assert np.abs(np.diff(seen[..., 0], axis=1)).max() < 0.05


@pytest.mark.parametrize("level", [0.2, 1.0, 7.0])
def test_a_backdrop_is_as_bright_as_the_scene_is_lit(level: float, photos: tuple[Path, ...]) -> None:
    means = [
        backdrop(Sources(photos=photos, level=level), drawn.camera(), np.random.default_rng(seed)).mean()
        for seed in range(12)
    ]
    assert 0.1 * level < np.median(means) < 0.6 * level


def test_photos_are_read_in_the_order_of_red_green_and_blue(photos: tuple[Path, ...]) -> None:
    image = read_photo(photos[0])
    assert image is not None
    assert image[40, 40].tolist() == pytest.approx([20, 60, 200], abs=4)


def test_photos_that_cannot_be_read_give_way_to_scenery(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    sources = Sources(photos=(tmp_path / "broken.jpg", tmp_path / "gone.png"))
    for seed in range(5):
        assert backdrop(sources, drawn.camera(), np.random.default_rng(seed)).shape == (*drawn.SIZE, 3)


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(DatasetError, match="holds no photo"):
        photo_files(tmp_path)


def test_what_is_white_in_a_photo_was_brighter_and_colours_keep_their_hue() -> None:
    image = np.array([[[255, 255, 255], [255, 120, 60], [128, 128, 128]]], np.uint8)
    white, orange, grey = to_light(image)[0]
    assert white == pytest.approx([3, 3, 3])
    assert orange == pytest.approx([1, 0.188, 0.045], abs=0.01)
    assert grey == pytest.approx([0.216] * 3, abs=0.01)


def test_the_level_of_lights_is_the_mean_of_a_white_ball() -> None:
    lights = Lights(np.array([[0, 1.0, 0], [1.0, 0, 0]]), np.array([[3.0, 3, 3], [1.0, 1, 1]]))
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(20000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    received = np.maximum(normals @ lights.towards.T, 0) @ lights.power
    assert level_of(lights) == pytest.approx(received.mean(), rel=0.03)
