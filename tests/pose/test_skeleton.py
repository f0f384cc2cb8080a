"""Orders of joints, against the other places in the package that know them, and how joints hang together."""

from __future__ import annotations

from itertools import product
from typing import Any, cast, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Dataset
from handseg_cli.datasets.interhand_layout import skeleton
from handseg_cli.datasets.synth_plan import NAME
from handseg_cli.pose.skeleton import (
    INTERHAND_NAMES,
    NAMES,
    ORDERS,
    PARENTS,
    SIDES,
    Order,
    bones,
    hand_of,
    larger_side,
    parents,
    reorder,
    reorder_both,
    swapped,
    wrist,
)
from handseg_cli.registry import DATASETS, resolve
from handseg_cli.synth.labels import INTERHAND_JOINTS, RHD_JOINTS

EVERY: tuple[Order, ...] = get_args(Order)
PAIRS = list(product(EVERY, EVERY))
every_order = pytest.mark.parametrize("order", EVERY)


def one_by_one(order: Order) -> list[str]:
    """Name the joints of a hand as each order is described."""
    fingers = [NAMES[first : first + 4] for first in (1, 5, 9, 13, 17)]
    if order == "ours":
        return ["wrist", *(name for finger in fingers for name in finger)]
    tips_first = [name for finger in fingers for name in reversed(finger)]
    return ["wrist", *tips_first] if order == "rhd" else [*tips_first, "wrist"]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_any_order_becomes_any_other(source: Order, target: Order) -> None:
    assert np.array(one_by_one(source))[reorder(source, target)].tolist() == one_by_one(target)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_hands_go_where_the_other_order_has_them(source: Order, target: Order) -> None:
    both = np.array([f"{side} {name}" for side in SIDES[source] for name in one_by_one(source)])
    moved = both[reorder_both(source, target)]
    assert moved.tolist() == [f"{side} {name}" for side in SIDES[target] for name in one_by_one(target)]
    assert hand_of(moved, "left", target)[wrist(target)] == "left wrist"


def test_orders_are_those_of_the_renderer() -> None:
    assert reorder("ours", "rhd").tolist() == list(RHD_JOINTS)
    assert reorder_both("rhd", "interhand").tolist() == list(INTERHAND_JOINTS)


@every_order
def test_parents_lie_between_a_joint_and_the_wrist(order: Order) -> None:
    names, above = one_by_one(order), parents(order)
    for joint, parent in enumerate(above):
        expected = PARENTS[NAMES.index(names[joint])]
        assert (names[parent] if parent >= 0 else None) == (NAMES[expected] if expected >= 0 else None)
    assert np.flatnonzero(above < 0).tolist() == [wrist(order)]


@every_order
def test_bones_reach_every_joint_but_the_wrist_once(order: Order) -> None:
    pairs = bones(order)
    assert sorted([*pairs[:, 1].tolist(), wrist(order)]) == list(range(21))
    assert (parents(order)[pairs[:, 1]] == pairs[:, 0]).all()


def test_rhd_measures_hands_by_the_lowest_bone_of_the_middle_finger() -> None:
    names = one_by_one("rhd")
    assert (names[11], names[12], names[20]) == ("middle_pip", "middle_mcp", "little_mcp")


def test_names_and_parents_are_those_of_the_file_of_interhand() -> None:
    lines = [line.split() for line in skeleton() if not line.startswith("#")]
    assert [name for name, *_ in lines] == list(INTERHAND_NAMES)
    above = parents("interhand")
    both = [*above, *np.where(above < 0, -1, above + 21)]
    assert [int(parent) for *_, parent in lines] == both


def test_every_dataset_with_joints_has_an_order() -> None:
    datasets = {name: cast(Dataset, resolve(place)) for name, place in DATASETS.items()}
    known = {name for name, dataset in datasets.items() if "joints" in dataset.labels and dataset.archives}
    assert known | {NAME} == set(ORDERS)


def test_mirroring_twice_changes_nothing() -> None:
    values = np.arange(84).reshape(42, 2)
    assert np.array_equal(hand_of(swapped(values), "left", "rhd"), hand_of(values, "right", "rhd"))
    assert np.array_equal(swapped(swapped(values)), values)


@pytest.mark.parametrize(
    ("sides", "side"), [([[1, 1, 2]], "left"), ([[1, 2, 0]], "right"), ([[0, 0]], "right"), ([[3, 3, 1]], "left")]
)
def test_the_larger_hand_is_chosen_and_of_equal_ones_the_right(sides: Any, side: str) -> None:
    mask: NDArray[np.uint8] = np.array(sides, np.uint8)
    assert larger_side(mask) == side
