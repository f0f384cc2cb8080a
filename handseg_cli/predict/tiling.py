"""Tiles for huge photos with small hands: the net looks again at overlapping parts, and the parts are blended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from math import ceil

import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Image, Mask

SIDE = 768
MAX_TILES = 64
OVERLAP = 0.25
BATCH = 4


@dataclass(frozen=True)
class Plan:
    """A grid of tiles of one (height, width): row r and column c begin at (tops[r], lefts[c])."""

    height: int
    width: int
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
