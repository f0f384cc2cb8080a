"""The square part of a photo that the keypoint net sees, and the way between its pixels and the photo's.

Pictures are sampled as TensorFlow's crop_and_resize does it, for the published weights were trained so. It is not
exactly how points are mapped, up to about a pixel of the photo; the published figures contain that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.canonical import MIDDLE

SIZE = 256  # pixels: the side of what the net sees
MARGIN = 1.25  # of a found hand's box
JOINTS_MARGIN = 1.4  # of the box of a hand's joints, which lie within its flesh
LEAST_EXTENT = 16.0  # pixels of the photo around joints that lie in one place
SCALES = (0.25, 5.0)  # of a window around a found hand
TRUE_SCALES = (1.0, 10.0)  # of a window around labelled joints
TRUE_EXTENTS = (50.0, 500.0)
UNKNOWN_EXTENT = 200.0  # of a labelled hand none of whose joints is visible
NOTHING_FOUND = 100 / 320  # of the longer side of a photo without a hand

Box = tuple[int, int, int, int]
Size = tuple[int, int]
Image = NDArray[np.uint8] | NDArray[np.float32]
Points = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Window:
    """A square of `size` pixels, each 1 / `scale` of the photo's wide, around `centre` (x, y) in the photo."""

    centre: tuple[float, float]
    scale: float
    size: int = SIZE

    @property
    def matrix(self) -> Floats:
        """The (3, 3) that leads from the photo's pixels to the window's; `matrix @ camera` is the window's camera."""
        x, y = (self.size // 2 - self.scale * place for place in self.centre)
        return np.array([[self.scale, 0, x], [0, self.scale, y], [0, 0, 1]])

    def to_window(self, points: Points) -> Floats:
        """Return where points (..., 2) of the photo lie in the window."""
        return np.asarray((points - np.array(self.centre)) * self.scale + self.size // 2, np.float64)

    def to_photo(self, points: Points) -> Floats:
        """Return where points (..., 2) of the window lie in the photo."""
        return np.asarray((points - self.size // 2) / self.scale + np.array(self.centre), np.float64)

    def crop(self, image: Image, outside: float = 0.0) -> NDArray[np.float32]:
        """Return what an image (H, W) or (H, W, C) shows in the window: (size, size) or (size, size, C) float32.

        Beyond the image all is `outside`. The originals cropped after taking 0.5 from values of 0 to 1: for them that
        is 0 then, and 127.5 before.
        """
        found = np.full((self.size, self.size, *image.shape[2:]), outside, np.float32)
        down, across = (self._sampled(place, length) for place, length in zip((1, 0), image.shape[:2], strict=True))
        if down and across:
            patch = image[down.source, across.source].astype(np.float32)
            matrix = np.array([[across.step, 0, across.start], [0, down.step, down.start]])
            shape = found[down.target, across.target].shape
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            warped = cv2.warpAffine(patch, matrix, shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
            found[down.target, across.target] = np.reshape(warped, shape)
        return found

    def _sampled(self, axis: int, length: int) -> _Line | None:
        """Return where the window's pixels lie along an axis, 0 for x; None if it is all beyond the image."""
        side = self.size / self.scale
        start = self.centre[axis] - math.floor(side / 2)
        places = (start + np.arange(self.size) / (self.size - 1) * side) * (length - 1) / length
        (inside,) = np.nonzero((places >= 0) & (places <= length - 1))
        if not len(inside):
            return None
        first, last = places[inside[0]], places[inside[-1]]
        source = slice(math.floor(first), math.ceil(last) + 1)
        target = slice(inside[0], inside[-1] + 1)
        return _Line(source, target, first - source.start, places[1] - places[0])


@dataclass(frozen=True)
class _Line:
    """Along one axis: pixels that are needed, those that are made of them, where the first lies, and how far apart."""

    source: slice
    target: slice
    start: float
    step: float


@dataclass(frozen=True)
class Jitter:
    """How a labelled window is disturbed in training: shifts (x, y) in pixels of the photo and a factor of its scale.

    `centre` comes before the hand is measured, so that all of it stays in view, `offset` after.
    """

    centre: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)


def around(box: Box, size: int = SIZE) -> Window:
    """Return the window around a found hand; the box is (left, top, right, bottom), right and bottom exclusive."""
    left, top, right, bottom = box[0], box[1], box[2] - 1, box[3] - 1
    # One pixel is no extent: it gets the largest scale.
    extent = MARGIN * max(right - left, bottom - top) or 1.0
    return Window(((left + right) / 2, (top + bottom) / 2), _clamp(size / extent, SCALES), size)


def around_joints(points: Points, judged: Bits, size: int = SIZE) -> Window:
    """Return the window around those of the joints (J, 2) that are `judged` (J,), of which there is one at least."""
    low, high = points[judged].min(axis=0), points[judged].max(axis=0)
    extent = max(LEAST_EXTENT, JOINTS_MARGIN * float((high - low).max()))
    x, y = ((low + high) / 2).tolist()
    return Window((x, y), size / extent, size)


def middle(photo: Size, size: int = SIZE) -> Window:
    """Return the window that stands in where a photo of (height, width) shows no hand, but an answer is counted."""
    height, width = photo
    extent = MARGIN * NOTHING_FOUND * max(photo)
    return Window((width / 2, height / 2), _clamp(size / extent, SCALES), size)


def true_window(points: Points, visible: Bits, photo: Size, jitter: Jitter | None = None) -> Window:
    """Return the window around the labelled joints (21, 2) of a hand, RHD's in order, in a photo of (height, width).

    It is centred on the base of the middle finger and holds all visible joints, save of a hand that is larger than it:
    nothing is made smaller. The original had cut places to whole pixels before.
    """
    jitter = jitter or Jitter()
    base = points[MIDDLE] if np.isfinite(points[MIDDLE]).all() else np.zeros(2)
    centre = base + np.array(jitter.centre)
    seen = np.clip(points[visible], 0, photo[::-1])
    reach = float(np.abs(seen - centre).max()) if seen.size else math.nan
    extent = _clamp(2 * reach, TRUE_EXTENTS) if math.isfinite(reach) else UNKNOWN_EXTENT
    x, y = (centre + np.array(jitter.offset)).tolist()
    return Window((x, y), _clamp(SIZE / extent, TRUE_SCALES) * jitter.zoom)


def draw_jitter(rng: np.random.Generator) -> Jitter:
    """Draw how far a window is disturbed, as the original did: by 20 and 10 pixels, and up to a fifth larger."""
    (x, y), (across, down) = truncated_normal(rng, 20.0, 2).tolist(), truncated_normal(rng, 10.0, 2).tolist()
    return Jitter((x, y), float(rng.uniform(1.0, 1.2)), (across, down))


def truncated_normal(rng: np.random.Generator, deviation: float, shape: int | tuple[int, ...]) -> Floats:
    """Draw normal numbers around 0, again where they are beyond two deviations."""
    drawn = rng.standard_normal(shape)
    while (far := np.abs(drawn) > 2).any():
        drawn[far] = rng.standard_normal(np.count_nonzero(far))
    return drawn * deviation


def _clamp(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
