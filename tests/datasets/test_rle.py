from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from handseg_cli.datasets.rle import fill_runs, unpack_counts


def runs_of(mask: NDArray[np.bool_]) -> list[int]:
    """Count the runs down the columns of a mask, background first."""
    pixels = mask.T.ravel().tolist()
    runs, current = [0], False
    for pixel in pixels:
        if pixel != current:
            runs.append(0)
            current = pixel
        runs[-1] += 1
    return runs


def packed(counts: Sequence[int]) -> str:
    """Pack counts as the format is described: signed, 5 bits a letter, from the fourth on less the one two before."""
    text = ""
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        while True:
            low, value = value & 31, value >> 5
            last = value == (-1 if low & 16 else 0)
            text += chr(48 + low + (0 if last else 32))
            if last:
                break
    return text


@given(arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_run_lengths_draw_the_mask_they_were_made_of(mask: NDArray[np.bool_]) -> None:
    runs = runs_of(mask)
    size = (mask.shape[0], mask.shape[1])
    np.testing.assert_array_equal(fill_runs(runs, size), mask * np.uint8(255))
    assert unpack_counts(packed(runs)) == runs


@given(st.lists(st.integers(0, 2**31)))
def test_packed_counts_of_any_size_come_back(counts: list[int]) -> None:
    assert unpack_counts(packed(counts)) == counts


def test_packed_counts_that_are_known_are_read() -> None:
    # A square of 2 in a square of 4; and 10 columns of 10 in a photo of 30 rows and 40 columns.
    assert unpack_counts("52203") == [5, 2, 2, 2, 5]
    assert unpack_counts("a9:d000000000000000000cb0") == [305, *(10, 20) * 9, 10, 615]


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([100, 600], "for 700 pixels, not for 30 x 20"),
        ([100, 100], "for 200 pixels, not for 30 x 20"),
        ([700, -100], "no numbers from 0 to 600"),
        ([2**62] * 4 + [600], "no numbers from 0 to 600"),
        ([10**30, 600], "no numbers from 0 to 600"),
        ([300.0, 300.0], "no numbers from 0 to 600"),
        ([None], "no numbers from 0 to 600"),
        (["300", "300"], "no numbers from 0 to 600"),
        ([True] * 600, "no numbers from 0 to 600"),
        (packed([100, 600]), "for 700 pixels"),
        (packed([700, -100]), "no numbers from 0 to 600"),
        (packed([100, 500])[:-1], "ends within a run length"),
        ("o" * 1_000_000, "a run length of more than 35 bits"),
        ("hand é", "has the letter"),
        ("~~", "has the letter"),
    ],
)
def test_run_lengths_that_do_not_fit_are_refused(counts: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fill_runs(unpack_counts(counts) if isinstance(counts, str) else counts, (20, 30))
