"""What goes into a net and what comes out of it: `Sample` and `Prediction`, plain arrays and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Mask = NDArray[np.uint8]  # (H, W)


@dataclass(frozen=True)
class Sample:
    """One labelled photo and all that its dataset tells of it; what it does not tell is None or "".

    `group` names a person or a video, which splits never divide; `split` is the dataset's own, if it has one.
    """

    key: str  # unique in its dataset
    image: Image
    mask: Mask | None = None  # 255 on hands, with or without the arm
    sides: Mask | None = None  # 0 none, 1 left, 2 right, 3 where both meet
    parts: Mask | None = None  # in the dataset's own numbering
    joints: NDArray[np.float32] | None = None  # (J, 3) in the camera's frame, mm
    points: NDArray[np.float32] | None = None  # (J, 2) in pixels
    valid: NDArray[np.bool_] | None = None  # (J,) which of the joints to trust
    camera: NDArray[np.float32] | None = None  # (3, 3) pinhole matrix, pixels
    depth: NDArray[np.float32] | None = None  # (H, W) mm along the camera's axis, inf where there is nothing
    hands: str = ""  # "left", "right" or "both"
    group: str = ""
    split: str = ""


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
