"""From photos to predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.checkpoints.store import save
from handseg_cli.checkpoints.weights import Weights
from handseg_cli.config import NetConfig
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.io.images import Photo
from handseg_cli.io.shapes import net_shape
from handseg_cli.models.lite import Lite
from handseg_cli.predict.predictor import Predictor, batched, choose_runtime, fit_of, open_predictor
from handseg_cli.runtime.session import Batch
from handseg_cli.sample import Image

sides = st.integers(1, 200_000)


class Red:
    """A net that is sure of a hand wherever the photo is red."""

    device = "cpu"

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        self.shapes.append(batch.shape)
        count, height, width, _ = batch.shape
        cells = batch.reshape(count, height // 4, 4, width // 4, 4, 3).mean((2, 4)) / 255
        return {"mask": 20 * (cells[:, None, ..., 0] - cells[:, None, ..., 1]) - 10}


def blots(height: int, width: int, seed: int = 0) -> Image:
    """Return a picture of smooth blots."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def square(height: int = 180, width: int = 320) -> Image:
    """Return a red square on black, off the centre."""
    image = np.zeros((height, width, 3), np.uint8)
    image[height // 5 : height // 2, width // 10 : width // 3, 0] = 255
    return image


@pytest.fixture(scope="module")
def tiny(tiny_weights: Path) -> Predictor:
    return open_predictor(NetConfig(weights=str(tiny_weights)))[0]


def test_the_mask_finds_the_red_square() -> None:
    image = square()
    prediction = Predictor(Red(), size=160)(image)
    wanted = image[:, :, 0] > 0
    assert (prediction.mask == 255)[wanted].mean() > 0.9
    assert (prediction.mask == 0)[~wanted].mean() > 0.98
    assert len(prediction.hands) == 1
    assert prediction.confidence > 0.9
    assert set(prediction.seconds) == {"net", "post"}
    assert min(prediction.seconds.values()) > 0


def test_a_hand_of_another_place_is_found_there() -> None:
    predictor = Predictor(Red(), size=160)
    for image in (square(), square()[:, ::-1], square()[::-1], square(320, 180)):
        mask = predictor(image).mask == 255
        truth = image[:, :, 0] > 0
        assert (mask & truth).sum() / (mask | truth).sum() > 0.9


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (7, 3), (33, 31), (300, 500)])
def test_any_size_gets_a_mask_of_its_size(tiny: Predictor, size: tuple[int, int]) -> None:
    prediction = tiny(blots(*size))
    assert prediction.mask.shape == prediction.probability.shape == size
    assert prediction.mask.dtype == prediction.probability.dtype == np.uint8


def test_grey_is_taken_as_grey_rgb(tiny: Predictor) -> None:
    grey = blots(60, 80)[:, :, 0]
    assert np.array_equal(tiny(grey).probability, tiny(np.stack([grey] * 3, axis=2)).probability)


