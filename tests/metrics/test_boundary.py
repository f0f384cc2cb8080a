"""Borders of masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.metrics.boundary import boundary_f, outline, widened

Mask = NDArray[np.uint8]
SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))
BITS = SHAPES.flatmap(lambda shape: arrays(np.bool_, shape))


def square(left: int, side: int = 40, size: int = 200) -> Mask:
    mask = np.zeros((size, size), np.uint8)
    mask[60 : 60 + side, left : left + side] = 255
    return mask


@given(BITS, st.integers(0, 4))
def test_widened_reaches_as_far_as_it_says(mask: NDArray[np.bool_], reach: int) -> None:
    height, width = mask.shape
    spots = np.argwhere(mask)
    for y, x in np.ndindex(height, width):
        near = bool(len(spots)) and bool((np.abs(spots - (y, x)).max(1) <= reach).any())
        assert widened(mask, reach)[y, x] == near


@given(BITS)
def test_outline_is_within_the_mask_and_beside_its_outside(mask: NDArray[np.bool_]) -> None:
    border = outline(mask)
    assert not (border & ~mask).any()
    assert border.any() == (mask.any() and not mask.all())


@given(SHAPES.flatmap(lambda shape: st.tuples(*[arrays(np.uint8, shape, elements=st.sampled_from([0, 255]))] * 2)))
def test_agreement_is_mutual_and_perfect_with_oneself(pair: tuple[Mask, Mask]) -> None:
    assert boundary_f(*pair) == pytest.approx(boundary_f(pair[1], pair[0]))
    assert boundary_f(pair[0], pair[0]) == 1


def test_a_shift_within_the_tolerance_costs_nothing() -> None:
    assert boundary_f(square(70), square(72)) == 1  # 0.8 % of the diagonal of 283 pixels
    assert boundary_f(square(70), square(90)) < 0.6


def test_a_border_where_there_is_none_is_wrong() -> None:
    empty = np.zeros((200, 200), np.uint8)
    assert boundary_f(square(70), empty) == boundary_f(empty, square(70)) == 0
    assert boundary_f(empty, empty) == 1


def test_large_masks_are_judged_as_small_ones() -> None:
    pair = square(70), square(76)
    large = [np.kron(mask, np.ones((9, 9), np.uint8)) for mask in pair]
    assert boundary_f(large[0], large[1]) == pytest.approx(boundary_f(*pair), abs=0.1)
