"""A net of two hands that knows the truth of one window and answers nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from handseg_cli.loading.geometry import nearest
from handseg_cli.loading.hands import two_hands
from handseg_cli.loading.pairs import square_of
from handseg_cli.pose.pairs import BINS, STRIDE, WRISTS, digit_parts, halved, moved, to_units
from handseg_cli.predict.pair_net import PairWindow
from handseg_cli.sample import Sample
from handseg_cli.synth.labels import NAMES

Floats = NDArray[np.float32]


class Knowing:
    """A session that answers the truth of one sample of ours in the window around its hands."""

    device = "cpu"

    def __init__(self, sample: Sample, size: int) -> None:
        table = digit_parts(NAMES)
        assert table is not None
        assert sample.parts is not None
        self.sample = two_hands(sample, "rhd")
        self.parts = table[sample.parts]
        self.window = PairWindow(square_of(self.sample), size)

    def run(self, batch: NDArray[np.uint8]) -> dict[str, Floats]:
        """Answer the same for each window."""
        one = {name: np.repeat(np.asarray(each, np.float32)[None], len(batch), 0) for name, each in self.told().items()}
        return one

    def told(self) -> dict[str, NDArray[np.float64]]:
        """Return the answer for one window."""
        joints, points = self.sample.joints, self.sample.points
        assert joints is not None
        assert points is not None
        grid = self.window.size // STRIDE
        depths = to_units(joints[:, 2] - np.repeat(joints[WRISTS, 2], 21), grid)
        places = moved(points.astype(np.float64), self.window.matrix) / STRIDE
        there = np.isfinite(joints[WRISTS, 2])
        between = joints[WRISTS[1], 2] - joints[WRISTS[0], 2]
        numbers = halved(nearest(self.parts, self.window.matrix, (self.window.size, self.window.size)))
        return {
            "joints": np.nan_to_num(np.column_stack([places, depths])),
            "root_depth": np.nan_to_num(np.array([float(to_units(between, BINS))])),
            "handedness": np.where(there, 6.0, -6.0),
            "parts": 9.0 * (np.arange(33)[:, None, None] == numbers),
        }
