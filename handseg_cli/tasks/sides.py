"""Left or right: what the net says of sides, summed up over each hand that was found. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import cv2
import numpy as np

from handseg_cli.sample import Mask

# Over a region of both hands, or a hand that the net does not know, the mean is about a half: nearer to that than this,
# a side would be a guess.
SURE = 0.6

ENOUGH = 1 << 20  # pixels, of which means are taken

NUMBERS = {"left": 1, "right": 2, "": 3}  # in `Prediction.sides`


@dataclass(frozen=True)
class Sides:
    """What the net says of a photo, (H, W) uint8: the chance of a right hand, if it is one, and that it is a hand.

    `drawn` is (H, W) zeros for the numbers of the hands, if these are to be drawn.
    """

    right: Mask
    hand: Mask
    drawn: Mask | None = None

    def judge(self, window: tuple[slice, slice], region: Mask) -> tuple[str, float]:
        """Return the side of a hand, "" if that is unsure, and its certainty; draw it.

        The hand is where the (h, w) region of a window is not 0.
        """
        # Of a large hand some pixels are enough: sums of all would take four times the memory of the photo's mask.
        step = 1 + int(sqrt(region.size / ENOUGH))
        sparse = np.s_[::step, ::step]
        weight = cv2.bitwise_and(self.hand[window][sparse], region[sparse])
        right = cv2.sumElems(cv2.multiply(self.right[window][sparse], weight, dtype=cv2.CV_32F))[0]
        hand = 255 * cv2.sumElems(weight)[0]
        chance = right / hand if hand else 0.5
        certainty = round(max(chance, 1 - chance), 4)
        side = "" if certainty < SURE else "right" if chance > 0.5 else "left"
        if self.drawn is not None:
            self.drawn[window][region > 0] = NUMBERS[side]
        return side, certainty
