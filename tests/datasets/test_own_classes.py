from __future__ import annotations

import pytest

from handseg_cli.datasets.own_classes import hand_classes, is_hand, side_of
from handseg_cli.errors import DatasetError

SIDES = {
    "left": ("left_hand", "LeftHand", "hand-left", "L hand", "lhand", "hand_L", "My left", "LEFT HAND 2", "leftHand"),
    "right": ("right hand", "RightHand", "rhand", "handR", "yourright", "right thumb", "Right_Palm"),
    "": ("hand", "Hands", "palm", "index_finger", "left or right hand", "both hands", "bright hand", "hand 1"),
}


@pytest.mark.parametrize(("side", "name"), [(side, name) for side, names in SIDES.items() for name in names])
def test_names_of_hands_tell_their_sides(side: str, name: str) -> None:
    assert is_hand(name)
    assert side_of(name) == side


@pytest.mark.parametrize(
    "name", ["", "handbag", "handle", "person", "no hand", "palm tree", "left arm", "background", "object in left hand"]
)
def test_other_names_are_no_hands(name: str) -> None:
    assert not is_hand(name)


def test_a_class_that_is_alone_is_a_hand_and_several_need_names() -> None:
    assert hand_classes({7: "main"}, "x") == {7: ""}
    assert hand_classes({7: "left hand", 8: "cup"}, "x") == {7: "left"}
    with pytest.raises(DatasetError, match=r"x: none of its classes \(cup, main\) is named after hands"):
        hand_classes({7: "main", 8: "cup"}, "x")