def test_layout_in_memory_does_not_matter(tiny: Predictor) -> None:
    image = blots(60, 80)
    flipped = np.ascontiguousarray(image[:, ::-1])
    flipped.flags.writeable = False
    assert np.array_equal(tiny(image[:, ::-1]).probability, tiny(flipped).probability)
    assert np.array_equal(tiny(np.asfortranarray(image)).probability, tiny(image).probability)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((4, 4, 3), np.float32), "array of float32"),
        (np.zeros((4, 4, 4), np.uint8), r"shape \(4, 4, 4\)"),
        (np.zeros((4, 0, 3), np.uint8), "shape"),
        (np.zeros((4,), np.uint8), "shape"),
        ("photo.jpg", "a str"),
    ],
)
def test_what_is_no_image_is_told(tiny: Predictor, image: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        tiny(image)


def test_a_batch_is_its_photos_one_by_one(tiny: Predictor) -> None:
    sizes = [(90, 160), (160, 90), (95, 161), (50, 50), (720, 1280)]
    photos = [Photo(blots(*size, seed=index), size) for index, size in enumerate(sizes)]
    together = tiny.segment(photos)
    for photo, prediction in zip(photos, together, strict=True):
        single = tiny.segment([photo])[0]
        assert np.abs(single.probability.astype(int) - prediction.probability).max() <= 1


def test_photos_of_like_shape_share_one_run() -> None:
    session = Red()
    sizes = [(90, 160), (160, 90), (180, 320), (90, 160)]
    Predictor(session, size=160).segment([Photo(blots(*size), size) for size in sizes])
    assert [shape[0] for shape in session.shapes] == [3, 1]


def test_no_photos_are_no_predictions(tiny: Predictor) -> None:
    assert tiny.segment([]) == []


def test_a_reduced_photo_gets_a_mask_of_the_full_size(tiny: Predictor) -> None:
    full = blots(720, 1280)
    half = np.asarray(cv2.resize(full, (640, 360), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    whole, reduced = tiny.segment([Photo(full, (720, 1280)), Photo(half, (720, 1280))])
    assert reduced.mask.shape == (720, 1280)
    assert np.abs(whole.probability.astype(int) - reduced.probability).mean() < 3


def test_scaling_averages_and_keeps_the_place() -> None:
    y, x = np.indices((720, 1280))
    ramp = np.stack([x / 1280 * 255, y / 720 * 255, (x + y) % 2 * 255], axis=2).astype(np.uint8)
    batch = batched([ramp], (288, 512))[0]
    wanted = (np.arange(512) + 0.5) / 512
    assert np.abs(batch[..., 0] / 255 - wanted).max() < 0.01
    assert np.abs(batch[..., 2] / 255 - 0.5).max() < 0.01  # a fine chequerboard becomes an even grey


@pytest.mark.parametrize("size", [(720, 1280), (721, 1279), (100, 100), (1, 1), (2000, 40)])
def test_black_stays_black_and_white_white(size: tuple[int, int]) -> None:
    for level in (0, 255):
        batch = batched([np.full((*size, 3), level, np.uint8)], net_shape(size, 384))
        assert (batch == level).all()


def test_tta_sees_no_side(tiny: Predictor) -> None:
    predictor = Predictor(tiny.session, size=128, tta=True)
    image = blots(90, 160)
    one, other = predictor(image).probability[:, ::-1], predictor(image[:, ::-1]).probability
    assert np.abs(one.astype(int) - other).max() <= 2


def test_min_area_removes_small_hands() -> None:
    image = square()
    image[140:160, 240:260, 0] = 255
    assert len(Predictor(Red(), size=160)(image).hands) == 2
    assert len(Predictor(Red(), size=160, min_area=0.05)(image).hands) == 1


def test_crf_and_tile_need_the_full_photo() -> None:
    assert Predictor(Red(), size=160, crf=True).needs_full
    assert Predictor(Red(), size=160, tile=True).needs_full
    assert not Predictor(Red(), size=160, tta=True).needs_full
    assert Predictor(Red(), size=160).pixels == 160**2


def test_tiles_find_what_the_whole_photo_is_too_coarse_for() -> None:
    image = np.zeros((3072, 3072, 3), np.uint8)
    image[2040:2088, 1032:1080, 0] = 255  # a quarter of each of four cells
    truth = image[:, :, 0] > 0
    whole, tiled = (Predictor(Red(), size=256, tile=tile)(image) for tile in (False, True))
    assert whole.hands == ()
    assert (tiled.mask[truth] == 255).mean() > 0.5
    assert (tiled.mask[~truth] == 255).mean() < 0.001


def test_crf_is_applied_to_the_probability(tiny: Predictor) -> None:
    image = blots(90, 160)
    plain, refined = tiny(image), Predictor(tiny.session, size=128, crf=True)(image)
    assert refined.mask.shape == (90, 160)
    assert not np.array_equal(plain.probability, refined.probability)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, "onnx"),
        ({"weights": "net.onnx"}, "onnx"),
        ({"weights": "net.SafeTensors"}, "torch"),
        ({"device": "cuda"}, "torch"),
        ({"device": "cuda", "weights": "net.onnx"}, "onnx"),
        ({"runtime": "openvino", "weights": "net.safetensors"}, "openvino"),
    ],
)
def test_auto_is_predictable(settings: dict[str, Any], wanted: str) -> None:
    assert choose_runtime(NetConfig(**settings)) == wanted


def test_the_card_gives_the_size_unless_the_user_does(tiny_weights: Path) -> None:
    assert open_predictor(NetConfig(weights=str(tiny_weights)))[0].size == 128
    assert open_predictor(NetConfig(weights=str(tiny_weights), size=64))[0].size == 64


@pytest.mark.parametrize("size", [None, "large", 0, 2.5, True])
def test_a_card_without_a_size_is_refused(tmp_path: Path, size: Any) -> None:
    save(tmp_path / "net.safetensors", Lite(width=8), {"model": "lite", "arguments": {"width": 8}, "size": size})
    with pytest.raises(CheckpointError, match="net: its card says size"):
        open_predictor(NetConfig(weights=str(tmp_path / "net.safetensors")))


def test_runtimes_agree(tiny_weights: Path, tiny: Predictor) -> None:
    other = open_predictor(NetConfig(weights=str(tiny_weights.with_suffix(".safetensors"))))[0]
    image = blots(120, 90)
    assert np.abs(other(image).probability.astype(int) - tiny(image).probability).max() <= 1


def test_a_net_that_squashes_sees_every_photo_in_one_shape() -> None:
    red = Red()
    predictor = Predictor(red, size=64, fit="squash")
    masks = [predictor(square(*size)).mask for size in ((90, 400), (300, 100))]
    assert {shape[1:3] for shape in red.shapes} == {(64, 64)}
    assert [mask.shape for mask in masks] == [(90, 400), (300, 100)]


@pytest.mark.parametrize(("card", "wanted"), [({}, "area"), ({"fit": "area"}, "area"), ({"fit": "squash"}, "squash")])
def test_a_card_says_how_photos_are_fitted(card: dict[str, Any], wanted: str) -> None:
    assert fit_of(Weights("net", None, None, "", card)) == wanted


def test_a_card_of_an_unknown_fit_is_refused() -> None:
    with pytest.raises(CheckpointError, match="fit 'pad', not area or squash"):
        fit_of(Weights("net", None, None, "", {"fit": "pad"}))
