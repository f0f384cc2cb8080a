"""What is known of each of millions of paths, in 23 bytes a path: its hash, when that was, what came of it, where."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DONE, SKIPPED, BUSY, FAILED = range(4)  # from FAILED on, each reason has a code of its own
ROWS = 1 << 16  # taken in before they are sorted into the others
# `made` tells whether any record said "done".
ROW = np.dtype([("key", "i8"), ("time", "f8"), ("code", "u2"), ("owner", "u4"), ("made", "u1")])

Table = NDArray[np.void]


def key_of(path: str) -> int:
    """Return the number that stands for a path in this process; those of two paths differ, but for one in 2**64."""
    return hash(path if "://" in path else os.path.abspath(path))


class Ledger:
    """The last word on each path, whatever the order the records came in. `owner` is the number of a manifest."""

    def __init__(self) -> None:
        self.table: Table = np.empty(0, ROW)
        self.sorted: list[Table] = []  # what is still to be merged into the table
        self.rows: list[tuple[int, float, int, int, bool]] = []

    def add(self, key: int, time: float, code: int, owner: int) -> None:
        """Take in a record."""
        self.rows.append((key, time, code, owner, code == DONE))
        if len(self.rows) >= ROWS:
            self._pack()
            # Merged when it is half as much as the table: so the table is not copied for every few rows.
            if 2 * sum(map(len, self.sorted)) >= len(self.table):
                self.fold()

    def _pack(self) -> None:
        self.sorted.append(last_words(np.array(self.rows, ROW)))
        self.rows.clear()

    def fold(self) -> Table:
        """Sort what was taken in into the table, by key, and return that."""
        if self.rows:
            self._pack()
        if self.sorted:
            self.table = last_words(np.concatenate([self.table, *self.sorted]))
            self.sorted.clear()
        return self.table

    def counts(self, owners: int) -> NDArray[np.int64]:
        """Return how many paths there are of each code (columns) by the last word of each owner (rows)."""
        table = self.fold()
        width = max(int(table["code"].max(initial=0)), FAILED) + 1
        cells = table["owner"].astype(np.int64) * width + codes(table)
        return np.bincount(cells, minlength=owners * width).reshape(owners, width)

    def codes_of(self, keys: Sequence[int]) -> list[int]:
        """Return the code of each path, -1 of one that no record tells of."""
        table = self.fold()
        if not len(table):
            return [-1] * len(keys)
        places = np.searchsorted(table["key"], keys).clip(max=len(table) - 1)
        found: list[int] = np.where(table["key"][places] == keys, codes(table[places]), -1).tolist()
        return found


def codes(table: Table) -> NDArray[np.int64]:
    """Return the code of each row; a mask that is up to date and was made by a record of ours is done."""
    return np.where((table["code"] == SKIPPED) & (table["made"] > 0), DONE, table["code"]).astype(np.int64)


def last_words(table: Table) -> Table:
    """Keep the last record of each key, sorted by key; that another run is at a photo says less than anything else."""
    table = table[np.lexsort((table["time"], table["code"] != BUSY, table["key"]))]
    begins = np.flatnonzero(np.append(True, table["key"][1:] != table["key"][:-1]))
    kept: Table = table[np.append(begins[1:], len(table)) - 1]
    kept["made"] = np.maximum.reduceat(table["made"], begins)
    return kept
