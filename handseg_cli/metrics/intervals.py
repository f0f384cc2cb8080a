"""How far figures may be trusted: intervals by drawing whole groups of photos again and again.

The photos of one video are not independent: to draw them one by one would make every interval too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

DRAWS = 1000
LEVEL = 0.95


def interval(
    parts: Numbers, wholes: Numbers, groups: Sequence[str], rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return the bootstrap interval of sum(parts) / sum(wholes), one of each a photo; None for fewer than two groups.

    With ones for the wholes that is a mean over photos, with areas of unions a pooled IoU. As many groups are drawn,
    with replacement, as there are; the ends are the 2.5th and 97.5th percentile of a thousand draws.
    """
    _, places = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    above, below = (np.bincount(places, weights=each) for each in (parts, wholes))
    count = len(above)
    if count < 2:
        return None
    ratios = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, count, count)
        whole = below[drawn].sum()
        if whole:
            ratios.append(above[drawn].sum() / whole)
    if not ratios:
        return None
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def interval_of_columns(values: Numbers, groups: Sequence[str], rng: np.random.Generator) -> tuple[float, float] | None:
    """Return the same of the mean over columns of each column's mean of values (N, J), one row a photo.

    NaN counts nowhere, neither does a column without a number.
    """
    _, places = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    count = int(places.max()) + 1 if len(places) else 0
    known = ~np.isnan(values)
    above, below = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]))
    np.add.at(above, places, np.where(known, values, 0.0))
    np.add.at(below, places, known)
    if np.count_nonzero(below.any(axis=1)) < 2:
        return None
    means = []
    for _ in range(DRAWS):
        drawn = np.bincount(rng.integers(0, count, count), minlength=count)
        sums, counts = drawn @ above, drawn @ below
        if counts.any():
            means.append((sums[counts > 0] / counts[counts > 0]).mean())
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
