"""Score maps: for each joint a picture that is bright where the joint is, as the keypoint net learns and gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGMA = 25.0  # pixels of a window of 256

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]
Points = NDArray[np.floating[Any]]
Bits = NDArray[np.bool_]


def targets(points: Points, visible: Bits, size: int, sigma: float = SIGMA, pool: int = 1) -> Maps:
    """Return the score maps (J, size, size) of points (J, 2): exp(-d^2 / sigma^2) at d pixels from the point.

    A point that is not visible, not finite, or not within the border pixels of the window has a map of zeros. With
    `pool`, maps are (J, size / pool, size / pool) of the means of squares of so many pixels.
    """
    kept = judged(points, visible, size)
    places = np.where(kept[:, None], points, 0.0)
    profiles = np.exp(-(((np.arange(size) - places[..., None]) / sigma) ** 2))
    # A Gaussian is the product of its profiles along x and y, and so are means over squares.
    across, down = profiles.reshape(len(points), 2, -1, pool).mean(axis=3).astype(np.float32).transpose(1, 0, 2)
    return np.asarray(down[:, :, None] * (across * kept[:, None])[:, None, :], np.float32)


def judged(points: Points, visible: Bits, size: int) -> Bits:
    """Tell which of the points (J, 2) are visible and within the border pixels of a window of `size`."""
    # Comparisons with NaN are false.
    return np.asarray(visible & ((points > 0) & (points < size - 1)).all(axis=1))


def peaks(maps: Maps, between: bool = False) -> tuple[Floats, Maps]:
    """Return where score maps (J, h, w) are brightest, (J, 2) in their pixels, and how bright they are there, (J,).

    The first of equal pixels counts. `between` pixels, the peak is that of the Gaussian through the brightest pixel
    and its two neighbours along each axis; where one of the three is not positive or not in the map, it is the pixel.
    The originals took the brightest pixel of maps enlarged 8 times, which is 8 times that of the maps.
    """
    count, _, width = maps.shape
    flat = maps.reshape(count, -1)
    at = flat.argmax(axis=1)
    rows, columns = np.divmod(at, width)
    points = np.column_stack([columns, rows]).astype(np.float64)
    joints = np.arange(count)
    if between:
        points[:, 0] += _shifts(maps[joints, rows], columns)
        points[:, 1] += _shifts(maps[joints, :, columns], rows)
    return points, flat[joints, at]


def _shifts(lines: Maps, places: NDArray[np.intp]) -> Floats:
    """Return how far from the brightest pixel (J,) of lines (J, n) their Gaussian peaks are, half a pixel at most."""
    inner = (places > 0) & (places < lines.shape[1] - 1)
    shifts = np.zeros(len(lines))
    (chosen,) = np.nonzero(inner)
    around = lines[chosen[:, None], places[chosen, None] + np.array([-1, 0, 1])].astype(np.float64)
    positive = (around > 0).all(axis=1)
    before, there, after = np.log(around[positive]).T
    bend = before - 2 * there + after
    # A flat line bends nowhere: its peak is where it is.
    shifts[chosen[positive]] = np.where(bend < 0, (before - after) / (2 * np.minimum(bend, -1e-12)), 0.0)
    return np.clip(shifts, -0.5, 0.5)
