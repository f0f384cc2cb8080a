"""Bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest

from handseg_cli.metrics.intervals import interval, interval_of_columns


def of_means(values: np.ndarray[tuple[int], np.dtype[np.float64]], groups: list[str]) -> tuple[float, float]:
    found = interval(values, np.ones(len(values)), groups, np.random.default_rng(3))
    assert found is not None
    return found


def test_independent_photos_have_the_interval_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(0.7, 0.1, 400)
    low, high = of_means(values, [str(at) for at in range(400)])
    error = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.003)


def test_photos_of_one_video_count_as_one() -> None:
    values = np.repeat(np.random.default_rng(0).normal(0.7, 0.1, 20), 20)
    apart = of_means(values, [str(at) for at in range(400)])
    by_video = of_means(values, [str(at // 20) for at in range(400)])
    assert by_video[1] - by_video[0] > 3 * (apart[1] - apart[0])


def test_ratio_of_sums_weighs_large_photos_more() -> None:
    parts, wholes = np.array([900.0, 1.0, 1.0]), np.array([1000.0, 10.0, 10.0])
    found = interval(parts, wholes, ["a", "b", "c"], np.random.default_rng(0))
    assert found is not None
    assert found[0] == pytest.approx(0.1)
    assert found[1] == pytest.approx(0.9)


def test_one_group_tells_no_interval() -> None:
    assert interval(np.ones(9), np.ones(9), ["video"] * 9, np.random.default_rng(0)) is None
    assert interval(np.zeros(2), np.zeros(2), ["a", "b"], np.random.default_rng(0)) is None


def test_same_seed_makes_the_same_interval() -> None:
    values = np.random.default_rng(0).random(30)
    assert of_means(values, [str(at % 7) for at in range(30)]) == of_means(values, [str(at % 7) for at in range(30)])


def test_one_column_has_the_interval_of_its_mean() -> None:
    values = np.random.default_rng(0).normal(0.7, 0.1, 90)
    groups = [str(at // 3) for at in range(90)]
    found = interval_of_columns(values[:, None], groups, np.random.default_rng(3))
    assert found == pytest.approx(of_means(values, groups))


def test_each_column_counts_alike_and_what_is_not_known_nowhere() -> None:
    values = np.array([[1.0, np.nan, np.nan], [1.0, 5.0, np.nan], [1.0, np.nan, np.nan]])
    found = interval_of_columns(values, ["a", "b", "c"], np.random.default_rng(0))
    assert found == pytest.approx((1.0, 3.0))  # the second column is there or not


def test_columns_of_one_group_tell_no_interval() -> None:
    assert interval_of_columns(np.ones((3, 2)), ["a", "a", "a"], np.random.default_rng(0)) is None
    unknown = np.array([[1.0], [np.nan]])
    assert interval_of_columns(unknown, ["a", "b"], np.random.default_rng(0)) is None
    assert interval_of_columns(np.ones((0, 2)), [], np.random.default_rng(0)) is None
