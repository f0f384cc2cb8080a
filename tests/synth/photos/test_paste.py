"""Pieces of photos in a scene: hands and other things by the same path."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.synth.labels import PASTED
from handseg_cli.synth.photos import cutouts, paste
from handseg_cli.synth.photos.cutouts import Piece, Scraps, cut_end, cutout_files, distractor, real_hand
from handseg_cli.synth.photos.paste import Place, pasted, placed, random_place
from handseg_cli.synth.photos.plate import Plate, empty
from tests.tiny import drawn

GREY = np.full((*drawn.SIZE, 3), 0.3, np.float32)
GREEN = (10, 220, 20)  # as screens behind cut-outs are


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return cut-outs: skin-coloured hands, open below, on a green ground."""
    for name in ("images", "masks"):
        (tmp_path / "set" / name).mkdir(parents=True)
    for number in range(3):
        mask = np.zeros((100, 120), np.uint8)
        cv2.ellipse(mask, (60, 60), (25, 40 + number), 0, 0, 360, 255, -1)
        mask[60:, 40:80] = 255
        image = np.where(mask[..., None] > 0, (170, 120, 100), GREEN).astype(np.uint8)
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)[..., ::-1]
        cv2.imwrite(str(tmp_path / "set" / "images" / f"{number}.png"), soft)
        cv2.imwrite(str(tmp_path / "set" / "masks" / f"{number}.png"), mask)
    return tmp_path


def piece(hand: bool = True) -> Piece:
    outline = np.zeros((80, 60), np.uint8)
    outline[10:80, 15:45] = 255
    return Piece(np.full((80, 60, 3), (0.4, 0.25, 0.2), np.float32), outline, cut_end(outline), hand)


def middle(depth: float = 300.0) -> Place:
    return Place((80.0, 60.0), 60.0, 0.0, False, depth)


def agree(plate: Plate) -> bool:
    """Tell whether what has a part has a depth."""
    return bool(np.isfinite(plate.depth[plate.parts > 0]).all())


@pytest.mark.parametrize("seed", range(6))
def test_parts_and_depth_agree_after_any_pasting(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plate = drawn.composed(drawn.at_random(rng), GREY)
    before = plate.parts.copy()
    for hand in (True, False, True):
        plate = pasted(plate, piece(hand), random_place(plate, piece(hand), float(rng.uniform(100, 1000)), rng), rng)
    assert agree(plate)
    assert np.isfinite(plate.light).all()
    assert set(np.unique(plate.parts)) <= {*np.unique(before), 0, PASTED}


def test_a_hand_is_hand_and_another_thing_is_nothing_in_the_very_same_pixels() -> None:
    plates = [pasted(empty(GREY), piece(hand), middle(), np.random.default_rng(3)) for hand in (True, False)]
    assert np.array_equal(plates[0].light, plates[1].light)
    assert np.array_equal(plates[0].depth, plates[1].depth)
    assert np.array_equal(plates[0].parts == PASTED, np.isfinite(plates[1].depth))
    assert not plates[1].parts.any()


def test_a_piece_behind_a_drawn_hand_does_not_touch_its_labels() -> None:
    drawing, _ = drawn.flat_hand(1)
    plate = drawn.composed(drawing, GREY)
    mine = plate.parts > 0
    behind = pasted(plate, piece(), middle(600), np.random.default_rng(0))
    before = pasted(plate, piece(), middle(200), np.random.default_rng(0))
    assert np.array_equal(behind.parts[mine], plate.parts[mine])
    assert np.array_equal(behind.light[mine], plate.light[mine])
    assert (behind.parts == PASTED).any()
    assert (before.parts[mine] == PASTED).any()


def test_a_piece_that_misses_the_picture_changes_nothing() -> None:
    plate = empty(GREY)
    assert pasted(plate, piece(), Place((900.0, 900.0), 50.0, 0.3, True, 300), np.random.default_rng(0)) is plate


def test_a_piece_goes_where_it_is_put() -> None:
    cover = placed(piece(), middle(), drawn.SIZE, np.random.default_rng(0))[..., 3]
    y, x = np.indices(cover.shape) + 0.5
    assert (x * cover).sum() / cover.sum() == pytest.approx(80, abs=0.5)
    assert (y * cover).sum() / cover.sum() == pytest.approx(60 + 5 * 60 / 80, abs=0.7)
    assert np.ptp(y[cover > 0.5]) == pytest.approx(70 * 60 / 80, rel=0.2)


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("flip", [False, True])
def test_a_cut_end_lies_outside_the_picture_more_often_than_not(side: int, flip: bool) -> None:
    turned = np.ascontiguousarray(np.rot90(piece().outline, 1 - side))
    there = Piece(np.full((*turned.shape, 3), 0.3, np.float32), turned, cut_end(turned), True)
    assert there.end == side
    shown = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        place = random_place(empty(GREY), there, 300, rng)
        if place.flip != flip:
            continue
        way = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)][side]) * [-1 if flip else 1, 1]
        cos, sin = np.cos(place.turn), np.sin(place.turn)
        reach = place.length * turned.shape[1 - side % 2] / max(turned.shape) / 2
        end = np.array(place.centre) + np.array([[cos, -sin], [sin, cos]]) @ way * reach
        shown += bool((end > 0).all() and (end < [160, 120]).all())
    assert shown <= 8


