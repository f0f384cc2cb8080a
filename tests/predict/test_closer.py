"""A closer look at small hands: what it finds better, what it lets go, and what it never does."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.checkpoints.weights import Weights
from handseg_cli.config import Label, NetConfig, PredictConfig
from handseg_cli.io.images import Photo
from handseg_cli.predict.closer import LARGEST, MOST, Box, plan, regions, seen, without_doubt, without_specks
from handseg_cli.predict.predictor import Predictor, open_predictor, predictor_of
from handseg_cli.predict.sinks import settings_of
from handseg_cli.predict.stream import predict
from handseg_cli.runtime.session import Batch
from handseg_cli.sample import Image, Mask
from tests.tiny.photos import read

PHOTOS = Path(__file__).parents[1] / "photos"
MASKS = PHOTOS.with_name("masks")

spans = st.tuples(st.integers(0, 63), st.integers(1, 64)).map(lambda two: (two[0], min(64, two[0] + two[1])))
boxes = st.tuples(spans, spans).map(lambda two: (two[0][0], two[1][0], two[0][1], two[1][1]))


class Red:
    """A net that is sure of a hand wherever the photo is red, on average over cells of four pixels."""

    device = "cpu"

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        self.shapes.append(batch.shape)
        count, height, width, _ = batch.shape
        cells = batch.reshape(count, height // 4, 4, width // 4, 4, 3).mean((2, 4))[:, None].astype(np.float32) / 255
        middle = np.float32((cells.shape[-2] - 1) / 2)
        side = np.broadcast_to(np.sign(np.arange(cells.shape[-2]) - middle), cells[..., 0].shape)
        return {"mask": 20 * cells[..., 0] - 10, "arm": 20 * cells[..., 1] - 10, "side": np.float32(9) * side}


class Doubtful(Red):
    """A net that takes for a hand only what is small in what it sees."""

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        outputs = super().run(batch)
        return outputs if batch[..., 0].mean() < 10 else {name: logits * 0 - 9 for name, logits in outputs.items()}


def small_hand(height: int = 720, width: int = 960) -> Image:
    """Return a red palm with four fingers, a hundredth of the photo, on black."""
    image = np.zeros((height, width, 3), np.uint8)
    image[300:348, 400:472, 0] = 255
    for left in range(400, 472, 20):
        image[252:300, left : left + 12, 0] = 255
    return image


def overlap(mask: Mask, truth: NDArray[np.bool_]) -> float:
    return float(((mask > 0) & truth).sum() / ((mask > 0) | truth).sum())


def test_a_small_hand_is_seen_better() -> None:
    image = small_hand()
    truth = image[..., 0] > 0
    first, closer = (overlap(Predictor(Red(), size=160, closer=each)(image).mask, truth) for each in (False, True))
    assert first < 0.8
    assert closer > first + 0.1


def test_what_the_closer_look_does_not_confirm_is_dropped() -> None:
    assert Predictor(Doubtful(), size=160)(small_hand()).mask.any()
    assert not Predictor(Doubtful(), size=160, closer=True)(small_hand()).mask.any()


def test_specks_beside_a_hand_are_let_go_and_alone_they_are_hands() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[40:72, 40:72, 0] = 255
    assert len(Predictor(Red(), size=160, closer=True)(image).hands) == 1
    image[200:440, 200:600, 0] = 255
    (hand,) = Predictor(Red(), size=160, closer=True)(image).hands
    assert hand.box[0] > 150


@pytest.mark.parametrize("tta", [False, True])
def test_no_photo_takes_more_than_some_runs(tta: bool) -> None:
    for seed in range(5):
        red = Red()
        noise = np.random.default_rng(seed).integers(0, 2, (12, 16, 3), np.uint8) * np.uint8(255)
        photo = np.asarray(cv2.resize(noise, (640, 480), interpolation=cv2.INTER_NEAREST), np.uint8)
        Predictor(red, size=160, closer=True, tta=tta)(photo)
        assert len(red.shapes) <= (1 + MOST) * (1 + tta)


def test_photos_without_small_hands_are_looked_at_once() -> None:
    large = np.zeros((480, 640, 3), np.uint8)
    large[100:400, 150:500, 0] = 255
    for photo in (large, np.zeros_like(large), np.full_like(large, 255), small_hand(64, 64)[:64, :64]):
        red = Red()
        Predictor(red, size=160, closer=True)(photo)
        assert len(red.shapes) == 1


@given(st.lists(boxes, max_size=9), st.integers(1, 3000), st.integers(1, 3000))
@settings(deadline=None)
def test_parts_are_few_small_and_inside_the_photo(found: list[Box], height: int, width: int) -> None:
    chosen = plan(found, (64, 64), (height, width))
    assert len(chosen) <= MOST
    for left, top, right, bottom in chosen:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert (right - left) * (bottom - top) <= LARGEST * height * width


def test_a_hand_within_a_part_takes_no_other() -> None:
    near = [(20, 20, 26, 26), (26, 24, 28, 26)]
    assert len(plan(near, (64, 64), (640, 640))) == 1
    assert len(plan([near[0], (50, 50, 52, 53)], (64, 64), (640, 640))) == 2


def slope(size: tuple[int, int], box: Box, grid: tuple[int, int]) -> NDArray[np.float32]:
    """Return (1, h, w) logits of a slope over an (H, W) image, as cells of a box of it see it."""
    left, top, right, bottom = box
    x = left + (np.arange(grid[1]) + 0.5) * (right - left) / grid[1]
    y = top + (np.arange(grid[0]) + 0.5) * (bottom - top) / grid[0]
    return (3 * x / size[1] - 2 * y[:, None] / size[0]).astype(np.float32)[None]


@given(boxes)
@settings(deadline=None, max_examples=40)
def test_a_look_that_agrees_with_the_first_changes_nothing(box: Box) -> None:
    size = (320, 640)
    left, top, right, bottom = box
    part = (left * 10, top * 5, right * 10, bottom * 5)
    photo = Photo(np.zeros((*size, 3), np.uint8), (480, 960))
    first, again = slope(size, (0, 0, 640, 320), (80, 160)), slope(size, part, (48, 56))
    plain, worked = seen(photo, first, []), seen(photo, first, [(part, again)])
    # Where cells end, half a cell before the border, logits stay as they are.
    assert np.abs(plain.astype(int) - worked)[8:-8, 8:-8].max() <= 4


def test_a_look_that_differs_leaves_no_seam() -> None:
    photo = Photo(np.zeros((400, 600, 3), np.uint8), (400, 600))
    first, again = np.full((1, 100, 150), -2, np.float32), np.full((1, 56, 56), 5, np.float32)
    part = (200, 0, 400, 200)
    score = seen(photo, first, [(part, again)]).astype(int)
    assert score[:100, 300].min() > 200, "up to the photo's own border, where nothing has to fade"
    assert max(np.abs(np.diff(score, axis=axis)).max() for axis in (0, 1)) < 10
    score[0:200, 200:400] = score[399, 0]
    assert (score == score[399, 0]).all()


def test_a_reduced_photo_is_looked_at_in_the_same_place() -> None:
    image = small_hand()
    half = np.asarray(cv2.resize(image, (480, 360), interpolation=cv2.INTER_AREA), np.uint8)
    predictor = Predictor(Red(), size=160, closer=True)
    whole, reduced = predictor.segment([Photo(image, (720, 960)), Photo(half, (720, 960))])
    assert overlap(reduced.mask, whole.mask > 0) > 0.97


def test_arms_and_sides_go_along() -> None:
    image = np.roll(small_hand(), (0, 300), (0, 1))
    image[348:372, 720:744, 1] = 255
    found = Predictor(Red(), size=160, closer=True, label="hand+arm", sides=True, draws_sides=True)(image)
    assert overlap(found.mask, image[..., :2].max(2) > 0) > 0.85
    assert found.sides is not None
    assert set(np.unique(found.sides)) <= {0, 1, 2, 3}
    assert (found.sides > 0).sum() == (found.mask > 0).sum()


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (40, 50), (63, 64), (100, 3000)])
def test_photos_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 2, (*size, 3), np.uint8) * np.uint8(255)
    assert Predictor(Red(), size=160, closer=True)(image).mask.shape == size


@pytest.mark.parametrize("shape", [(1, 1), (40, 56)])
def test_without_hands_there_are_neither_specks_nor_regions(shape: tuple[int, int]) -> None:
    nothing = np.full(shape, -3, np.float32)
    assert np.array_equal(without_specks(nothing), nothing)
    assert regions(nothing) == []


def test_tiles_do_without_it_and_so_do_nets_of_others(tiny_weights: Path) -> None:
    weights = str(tiny_weights)
    assert open_predictor(NetConfig(weights))[0].closer
    assert not open_predictor(NetConfig(weights, tile=True))[0].closer
    assert not open_predictor(NetConfig(weights, closer=False))[0].closer
    for card in ({"model": "unet"}, {"model": "lite", "fit": "squash"}):
        of_others = Weights("net", None, None, "", card | {"size": 64, "stride": 32})
        assert not predictor_of(Red(), of_others, NetConfig()).closer


def test_masks_with_and_without_it_are_told_apart() -> None:
    paths = (Path("a.jpg"),)
    on, off, tiled = (
        settings_of(PredictConfig(paths=paths, closer=closer, tile=tile), "mask", 288)
        for closer, tile in ((True, False), (False, False), (True, True))
    )
    assert on["closer"]
    assert "closer" not in off
    assert "closer" not in tiled


def test_the_embedded_net_sees_gloves_better(tmp_path: Path) -> None:
    truth = np.asarray(read(str(MASKS / "glove_at_bench.png")) > 0)
    scores = {}
    for closer in (False, True):
        folder = tmp_path / str(closer)
        predict(PredictConfig(paths=(PHOTOS / "glove_at_bench.jpg",), output=folder, closer=closer, quiet=True))
        scores[closer] = overlap(read(str(folder / "glove_at_bench.jpg.png")), truth)
    assert scores[True] > scores[False] + 0.05


def test_masks_are_the_same_whatever_the_number_of_threads(tmp_path: Path) -> None:
    photos = tuple(sorted(PHOTOS.glob("*.jpg"))[:4])
    for workers in (1, 3):
        config = PredictConfig(paths=photos, output=tmp_path / str(workers), workers=workers, batch=1, quiet=True)
        assert predict(config).done == 4
    for photo in photos:
        one, other = ((tmp_path / workers / f"{photo.name}.png").read_bytes() for workers in "13")
        assert one == other


def test_what_is_doubtful_on_the_whole_is_let_go_and_nothing_else_changes() -> None:
    score = np.full((60, 80), 20, np.uint8)
    score[5:55, 5:10] = score[50:55, 5:70] = 250  # a sure hand around two others
    score[10:20, 20:40] = 170  # doubtful
    score[30:40, 20:40] = 140
    score[31:39, 21:39] = 255  # as doubtful at its border, but not within
    wanted = score.copy()
    wanted[10:20, 20:40] = 85
    without_doubt(score)
    np.testing.assert_array_equal(score, wanted)


@pytest.mark.parametrize(("closer", "found"), [(True, False), (False, True)])
def test_a_hand_that_is_nowhere_sure_is_found_without_closer_looks_alone(closer: bool, found: bool) -> None:
    image = np.zeros((160, 160, 3), np.uint8)
    image[40:120, 40:120, 0] = 132  # a logit of .35, a probability of .59
    assert Predictor(Red(), size=160, closer=closer)(image).mask.any() == found


@pytest.mark.parametrize("label", ["arm", "hand+arm"])
def test_an_arm_that_is_nowhere_sure_is_kept(label: Label) -> None:
    image = np.zeros((160, 160, 3), np.uint8)
    image[40:120, 40:120, 1] = 132
    assert Predictor(Red(), size=160, closer=True, label=label)(image).mask.any()
