"""What a drawing tells of hands, in all numberings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handseg_cli.datasets import interhand, rhd
from handseg_cli.synth import labels
from handseg_cli.synth.body import FINGERS, LEFT, RIGHT
from handseg_cli.synth.labels import FIRST, NAMES, PALM, parts_of, projected, seen_joints, unhidden
from handseg_cli.synth.surface import Drawing, Kind
from tests.tiny import drawn

# Who moves where in a mirrored picture, as the facts of the two layouts have it.
DIGIT_RIGHT = {
    "ring base": 1, "index middle": 2, "little base": 3, "middle base": 4, "middle tip": 5, "ring tip": 6,
    "little tip": 7, "thumb base": 8, "palm": 9, "thumb middle": 10, "index base": 11, "index tip": 12,
    "thumb tip": 13, "little middle": 14, "middle middle": 15, "ring middle": 16,
}  # fmt: skip


def test_the_first_34_parts_are_those_of_rhd() -> None:
    assert NAMES[:34] == rhd.Rhd.parts
    assert labels.SIDES[:34].tolist() == rhd.SIDES.tolist()


def test_digit_numbers_the_right_hand_first() -> None:
    for number, name in enumerate(NAMES):
        side, _, part = name.partition(" ")
        known = DIGIT_RIGHT.get(part, 0) + 16 * (side == "left") if part in DIGIT_RIGHT else 0
        assert labels.TO_DIGIT[number] == known, name
    names = [interhand.InterHand.parts[digit] for digit in labels.TO_DIGIT[2:34]]
    assert names == list(NAMES[2:34])


def test_rhd_takes_arms_for_the_person() -> None:
    assert labels.TO_RHD.tolist() == [*range(34), 1, 1, 1]


def test_hands_are_all_that_is_no_arm_and_no_body() -> None:
    hand = [name for name, level in zip(NAMES, labels.HANDS, strict=True) if level]
    assert hand == [*NAMES[2:34], "pasted hand"]
    assert [name for name, level in zip(NAMES, labels.ARM, strict=True) if level] == ["left arm", "right arm"]


def test_joints_of_rhd_run_from_each_tip_to_the_palm() -> None:
    ours = ["wrist", *(f"{finger} {place}" for finger in FINGERS for place in range(4))]
    theirs = [ours[at] for at in labels.RHD_JOINTS]
    assert theirs[:6] == ["wrist", "thumb 3", "thumb 2", "thumb 1", "thumb 0", "index 3"]
    assert [theirs[at] for at in (1, 5, 9, 13, 17)] == [f"{finger} 3" for finger in FINGERS]
    assert [theirs[at] for at in (4, 8, 12, 16, 20)] == [f"{finger} 0" for finger in FINGERS]


def test_interhand_lists_the_right_hand_first_and_wrists_last() -> None:
    rhd_names = [f"{side}_{joint}" for side in "lr" for joint in ["wrist", *_by_number(FINGERS)]]
    expected = [f"{side}_{joint}" for side in "rl" for joint in [*_by_number(FINGERS), "wrist"]]
    assert [rhd_names[at] for at in labels.INTERHAND_JOINTS] == expected


def _by_number(fingers: tuple[str, ...]) -> list[str]:
    return [f"{finger}{number}" for finger in fingers for number in (4, 3, 2, 1)]


@pytest.mark.parametrize("seed", range(8))
def test_parts_of_any_drawing_follow_its_marks(seed: int) -> None:
    drawing = drawn.at_random(np.random.default_rng(seed))
    parts = parts_of(drawing, drawn.KINDS)
    for row, column in np.ndindex(parts.shape):
        assert parts[row, column] == _by_rule(drawing, row, column)


def _by_rule(drawing: Drawing, row: int, column: int) -> int:
    """Number one pixel's part by the rules as they were agreed on."""
    at = row, column
    kind = drawn.KINDS[drawing.surface[at]] if drawing.surface[at] >= 0 else Kind.THING
    side, along, finger, reach = drawing.side[at], drawing.along[at], drawing.finger[at], drawing.reach[at]
    if kind == Kind.THING:
        return 0
    if kind == Kind.CLOTH or side == 0 or along <= -1e3:
        return 1
    if along <= 0:
        return 34 if side == LEFT else 35
    first = 2 if side == LEFT else 18
    if finger == 0 or reach < 0:
        return first + 15
    return int(first + 3 * (finger - 1) + (2 if reach < 1 else 1 if reach < 2 else 0))


