"""The 21 joints of a hand: what they are called, how they hang together, and in which order each dataset has them.

Photos have 42: those of one hand, then those of the other. Which comes first depends on the dataset, too.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Mask

Order = Literal["ours", "rhd", "interhand"]
Side = Literal["left", "right"]
Array = NDArray[Any]
Index = NDArray[np.intp]

JOINTS = 21
FINGERS = ("thumb", "index", "middle", "ring", "little")
NAMES = (
    *("wrist", "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip"),
    *(f"{finger}_{place}" for finger in FINGERS[1:] for place in ("mcp", "pip", "dip", "tip")),
)
PARENTS = (-1, *(0 if place == 0 else 4 * finger + place for finger in range(5) for place in range(4)))

# Where each of ours lies in the order of others: RHD runs from each tip to the palm, InterHand has the wrist last.
PLACES: dict[Order, tuple[int, ...]] = {
    "ours": tuple(range(JOINTS)),
    "rhd": (0, *(4 * finger + place for finger in range(5) for place in (4, 3, 2, 1))),
    "interhand": (20, *(4 * finger + place for finger in range(5) for place in (3, 2, 1, 0))),
}
SIDES: dict[Order, tuple[Side, Side]] = {
    "ours": ("left", "right"),
    "rhd": ("left", "right"),
    "interhand": ("right", "left"),
}
# By the dataset that a prepared file names.
ORDERS: dict[str, Order] = {"rhd": "rhd", "synthetic": "rhd", "interhand": "interhand"}

# As skeleton.txt of InterHand2.6M has them; 4 is the tip.
INTERHAND_NAMES = tuple(
    f"{side}_{joint}"
    for side in ("r", "l")
    for joint in (
        *(f"{finger}{place}" for finger in ("thumb", "index", "middle", "ring", "pinky") for place in (4, 3, 2, 1)),
        "wrist",
    )
)


def reorder(source: Order, target: Order) -> Index:
    """Return the (21,) index that brings one hand into another order, as in `joints[reorder("rhd", "ours")]`."""
    return np.array(PLACES[source])[np.argsort(PLACES[target])]


def reorder_both(source: Order, target: Order) -> Index:
    """Return the (42,) index that brings the joints of two hands into another order, hands included."""
    one = reorder(source, target)
    halves = [one, one + JOINTS]
    return np.concatenate(halves if SIDES[source] == SIDES[target] else halves[::-1])


def parents(order: Order) -> Index:
    """Return the (21,) joint that each joint hangs on, -1 for the wrist."""
    ours = np.array(PARENTS)[np.argsort(PLACES[order])]
    return np.where(ours < 0, -1, np.array(PLACES[order])[ours])


def bones(order: Order) -> Index:
    """Return the (20, 2) bones of a hand as pairs of parent and child, in the order of the children."""
    above = parents(order)
    return np.column_stack([above, np.arange(JOINTS)])[above >= 0]


def wrist(order: Order) -> int:
    """Return where the wrist of one hand lies."""
    return PLACES[order][0]


def hand_of(values: Array, side: Side, order: Order) -> Array:
    """Return what is known (21, ...) of one hand's joints out of that (42, ...) of both; the order stays."""
    start = JOINTS * SIDES[order].index(side)
    return values[start : start + JOINTS]


def swapped(values: Array) -> Array:
    """Exchange the hands of (42, ...), as is to be done when a photo is mirrored."""
    return np.roll(values, JOINTS, axis=0)


def larger_side(sides: Mask) -> Side:
    """Tell which hand has more pixels in a mask (H, W) of 1 for left and 2 for right; of equal ones, the right."""
    _, left, right, *_ = np.bincount(sides.ravel(), minlength=3).tolist()
    return "left" if left > right else "right"
