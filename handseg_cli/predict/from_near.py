"""What looks at hands from near, for joints or parts, after another net has found them in the whole photo."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.images import Photo
from handseg_cli.pose.space import pinhole
from handseg_cli.predict.predictor import Predictor, checked
from handseg_cli.sample import Image, Prediction


@dataclass(frozen=True)
class FromNear(ABC):
    """`finder` is the opened net that marks hands. May be called from several threads at once.

    `focal` is the focal length of the camera in pixels of the photo, 0 for what the photo says, or else a usual one.
    """

    finder: Predictor
    _: KW_ONLY
    focal: float = 0.0

    @property
    def needs_full(self) -> bool:
        """Tell that photos have to be decoded at their full size."""
        return True

    @property
    def pixels(self) -> int:
        """Return how many pixels of a photo the net that finds hands looks at."""
        return self.finder.pixels

    def __call__(self, image: Image) -> Prediction:
        """Tell of the hands in one photo: (H, W, 3) uint8 RGB, or (H, W) uint8 grey, of any size."""
        image = checked(image)
        return self.segment([Photo(image, (image.shape[0], image.shape[1]))])[0]

    @abstractmethod
    def segment(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Tell of the hands in photos, which are decoded at their full size."""

    def camera(self, photo: Photo) -> NDArray[np.float64]:
        """Return the camera (3, 3) that took a photo."""
        return pinhole(photo.size, self.focal or photo.focal)
