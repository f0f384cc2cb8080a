"""Tiles for huge photos with small hands: the net looks at overlapping parts too, and what it says is blended.

The plan is pure. Memory is bounded: tiles run a few at a time, and of the sums only one row of tiles is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Image, Mask

Plane = NDArray[np.float32]
Run = Callable[[Sequence[Image]], Sequence[Mask]]  # tiles of one shape in, their (h, w) hand probabilities out

# On scenes of 3 and 11 megapixels, tiles of 1024 pixels found hands as well as twice as many of 768.
SIDE = 1024
OVERLAP = 0.25
MOST_TILES = 64
BATCH = 4

# A tile shows nothing but skin of a hand that fills it: the pass over the whole photo, which sees that hand, counts
# more the more of the tile it calls hand. The maximum of both passes kept every false alarm of either.
FULL_OF_HAND = 0.2
SHARE_WHERE_FULL = 2 / 3

CHANCE = np.clip(np.arange(256) / 255, 1e-4, 1 - 1e-4)
ODDS: Plane = np.log(CHANCE / (1 - CHANCE)).astype(np.float32)  # log-odds that a byte of probability stands for


@dataclass(frozen=True)
class Tile:
    """A part of a photo: where it begins, and how much its (h,) rows and its (w,) columns count, 0 to 1.

    Over all tiles of a plan, rows[y] * columns[x] add up to 1 at every pixel.
    """

    top: int
    left: int
    rows: Plane
    columns: Plane

    @property
    def window(self) -> tuple[slice, slice]:
        """Return the slices that cut the tile out of a photo."""
        return slice(self.top, self.top + len(self.rows)), slice(self.left, self.left + len(self.columns))


def segment_tiled(run: Run, image: Image, whole: Mask) -> Mask:
    """Return the (H, W) uint8 hand probability of a (H, W, 3) photo, seen in tiles and as the `whole` that is given."""
    plan = tiles(*whole.shape)
    return whole if len(plan) == 1 else stitch(looked_at(run, image, whole, plan), plan, whole.shape)


def tiles(height: int, width: int, side: int = SIDE, most: int = MOST_TILES) -> list[Tile]:
    """Plan at most `most` overlapping tiles of one shape, row by row; they outgrow `side` where that takes too many."""
    while len(begins(height, side)) * len(begins(width, side)) > most:
        side += ceil(side / 10)
    bands, columns = faded(height, side), faded(width, side)
    return [Tile(top, left, band, column) for top, band in bands for left, column in columns]


def begins(length: int, side: int) -> list[int]:
    """Return where tiles begin along an axis, evenly spaced; the first and last touch the ends."""
    if side >= length:
        return [0]
    count = ceil((length - OVERLAP * side) / (side - OVERLAP * side))
    return [round(index * (length - side) / (count - 1)) for index in range(count)]


def faded(length: int, side: int) -> list[tuple[int, Plane]]:
    """Return each tile's begin along an axis and its pixels' weights, which fade into those of its neighbours."""
    side = min(side, length)
    at = np.arange(side) + 0.5
    ramp = np.minimum(at, side - at)
    starts = begins(length, side)
    total = np.zeros(length)
    for start in starts:
        total[start : start + side] += ramp
    return [(start, (ramp / total[start : start + side]).astype(np.float32)) for start in starts]


def looked_at(run: Run, image: Image, whole: Mask, plan: Sequence[Tile]) -> Iterator[Plane]:
    """Run the net on a few tiles at a time and yield each one's probability, 0 to 255, blended with the whole's."""
    zoom = sqrt(whole.size / whole[plan[0].window].size)
    for first in range(0, len(plan), BATCH):
        batch = plan[first : first + BATCH]
        for tile, seen in zip(batch, run([image[tile.window] for tile in batch]), strict=True):
            yield blend(whole[tile.window], seen, zoom)


def blend(whole: Mask, tile: Mask, zoom: float) -> Plane:
    """Average the log-odds of the two passes over a (h, w) tile, that sees `zoom` times the detail; 0 to 255."""
    alone = 1 / (1 + zoom)
    share = alone + (SHARE_WHERE_FULL - alone) * min(1.0, float(whole.mean()) / 255 / FULL_OF_HAND)
    odds = np.float32(share) * ODDS[whole] + np.float32(1 - share) * ODDS[tile]
    # tanh is a sigmoid that cannot overflow.
    return np.asarray(127.5 + 127.5 * np.tanh(odds / 2), np.float32)


def stitch(parts: Iterable[Plane], plan: Sequence[Tile], size: tuple[int, int]) -> Mask:
    """Add up the (h, w) parts, 0 to 255, of a plan's tiles, each by its weight: (H, W) uint8."""
    stitched = np.empty(size, np.uint8)
    top = 0
    sums = np.zeros((len(plan[0].rows), size[1]), np.float32)  # for the rows from `top` on
    for tile, part in zip(plan, parts, strict=True):
        done = tile.top - top
        if done:
            stitched[top : tile.top] = np.rint(sums[:done])
            sums = np.concatenate([sums[done:], np.zeros_like(sums[:done])])
            top = tile.top
        sums[:, tile.window[1]] += tile.rows[:, None] * tile.columns * part
    stitched[top:] = np.rint(sums)
    return stitched
