from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.io import draw
from handseg_cli.io.draw import contact_sheet, cutout, overlay
from handseg_cli.sample import Hand

Array = NDArray[Any]
RED, BLUE = (200, 40, 30), (20, 30, 220)


def hand_scene(height: int = 120, width: int = 160) -> tuple[Array, Array, Array]:
    """Make a red disc on blue ground as a camera would see it: photo, probability and mask."""
    y, x = np.mgrid[0:height, 0:width]
    inside = np.clip((30 - np.hypot(x - 80, y - 60)) / 4 + 0.5, 0, 1)
    photo = inside[..., None] * np.array(RED) + (1 - inside[..., None]) * np.array(BLUE)
    probability = np.rint(inside * 255).astype(np.uint8)
    return photo.astype(np.uint8), probability, np.where(probability > 127, np.uint8(255), np.uint8(0))


def test_overlay_tints_hands_and_leaves_the_rest_alone() -> None:
    photo, _, mask = hand_scene()
    picture = overlay(photo, mask)
    assert np.array_equal(picture[:20], photo[:20])
    assert int(picture[60, 80, 1]) > int(photo[60, 80, 1]) + 40
    assert picture[60, 80, 0] > 90, "the hand is seen through the tint"


def test_overlay_draws_a_bright_line_along_the_border() -> None:
    photo, _, mask = hand_scene()
    picture = overlay(photo, mask).astype(int)
    row = picture[60, 80:].sum(axis=-1)
    assert 28 <= int(row.argmax()) <= 32


def test_overlay_does_not_change_the_photo() -> None:
    photo, _, mask = hand_scene()
    before = photo.copy()
    overlay(photo, mask, [Hand((50, 30, 110, 90), 2800, 0.9)])
    assert np.array_equal(photo, before)


def test_overlay_without_hands_is_the_photo() -> None:
    photo, _, mask = hand_scene()
    assert np.array_equal(overlay(photo, np.zeros_like(mask)), photo)


def test_lines_grow_with_the_photo() -> None:
    shares = []
    for scale in (1, 8):
        photo, _, mask = (np.repeat(np.repeat(a, scale, 0), scale, 1) for a in hand_scene(240, 320))
        changed = (overlay(photo, mask) != photo).any(axis=-1)
        shares.append(changed.mean())
    assert shares[1] == pytest.approx(shares[0], rel=0.15)


@pytest.mark.parametrize("box", [(50, 30, 110, 90), (0, 0, 160, 120), (155, 0, 160, 3), (0, 119, 1, 120)])
def test_frames_and_labels_fit_wherever_a_hand_is(box: tuple[int, int, int, int]) -> None:
    photo, _, mask = hand_scene()
    framed = overlay(photo, mask, [Hand(box, 100, 0.93)])
    assert framed.shape == photo.shape
    assert not np.array_equal(framed, overlay(photo, mask))


@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
        lambda shape: st.tuples(arrays(np.uint8, (*shape, 3)), arrays(np.uint8, shape), arrays(np.bool_, shape))
    )
)
@settings(max_examples=60)
def test_any_photo_can_be_drawn(scene: tuple[Array, Array, Array]) -> None:
    photo, probability, hands = scene
    mask = np.where(hands, np.uint8(255), np.uint8(0))
    height, width = mask.shape
    assert overlay(photo, mask, [Hand((0, 0, width, height), 1, 0.5)]).shape == (height, width, 3)
    assert cutout(photo, probability, mask).shape == (height, width, 4)


def test_large_photos_are_drawn_in_parts_that_show_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, probability, mask = hand_scene()
    hands = [Hand((50, 30, 110, 90), 100, 0.93)]
    whole = overlay(photo, mask, hands), cutout(photo, probability, mask)
    monkeypatch.setattr(draw, "SIDE", 20)
    parts = overlay(photo, mask, hands), cutout(photo, probability, mask)
    assert np.abs(whole[0].astype(int) - parts[0]).max() <= 1
    assert np.array_equal(whole[1], parts[1])


