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
    arms: Mask | None = None  # 255 on arms, where no hand is
    hands: str = ""  # "left", "right" or "both"
    group: str = ""
    split: str = ""


@dataclass(frozen=True)
class Hand:
    """One connected region of a mask. The box is (left, top, right, bottom) in pixels, right and bottom exclusive."""

    box: tuple[int, int, int, int]
    pixels: int
    confidence: float
    side: str = ""  # "left" or "right"; "" where the net does not tell, or is not sure
    certainty: float = 0.0  # of the likelier side, 0.5 to 1; 0 where the net does not tell


@dataclass(frozen=True)
class Pose:
    """The 21 joints of one hand: the wrist, then from base to tip the thumb, index, middle, ring and little finger.

    `points` (21, 2) are pixels (x, y) of the photo as displayed, (0, 0) its upper left corner. `joints` (21, 3) are mm
    in the camera's frame: x to the right, y down, z away from it.
    """

    hand: Hand
    points: NDArray[np.float32]
    joints: NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """One window in which a net that knows two hands at once has looked for a right and a left one.

    The box is (left, top, right, bottom), pixels of the photo, beyond which it may reach. `right` and `left` are how
    likely it is that such a hand is there; `hands` numbers those of the prediction that were found in it.
    """

    box: tuple[float, float, float, float]
    right: float
    left: float
    hands: tuple[int, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """What a net says of one photo, at the photo's size as displayed.

    `mask` is (H, W) uint8, 0 or 255. `probability` is (H, W) uint8, 255 for certainty: a byte a pixel keeps
    a 100-megapixel photo within bounds. `sides` is (H, W) uint8, of the hands in `mask`: 0 none, 1 left, 2 right,
    3 of unknown side; None unless it was asked for. `parts` is (H, W) uint8, which of DIGIT's 33 parts each pixel is.
    """

    mask: Mask
    probability: Mask
    hands: tuple[Hand, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    sides: Mask | None = None
    tells_sides: bool = False  # of `hands`
    poses: tuple[Pose, ...] | None = None  # of `hands`, one each; None unless they were asked for
    parts: Mask | None = None  # where a net tells them
    pairs: tuple[Pair, ...] | None = None  # where a net knows two hands at once
    focal: float = 0.0  # of the camera, in pixels, where the photo says

    @property
    def confidence(self) -> float:
        """That of the surest hand, 0 to 1; 0 where no hand was found."""
        return max((hand.confidence for hand in self.hands), default=0.0)