def test_a_flip_of_a_drawing_moves_parts_and_renames_none() -> None:
    drawing = drawn.at_random(np.random.default_rng(1))
    flipped = Drawing(*(np.ascontiguousarray(field[:, ::-1]) for field in vars(drawing).values()))
    assert np.array_equal(parts_of(flipped, drawn.KINDS), parts_of(drawing, drawn.KINDS)[:, ::-1])


def test_marks_that_are_no_numbers_make_no_hand() -> None:
    drawing = drawn.at_random(np.random.default_rng(2))
    broken = replace(drawing, along=np.full_like(drawing.along, np.nan), reach=np.full_like(drawing.reach, np.nan))
    assert not labels.HANDS[parts_of(broken, drawn.KINDS)].any()


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_all_joints_of_a_flat_hand_are_seen(side: int) -> None:
    drawing, joints = drawn.flat_hand(side)
    found = seen_joints({side: joints}, drawn.camera())
    parts = parts_of(drawing, drawn.KINDS)
    seen = unhidden(found, projected(found, drawn.camera().matrix), parts, drawing.depth)
    own = slice(0, 21) if side == LEFT else slice(21, 42)
    assert seen[own].all()
    assert seen.sum() == 21
    assert labels.hands_named(parts) == ("left" if side == LEFT else "right")


def test_what_lies_before_a_joint_hides_it() -> None:
    drawing, joints = drawn.flat_hand(LEFT)
    found = seen_joints({LEFT: joints}, drawn.camera())
    points = projected(found, drawn.camera().matrix)
    tip = points[5]  # of the index finger
    drawn.put(drawing, drawn.disc((tip[0], tip[1]), 3), drawn.Spot(surface=3, depth=300))
    seen = unhidden(found, points, parts_of(drawing, drawn.KINDS), drawing.depth)
    assert np.flatnonzero(~seen[:21]).tolist() == [5]


def test_another_finger_of_the_same_hand_hides_a_joint_too() -> None:
    drawing, joints = drawn.flat_hand(LEFT)
    found = seen_joints({LEFT: joints}, drawn.camera())
    points = projected(found, drawn.camera().matrix)
    spot = drawn.Spot(depth=390, side=LEFT, along=90, finger=3, reach=1.5)
    drawn.put(drawing, drawn.disc((points[5][0], points[5][1]), 3), spot)
    assert not unhidden(found, points, parts_of(drawing, drawn.KINDS), drawing.depth)[5]


def test_a_joint_far_behind_its_own_part_is_hidden() -> None:
    drawing, joints = drawn.flat_hand(RIGHT)
    deep = joints + np.array([0, 0, 60], np.float32)
    found = seen_joints({RIGHT: deep}, drawn.camera())
    points = projected(seen_joints({RIGHT: joints}, drawn.camera()), drawn.camera().matrix)
    assert not unhidden(found, points, parts_of(drawing, drawn.KINDS), drawing.depth).any()


def test_joints_outside_or_behind_the_camera_are_neither_seen_nor_valid() -> None:
    joints = np.full((42, 3), np.nan, np.float32)
    joints[0], joints[1], joints[2] = (0, 0, -300), (900, 0, 300), (0, 0, 300)
    points = projected(joints, drawn.camera().matrix)
    assert labels.inside(points, drawn.SIZE).nonzero()[0].tolist() == [2]
    parts, depth = np.full(drawn.SIZE, FIRST[LEFT] + PALM, np.uint8), np.full(drawn.SIZE, np.nan, np.float32)
    assert not unhidden(joints, points, parts, depth).any()


def test_world_joints_come_to_the_camera_by_its_own_rule() -> None:
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    view = replace(drawn.camera(), eye=rng.normal(size=3), turn=turn)
    world = rng.normal(size=(21, 3))
    found = seen_joints({RIGHT: world}, view)
    assert np.isnan(found[:21]).all()
    assert found[21] == pytest.approx(turn @ (world[0] - view.eye), abs=1e-5)
    assert found[22] == pytest.approx(turn @ (world[4] - view.eye), abs=1e-5)
