"""Where a hand is in space, if it is as large as most and the camera is a usual one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handseg_cli.pose.camera import project
from handseg_cli.pose.depths import from_depths, to_depths
from handseg_cli.pose.skeleton import PARENTS, reorder
from handseg_cli.pose.space import BONES_MM, pinhole, placed, sized

Floats = NDArray[np.float64]


def hand(seed: int = 0) -> Floats:
    """Return joints (21, 3) mm in a camera's frame, a hand of the size of most."""
    joints = np.random.default_rng(seed).normal(0, 40, (21, 3))
    return np.asarray(sized(joints) + np.array([30.0, -20.0, 600.0]), np.float64)


def length(joints: Floats) -> float:
    """Add the bones up one by one."""
    return float(sum(np.linalg.norm(joints[child] - joints[PARENTS[child]]) for child in range(1, 21)))


@given(st.floats(0.01, 100))
def test_a_hand_of_any_unit_gets_the_size_of_most(unit: float) -> None:
    assert length(sized(unit * hand())) == pytest.approx(BONES_MM)


def test_a_hand_of_that_size_is_found_where_it_is() -> None:
    camera = pinhole((720, 1280), 1100)
    found = placed((hand() - hand()[0]) / 47, project(hand(), camera), camera)
    assert np.allclose(found, hand(), atol=1e-6)


def test_depths_in_pixels_put_it_there_too() -> None:
    camera, rhd = pinhole((720, 1280), 1100), hand()[reorder("ours", "rhd")]
    found = sized(from_depths(project(rhd, camera), to_depths(rhd, camera), camera)[reorder("rhd", "ours")])
    assert np.allclose(found, hand(), atol=1e-6)


def test_a_lens_that_is_not_known_sees_as_much_of_the_longer_side_either_way() -> None:
    wide, high = pinhole((720, 1280)), pinhole((1280, 720))
    assert wide[0, 0] == high[0, 0] == wide[1, 1]
    assert wide[:2, 2].tolist() == [640, 360]
    assert pinhole((720, 1280), 900)[0, 0] == 900
