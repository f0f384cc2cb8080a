"""Run lengths as COCO writes them: down the columns, from background on, as numbers or packed into letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from handseg_cli.sample import Mask

# 7 chunks of 5 bits hold every count of a photo; endless numbers are refused.
MAX_BITS = 35


def unpack_counts(text: str) -> list[int]:
    """Read packed run lengths: ValueError for what are none.

    Each number is a row of letters from "0" on, 5 bits each from the lowest on, with bit 5 set where another follows;
    bit 4 of the last is the sign. From the fourth on, numbers are differences from the one two before.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        chunk = ord(letter) - 48
        if not 0 <= chunk < 64:
            raise ValueError(f"has the letter {letter!a}, which run lengths do not have")
        if shift >= MAX_BITS:
            raise ValueError("has a run length of more than 35 bits")
        value |= (chunk & 31) << shift
        shift += 5
        if chunk & 32:
            continue
        if chunk & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("ends within a run length")
    return counts


def fill_runs(counts: Sequence[int], size: tuple[int, int]) -> Mask:
    """Draw run lengths as a (H, W) uint8 mask, 255 on the second, fourth ... run; ValueError unless they fill it."""
    height, width = size
    if not all(type(count) is int and 0 <= count <= height * width for count in counts):
        raise ValueError(f"has run lengths that are no numbers from 0 to {height * width}")
    if sum(counts) != height * width:
        raise ValueError(f"has run lengths for {sum(counts)} pixels, not for {width} x {height}")
    shades = (np.arange(len(counts)) % 2 * 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(shades, counts).reshape(width, height).T)
