"""The ordered map: order, laziness, bounds, and clean ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from handseg_cli.predict.ordered import ordered


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_order_is_kept_when_later_items_are_faster(pool: ThreadPoolExecutor) -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.02 if number % 4 == 0 else 0)
        return -number

    assert list(ordered(pool, slow_first, range(40), window=8)) == [-number for number in range(40)]


@pytest.mark.parametrize("window", [1, 3])
def test_no_more_than_window_items_are_held(pool: ThreadPoolExecutor, window: int) -> None:
    pulled: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            pulled.append(number)
            yield number

    for number in ordered(pool, lambda item: item, items(), window):
        assert len(pulled) - number <= window
    assert pulled == list(range(20))


def test_an_error_comes_where_its_result_was_due(pool: ThreadPoolExecutor) -> None:
    results = ordered(pool, lambda number: 6 // (3 - number), range(9), window=9)
    assert [next(results) for _ in range(3)] == [2, 3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_stopping_early_drops_what_has_not_begun_and_waits_for_the_rest(pool: ThreadPoolExecutor) -> None:
    begun, ended = threading.Semaphore(0), []

    def work(number: int) -> int:
        begun.release()
        time.sleep(0.02 * (number > 0))
        ended.append(number)
        return number

    results = ordered(pool, work, range(1000), window=500)
    next(results)
    results.close()  # type: ignore[attr-defined]
    done = len(ended)
    time.sleep(0.05)
    assert len(ended) == done < 100
    assert all(begun.acquire(blocking=False) for _ in range(done))
    assert not begun.acquire(blocking=False)


def test_an_error_of_the_items_ends_the_iteration(pool: ThreadPoolExecutor) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("lost")

    with pytest.raises(KeyError):
        list(ordered(pool, lambda item: item, items(), window=2))
