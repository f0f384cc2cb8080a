from __future__ import annotations

import numpy as np

from handseg_cli.synth.lately import lately


def test_the_same_object_is_asked_about_once_and_an_equal_one_anew() -> None:
    asked = []

    @lately(2)
    def total(values: np.ndarray, name: str) -> float:
        asked.append(name)
        return float(values.sum())

    first, second = np.ones(3), np.ones(3)
    assert total(first, "a") == total(first, "a") == total(second, "a") == total(first, "b") == 3
    assert asked == ["a", "a", "b"]


def test_no_more_results_are_kept_than_were_asked_for() -> None:
    asked = []

    @lately(1)
    def seen(values: tuple[int, ...]) -> int:
        asked.append(values)
        return len(values)

    first, second = (1, 2), (3,)
    assert [seen(first), seen(second), seen(first)] == [2, 1, 2]
    assert asked == [first, second, first]
