"""Moving a photo and all of its labels by one affine matrix, (3, 3) from pixels of the photo to those of the picture.

Whole numbers are the middles of pixels. Here a mask is what a loss takes: 0 background, 1 hand, 255 not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.shapes import Size
from handseg_cli.sample import Image, Mask, Sample

Matrix = NDArray[np.float64]  # (3, 3)
T = TypeVar("T", bound=np.generic)

HAND, IGNORED = 1, 255

BOTH_HANDS = 42  # joints, one hand's after the other's
MIRROR: Matrix = np.diag([-1.0, 1.0, 1.0])
OTHER_HAND = {"left": "right", "right": "left"}
OTHER_SIDES = np.array([0, 2, 1, *range(3, 256)], np.uint8)


def move(x: float, y: float) -> Matrix:
    """Return the matrix that moves by pixels."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def scale(x: float, y: float) -> Matrix:
    """Return the matrix of scaling a photo, whose border stays its border: half a pixel before the first middle."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]], np.float64)


def moved(sample: Sample, matrix: Matrix, size: Size, classes: Sequence[str] = ()) -> Sample:
    """Return the picture of a size (height, width) that a matrix makes of a photo, with all labels moved along.

    `classes` names the numbers of `parts`: where the matrix mirrors, left and right change places.
    """
    # The photo goes on mirrored beyond its border, so that none is to be seen, but nothing is judged there.
    return carried(sample, smooth(sample.image, matrix, size, cv2.BORDER_REFLECT_101), matrix, classes)


def carried(sample: Sample, picture: Image, matrix: Matrix, classes: Sequence[str] = ()) -> Sample:
    """Return the picture that a matrix has made of a photo, with all labels moved along."""
    size = picture.shape[:2]
    turned = replace(
        sample,
        image=picture,
        mask=moved_mask(sample, matrix, size),
        sides=None if sample.sides is None else nearest(sample.sides, matrix, size),
        parts=None if sample.parts is None else nearest(sample.parts, matrix, size),
        arms=None if sample.arms is None else half_filled(sample.arms, matrix, size, 255),
        points=None if sample.points is None else (with_ones(sample.points) @ matrix.T)[:, :2].astype(np.float32),
        camera=None if sample.camera is None else (matrix @ sample.camera).astype(np.float32),
        depth=None if sample.depth is None else nearest_depth(sample.depth, matrix, size),
    )
    return mirrored(turned, classes) if np.linalg.det(matrix[:2, :2]) < 0 else turned


def smooth(picture: Image, matrix: Matrix, size: Size, border: int) -> Image:
    """Warp (H, W) or (H, W, 3) uint8: shrunk by areas, then read between the pixels."""
    picture, matrix = shrunk(picture, matrix, size)
    if picture.shape[:2] == size and np.allclose(matrix, np.eye(3), atol=1e-6):
        return picture
    warped = cv2.warpAffine(picture, matrix[:2], size[::-1], flags=cv2.INTER_LINEAR, borderMode=border)
    return warped.astype(np.uint8, copy=False)


def shrunk(picture: Image, matrix: Matrix, size: Size) -> tuple[Image, Matrix]:
    """Return a smaller picture, and the matrix that makes of it what the given one makes of (H, W, ...) uint8.

    A photo that is fitted to the picture becomes exactly as small as it has to be. For others, means of whole pixels
    are near enough, and taken thirty times as fast.
    """
    height, width = picture.shape[:2]
    along = np.minimum(1, np.hypot(matrix[0, :2], matrix[1, :2]))
    small = max(1, round(width * along[0])), max(1, round(height * along[1]))
    straight = not matrix[0, 1] and not matrix[1, 0] and matrix[0, 0] > 0
    if not (straight and (small[0] == size[1] or small[1] == size[0])):
        factors = np.rint(1 / along).astype(int).clip(1, (width, height))
        small = width // factors[0], height // factors[1]
        width, height = small * factors
        picture = picture[:height, :width]
    if small != (width, height):
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return picture, matrix @ scale(width / small[0], height / small[1])


def nearest(numbers: Mask, matrix: Matrix, size: Size) -> Mask:
    """Warp (H, W) numbers of which no mean makes sense, 0 outside the photo."""
    return cv2.warpAffine(numbers, matrix[:2], size[::-1], flags=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def nearest_depth(depth: NDArray[np.float32], matrix: Matrix, size: Size) -> NDArray[np.float32]:
    """Warp (H, W) depth, inf outside the photo."""
    warped = cv2.warpAffine(depth, matrix[:2], size[::-1], flags=cv2.INTER_NEAREST, borderValue=(np.inf,))
    return np.asarray(warped, np.float32)


def moved_mask(sample: Sample, matrix: Matrix, size: Size) -> Mask:
    """Warp the mask of a sample, or what its sides or parts tell; hand is what a pixel is half filled with."""
    hands = hands_of(sample)
    if hands is None:
        return np.full(size, IGNORED, np.uint8)
    inside = nearest(np.ones(hands.shape, np.uint8), matrix, size)
    # One less than 0 is 255, so that this is 255 outside.
    return half_filled(hands, matrix, size, HAND) | (inside - np.uint8(1))


def half_filled(mask: Mask, matrix: Matrix, size: Size, value: int) -> Mask:
    """Warp a (H, W) mask of 0 and 255 to `value` where a pixel is at least half filled, 0 elsewhere."""
    soft = smooth(mask, matrix, size, cv2.BORDER_CONSTANT)
    return cv2.threshold(soft, 127, value, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)


def hands_of(sample: Sample) -> Mask | None:
    """Return where hands are, (H, W) uint8 0 or 255, None where nothing tells."""
    if sample.mask is not None:
        return sample.mask
    labels = sample.parts if sample.sides is None else sample.sides
    return None if labels is None else (labels > 0).astype(np.uint8) * np.uint8(255)


def mirrored(sample: Sample, classes: Sequence[str] = ()) -> Sample:
    """Rename what has been mirrored: left becomes right, and x of the joints its negative; the camera follows."""
    joints = sample.joints
    return replace(
        sample,
        sides=None if sample.sides is None else OTHER_SIDES[sample.sides],
        parts=None if sample.parts is None else other_parts(classes)[sample.parts],
        joints=None if joints is None else swapped(joints @ MIRROR.astype(np.float32)),
        points=None if sample.points is None else swapped(sample.points),
        valid=None if sample.valid is None else swapped(sample.valid),
        camera=None if sample.camera is None else sample.camera @ MIRROR.astype(np.float32),
        hands=OTHER_HAND.get(sample.hands, sample.hands),
    )


def other_parts(classes: Sequence[str]) -> Mask:
    """Return (256,) the number of each part's counterpart by their names, its own where there is none."""
    numbers = {name: number for number, name in enumerate(classes)}
    other = np.arange(256, dtype=np.uint8)
    for name, number in numbers.items():
        side, _, part = name.partition(" ")
        other[number] = numbers.get(f"{OTHER_HAND.get(side, side)} {part}", number)
    return other


def swapped(rows: NDArray[T]) -> NDArray[T]:
    """Let the rows of two hands change places; those of one hand stay."""
    return np.roll(rows, BOTH_HANDS // 2, axis=0) if len(rows) == BOTH_HANDS else rows


def with_ones(points: NDArray[np.float32]) -> Matrix:
    """Return (J, 3) of (J, 2) points, with a 1 behind each."""
    return np.column_stack([points.astype(np.float64), np.ones(len(points))])
