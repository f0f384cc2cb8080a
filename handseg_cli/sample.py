"""What goes into a net and what comes out of it: `Sample` and `Prediction`, plain arrays and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Mask = NDArray[np.uint8]  # (H, W)


@dataclass(frozen=True)
class Sample:
    """One labelled photo: (H, W, 3) uint8 RGB, and a (H, W) mask that is 255 on hands.

    `group` names a person or a video; splits never divide a group.
    """

    key: str
    image: Image
    mask: Mask | None = None
    group: str = ""


@dataclass(frozen=True)
class Hand:
    """One connected region of a mask. The box is (left, top, right, bottom) in pixels, right and bottom exclusive."""

    box: tuple[int, int, int, int]
    pixels: int
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """What a net says of one photo, at the photo's size as displayed.

    `mask` is (H, W) uint8, 0 or 255. `probability` is (H, W) uint8, 255 for certainty: a byte a pixel keeps
    a 100-megapixel photo within bounds.
    """

    mask: Mask
    probability: Mask
    hands: tuple[Hand, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def confidence(self) -> float:
        """That of the surest hand, 0 to 1; 0 where no hand was found."""
        return max((hand.confidence for hand in self.hands), default=0.0)
