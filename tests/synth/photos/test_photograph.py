"""Photos of scenes: all that is told of them agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.synth.body import LEFT, RIGHT
from handseg_cli.synth.labels import ARM, HANDS, NAMES, PASTED, seen_joints
from handseg_cli.synth.photos.cutouts import Piece
from handseg_cli.synth.photos.lens import Lens, random_lens
from handseg_cli.synth.photos.paste import Place, pasted
from handseg_cli.synth.photos.photograph import Shot, photograph
from tests.tiny import drawn

GREY = np.full((*drawn.SIZE, 3), 0.3, np.float32)


def shot(side: int = LEFT) -> Shot:
    drawing, joints = drawn.flat_hand(side)
    plate = drawn.composed(drawing, GREY)
    return Shot(plate, drawn.camera(), seen_joints({side: joints}, drawn.camera()), "0", "sign", "somebody")


@pytest.mark.parametrize("seed", range(6))
def test_mask_sides_parts_and_depth_agree_pixel_for_pixel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plate = drawn.composed(drawn.at_random(rng), GREY)
    lens = random_lens(rng, bent=seed % 2 == 1)
    made = photograph(Shot(plate, drawn.camera(), np.full((42, 3), np.nan, np.float32), "0"), lens, rng)
    sample = made.sample
    assert sample.mask is not None
    assert sample.sides is not None
    assert sample.parts is not None
    assert {field.shape for field in (sample.mask, sample.sides, sample.parts, made.depth, made.digit)} == {drawn.SIZE}
    assert np.array_equal(sample.mask > 0, sample.sides > 0)
    assert np.array_equal(sample.mask > 0, made.digit > 0)
    assert np.array_equal(sample.sides == LEFT, made.digit > 16)
    assert np.isfinite(made.depth[sample.parts > 0]).all()
    assert not (HANDS[sample.parts] & ARM[sample.parts]).any()


@pytest.mark.parametrize(("side", "name"), [(LEFT, "left"), (RIGHT, "right")])
def test_a_photo_of_one_hand_tells_which(side: int, name: str) -> None:
    made = photograph(shot(side), Lens(), np.random.default_rng(0))
    assert made.sample.hands == name
    assert (made.sample.key, made.sample.group, made.style) == ("0", "somebody", "sign")
    assert made.visible.sum() == 21


def test_points_are_projections_of_the_joints_and_lie_on_their_parts() -> None:
    sample = photograph(shot(), random_lens(np.random.default_rng(1)), np.random.default_rng(1)).sample
    assert sample.joints is not None
    assert sample.points is not None
    assert sample.camera is not None
    assert sample.parts is not None
    flat = sample.joints[:21] @ sample.camera.T
    assert sample.points[:21] == pytest.approx(flat[:, :2] / flat[:, 2:], abs=1e-3)
    tips = {NAMES[sample.parts[int(y), int(x)]] for x, y in sample.points[[1, 5, 9, 13, 17]]}
    assert tips == {f"left {finger} tip" for finger in ("thumb", "index", "middle", "ring", "little")}


@pytest.mark.parametrize("amount", [-0.3, 0.1])
def test_bent_lines_take_points_and_parts_along(amount: float) -> None:
    made = photograph(shot(), Lens(bend=amount), np.random.default_rng(0))
    sample = made.sample
    assert sample.points is not None
    assert sample.parts is not None
    assert made.visible.any()
    for joint in np.flatnonzero(made.visible):
        x, y = sample.points[joint].astype(int)
        around = sample.parts[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4]
        assert HANDS[around].any() or ARM[around].any()


def test_the_camera_of_a_bent_photo_is_true_in_its_middle() -> None:
    joints = np.full((42, 3), np.nan, np.float32)
    joints[:2] = (1, 2, 400), (-4, 3, 500)
    before = shot()
    sample = photograph(
        Shot(before.plate, before.camera, joints, "0"), Lens(bend=-0.3), np.random.default_rng(0)
    ).sample
    assert sample.camera is not None
    assert sample.points is not None
    flat = joints[:2] @ sample.camera.T
    assert sample.points[:2] == pytest.approx(flat[:, :2] / flat[:, 2:], abs=0.05)


def test_joints_under_a_pasted_hand_are_hidden() -> None:
    before = shot()
    outline = np.full((40, 40), 255, np.uint8)
    card = Piece(np.full((40, 40, 3), 0.3, np.float32), outline, -1, hand=True)
    place = Place((80.0, 20.0), 70.0, 0.0, False, 200.0)
    plate = pasted(before.plate, card, place, np.random.default_rng(0))
    made = photograph(replace(before, plate=plate), Lens(), np.random.default_rng(0))
    sample = made.sample
    assert sample.points is not None
    assert sample.parts is not None
    covered = np.array([sample.parts[int(y), int(x)] == PASTED for x, y in sample.points[:21]])
    assert covered.any()
    assert not covered.all()
    assert np.array_equal(made.visible[:21], ~covered)


def test_a_drawing_of_no_numbers_still_gives_a_photo() -> None:
    drawing = drawn.at_random(np.random.default_rng(0))
    bad = replace(drawing, colour=np.full_like(drawing.colour, np.inf), depth=np.full_like(drawing.depth, np.nan))
    plate = drawn.composed(bad, GREY * np.float32(np.nan))
    for seed in range(6):
        rng = np.random.default_rng(seed)
        made = photograph(Shot(plate, drawn.camera(), np.full((42, 3), np.nan, np.float32), "0"), random_lens(rng), rng)
        assert made.sample.image.shape == (*drawn.SIZE, 3)
        assert not np.isnan(made.depth).any()


def test_a_hand_outside_the_picture_has_joints_but_none_that_count() -> None:
    before = shot()
    away = before.joints + np.array([3000, 0, 0], np.float32)
    made = photograph(Shot(before.plate, before.camera, away, "0"), Lens(), np.random.default_rng(0))
    assert made.sample.valid is not None
    assert not made.sample.valid.any()
    assert not made.visible.any()
