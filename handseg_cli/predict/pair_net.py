"""The net of two hands, opened: windows go in, what it says of both hands of each comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.pairs import PART_STRIDE, PARTS, Box, seen, squared, window_matrix
from handseg_cli.pose.skeleton import JOINTS
from handseg_cli.predict.posers import chance, checked
from handseg_cli.runtime.session import Batch, Session
from handseg_cli.sample import Image

Floats = NDArray[np.float64]
Logits = NDArray[np.float32]


@dataclass(frozen=True)
class PairWindow:
    """A square of a photo, in its pixels (left, top, width, height), which the net sees at `size` x `size` pixels."""

    square: Box
    size: int

    @property
    def matrix(self) -> Floats:
        """The (3, 3) that leads from the photo's pixels to the window's; `matrix @ camera` is the window's camera."""
        return window_matrix(self.square, self.size)

    def cut(self, image: Image) -> Image:
        """Return what the window shows of a photo (H, W, 3): (size, size, 3) uint8."""
        return seen(image, self.matrix, self.size)


@dataclass(frozen=True)
class PairAnswer:
    """What the net says of one window, the right hand first, as InterHand2.6M orders joints.

    `joints` (42, 3) are on the grid of its score maps, `root_depth` is in bins, `chances` (2,) are those that a right
    and a left hand are there, `parts` (33, size / 2, size / 2) the logits of each pixel.
    """

    joints: Floats
    root_depth: float
    chances: Floats
    parts: Logits


@dataclass(frozen=True)
class PairNet:
    """An opened net and the side of its windows in pixels; may be called from several threads at once."""

    session: Session
    size: int

    def window(self, box: Box) -> PairWindow:
        """Return the window around a box of one hand or two."""
        return PairWindow(squared(box), self.size)

    def __call__(self, windows: Batch) -> list[PairAnswer]:
        """Look at windows (B, size, size, 3)."""
        outputs, count, side = self.session.run(windows), len(windows), self.size // PART_STRIDE
        joints = checked(outputs, "joints", (count, 2 * JOINTS, 3))
        root_depth = checked(outputs, "root_depth", (count, 1))
        chances = chance(checked(outputs, "handedness", (count, 2)))
        checked(outputs, "parts", (count, len(PARTS), side, side))
        parts = outputs["parts"]
        return [PairAnswer(joints[at], float(root_depth[at, 0]), chances[at], parts[at]) for at in range(count)]