def test_cutout_is_opaque_within_and_clear_without() -> None:
    picture = cutout(*hand_scene())
    assert picture[60, 80].tolist() == [*RED, 255]
    assert not picture[:20].any()


def test_cutout_is_soft_at_the_border() -> None:
    alpha = cutout(*hand_scene())[60, 80:, 3].astype(int)
    assert np.all(np.diff(alpha) <= 0)
    assert ((alpha > 10) & (alpha < 245)).sum() >= 2


def test_cutout_has_no_colour_of_the_ground_in_it() -> None:
    picture = cutout(*hand_scene())
    seen = picture[picture[..., 3] > 10].astype(int)
    assert np.abs(seen[:, :3] - RED).max() < 30


def test_cutout_follows_the_threshold_of_the_mask() -> None:
    photo, probability, _ = hand_scene()
    small, large = (
        cutout(photo, probability, np.where(probability > threshold, np.uint8(255), np.uint8(0)))[..., 3].sum(dtype=int)
        for threshold in (200, 60)
    )
    assert small < large


def test_cutout_drops_what_the_mask_drops() -> None:
    photo, probability, mask = hand_scene()
    probability[2:8, 2:8] = 255
    assert not cutout(photo, probability, mask)[:10, :10].any()


def test_cutout_of_a_photo_full_of_hand_is_the_photo() -> None:
    photo = hand_scene()[0]
    full = np.full(photo.shape[:2], 255, np.uint8)
    assert np.array_equal(cutout(photo, full, full), np.dstack([photo, full]))


def test_cutout_without_hands_is_empty() -> None:
    photo, probability, mask = hand_scene()
    assert not cutout(photo, probability, np.zeros_like(mask)).any()


def test_contact_sheet_shows_every_tile_in_order() -> None:
    tiles = [np.full((50, 40 + 10 * i, 3), (50 * i, 255 - 50 * i, 7), np.uint8) for i in range(5)]
    sheet = contact_sheet(tiles, 2, height=100)
    gap, cell = 4, 160
    for index, tile in enumerate(tiles):
        x, y = gap + index % 2 * (cell + gap) + cell // 2, gap + index // 2 * (100 + gap) + 50
        assert sheet[y, x].tolist() == tile[0, 0].tolist()


def test_captions_take_room_and_may_be_long() -> None:
    tiles = [np.zeros((50, 50, 3), np.uint8)] * 3
    plain, titled = contact_sheet(tiles, 3), contact_sheet(tiles, 3, captions=["a", "ä手" * 200])
    assert titled.shape[0] > plain.shape[0]
    assert titled.shape[1] == plain.shape[1]


def test_sheet_of_nothing_is_a_small_picture() -> None:
    assert contact_sheet([], 4).ndim == 3


def test_left_and_right_have_colours_of_their_own_and_their_letters() -> None:
    photo, _, mask = hand_scene()
    drawn = {}
    for number, side in enumerate(("left", "right", ""), 1):
        drawn[side] = overlay(photo, mask, [Hand((50, 30, 110, 90), 2800, 0.9, side)], mask // 255 * np.uint8(number))
    plain = overlay(photo, mask, [Hand((50, 30, 110, 90), 2800, 0.9)])
    assert np.array_equal(drawn[""], plain)
    middles = [drawn[side][60, 80].astype(int) for side in ("left", "right", "")]
    assert all(np.abs(one - other).max() > 30 for one, other in itertools.combinations(middles, 2))
    for side in ("left", "right"):
        assert (drawn[side][:40] != plain[:40]).any()
        assert np.array_equal(drawn[side][:15], photo[:15])


def test_hands_side_by_side_do_not_spoil_each_other() -> None:
    photo, _, _ = hand_scene()
    sides = np.zeros((120, 160), np.uint8)
    sides[30:90, 20:78], sides[30:90, 80:140] = 1, 2
    both = overlay(photo, np.zeros_like(sides), sides=sides)
    for number, x in ((1, 40), (2, 120)):
        alone = overlay(photo, np.zeros_like(sides), sides=np.where(sides == number, sides, np.uint8(0)))
        assert np.array_equal(both[60, x], alone[60, x])
