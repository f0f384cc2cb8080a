"""Records asked for by key while they stream by: in order, out of order, twice, not at all, and on a full disk."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handseg_cli.datasets.interhand_index import Records, Shelf
from handseg_cli.errors import DiskFullError


def numbered(count: int, size: int = 1) -> Records:
    """Yield records that say their number."""
    yield from ((str(number), str(number).encode() * size) for number in range(count))


@given(asked=st.lists(st.integers(0, 12), max_size=30))
def test_records_that_are_kept_are_found_in_any_order_and_again(asked: list[int]) -> None:
    shelf = Shelf(numbered(10), kept=True)
    assert [shelf.find(str(number)) for number in asked] == [b"%d" % number * (number < 10) for number in asked]
    shelf.close()


@given(asked=st.permutations(range(10)))
def test_records_that_are_used_once_are_found_in_any_order(asked: list[int]) -> None:
    shelf = Shelf(numbered(10), kept=False)
    assert [shelf.find(str(number)) for number in asked] == [b"%d" % number for number in asked]
    shelf.close()


def test_in_their_order_no_more_is_read_than_was_asked_for_and_nothing_waits() -> None:
    records = numbered(10)
    shelf = Shelf(records, kept=False)
    assert [shelf.find(str(number)) for number in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert not shelf.waiting
    assert next(records) == ("5", b"5")
    shelf.close()


def test_a_full_disk_is_told() -> None:
    shelf = Shelf(numbered(10_000, 2000), kept=True)
    shelf.table.execute("PRAGMA max_page_count = 9")
    with pytest.raises(DiskFullError, match="full; make room or set TMPDIR"):
        shelf.find("9999")
    shelf.close()
    with pytest.raises(sqlite3.ProgrammingError):
        shelf.table.execute("SELECT 1")