def test_pasted_pieces_take_the_level_of_the_scene() -> None:
    for level in (0.02, 5.0):
        plate = pasted(empty(GREY * np.float32(level)), piece(), middle(), np.random.default_rng(1))
        mine = plate.parts == PASTED
        assert 0.1 < plate.light[mine].mean() / (0.3 * level) < 4


def test_cut_outs_lose_all_trace_of_their_ground(folder: Path) -> None:
    scraps = Scraps(cutout_files(folder))
    for seed in range(3):
        hand = real_hand(scraps, np.random.default_rng(seed))
        assert hand is not None
        assert hand.end == 1
        near = cv2.dilate(hand.outline, np.ones((5, 5), np.uint8)) > 0
        assert (hand.light[near][:, 0] > 1.5 * hand.light[near][:, 1]).all()


def test_distractors_come_in_outlines_of_hands_and_others(folder: Path) -> None:
    scraps = Scraps(cutout_files(folder), tuple(pair[0] for pair in cutout_files(folder)[0]))
    made = [distractor(scraps, np.random.default_rng(seed)) for seed in range(24)]
    assert not any(each.hand for each in made)
    assert all(each.outline.shape == each.light.shape[:2] for each in made)
    assert all(each.outline.any() for each in made)
    assert 3 < sum(each.end == 1 for each in made) < 20


def test_without_any_files_there_are_no_hands_but_distractors() -> None:
    assert real_hand(Scraps(), np.random.default_rng(0)) is None
    assert distractor(Scraps(), np.random.default_rng(0)).outline.any()


def test_masks_that_are_empty_or_broken_give_no_hand(folder: Path) -> None:
    cv2.imwrite(str(folder / "set" / "masks" / "0.png"), np.zeros((100, 120), np.uint8))
    (folder / "set" / "masks" / "1.png").write_bytes(b"no mask")
    pairs = cutout_files(folder)[0]
    assert [cutouts.read_hand(*pair) is None for pair in pairs] == [True, True, False]


def test_a_folder_without_pairs_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="images/ and masks/"):
        cutout_files(tmp_path)


def test_a_shadow_falls_on_what_is_behind_alone() -> None:
    drawing, _ = drawn.flat_hand(1)
    plate = drawn.composed(drawing, GREY)
    cover = drawn.disc((80, 60), 30).astype(np.float32)
    for seed in range(6):
        lit = paste.shaded(plate, cover, middle(900), np.random.default_rng(seed))
        assert np.array_equal(lit.light[plate.parts > 0], plate.light[plate.parts > 0])
        assert (lit.light <= plate.light).all()
