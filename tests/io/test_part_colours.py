"""The colours of parts: all apart, the same for good, and told to people as they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from handseg_cli.io.part_colours import OF_LEFT, OF_RIGHT, PART_COLOURS, coloured, draw_parts
from handseg_cli.pose.pairs import PARTS

README = Path(__file__).parents[2] / "README.md"


def test_no_two_parts_look_alike() -> None:
    lab = cv2.cvtColor(np.array([PART_COLOURS], np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    apart = np.linalg.norm(lab[:, None] - lab, axis=2) + 1e3 * np.eye(33)
    assert apart.min() > 15  # 2.3 is what an eye just sees


def test_right_hands_are_warm_and_left_ones_cold() -> None:
    for numbers, warm in ((OF_RIGHT, True), (OF_LEFT, False)):
        for number in numbers:
            red, green, blue = PART_COLOURS[number]
            assert (red > blue or (red, blue) > (green, green)) == warm or PARTS[number].startswith("left little")


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("finger", ["thumb", "index", "middle", "ring", "little"])
def test_a_finger_becomes_lighter_to_its_tip(side: str, finger: str) -> None:
    sums = [sum(PART_COLOURS[PARTS.index(f"{side} {finger} {place}")]) for place in ("base", "middle", "tip")]
    assert sums == sorted(sums)


def test_the_manual_names_number_and_colour_of_each() -> None:
    text = README.read_text()
    for number, colour in zip(OF_RIGHT, PART_COLOURS[1:17], strict=True):
        left = PART_COLOURS[number + 16]
        name = PARTS[number].removeprefix("right ")
        assert f"| {name} | {number} `{shown(colour)}` | {number + 16} `{shown(left)}` |" in text


def shown(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def test_parts_are_drawn_where_they_are_and_nowhere_else() -> None:
    parts = np.zeros((20, 30), np.uint8)
    parts[5:8, 10:20] = 25
    picture = np.full((20, 30, 3), 100, np.uint8)
    draw_parts(picture, parts)
    assert (picture[parts == 0] == 100).all()
    assert (np.abs(picture[parts == 25] - (45 + 0.55 * np.array(PART_COLOURS[25]))) <= 1).all()
    assert np.array_equal(coloured(parts)[6, 12], PART_COLOURS[25])


def test_without_parts_nothing_is_drawn() -> None:
    picture = np.full((4, 4, 3), 7, np.uint8)
    draw_parts(picture, np.zeros((4, 4), np.uint8))
    assert (picture == 7).all()
