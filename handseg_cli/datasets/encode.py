"""Samples into what a prepared file keeps: checked, scaled, and encoded; photos that fit are not encoded anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import SIDES, Encoded, encode_depth, encode_jpeg, has_many_scans
from handseg_cli.io.inputs import read_bytes
from handseg_cli.io.jpeg import stripped
from handseg_cli.io.png import encode_grey
from handseg_cli.sample import Image, Mask, Sample

Size = tuple[int, int]


@dataclass(frozen=True)
class Policy:
    """What is kept of samples: which labels, and how many pixels their longer side has at most; 0: all."""

    labels: str
    size: int


def encode(sample: Sample, photo: Path | None, policy: Policy) -> Encoded:
    """Encode a sample, read from the file `photo` if from any; DatasetError if it lacks the labels asked for."""
    check(sample)
    height, width = before = sample.image.shape[:2]
    size = scaled_size((height, width), policy.size)
    sample = labelled(sample, policy.labels)
    data = None if size != before or photo is None else kept_jpeg(photo, sample.image)
    return Encoded(
        key=sample.key,
        image=encode_jpeg(scaled(sample.image, size)) if data is None else data,
        size=size,
        original=(height, width),
        mask=b"" if sample.mask is None else encode_grey(scaled_mask(sample.mask, size), 1),
        sides=b"" if sample.sides is None else encode_grey(scaled_classes(sample.sides, size)),
        parts=b"" if sample.parts is None else encode_grey(scaled_classes(sample.parts, size)),
        joints=number_bytes(sample.joints),
        points=number_bytes(scaled_points(sample.points, before, size)),
        valid=b"" if sample.valid is None else sample.valid.astype(np.uint8).tobytes(),
        camera=number_bytes(scaled_camera(sample.camera, before, size)),
        depth=b"" if sample.depth is None else encode_depth(scaled_depth(sample.depth, size)),
        hands=sample.hands,
        group=sample.group,
        split=sample.split,
    )


def labelled(sample: Sample, labels: str) -> Sample:
    """Keep of the masks of a sample those that the policy names; DatasetError if there is none.

    With sides and parts goes the plain mask, which is small, with parts the depth, which is not, and joints are kept
    whatever is asked for.
    """
    mask = sample.mask
    if mask is None and sample.sides is not None:
        mask = (sample.sides > 0).astype(np.uint8) * np.uint8(255)
    sides = sample.sides if labels == "sides" else None
    parts = sample.parts if labels == "parts" else None
    wanted = {"hand": mask, "hand+arm": mask, "sides": sides, "parts": parts, "joints": sample.joints}[labels]
    if wanted is None:
        raise DatasetError(f"has no {labels}; choose other --labels")
    return replace(sample, mask=mask, sides=sides, parts=parts, depth=sample.depth if labels == "parts" else None)


def check(sample: Sample) -> None:
    """Raise DatasetError unless all arrays of a sample fit each other."""
    size = sample.image.shape[:2]
    if sample.image.dtype != np.uint8 or sample.image.ndim != 3 or sample.image.shape[2] != 3 or not sample.image.size:
        raise DatasetError("its photo is no (H, W, 3) array of bytes")
    for name, labels in (("mask", sample.mask), ("sides", sample.sides), ("parts", sample.parts)):
        if labels is not None and (labels.shape != size or labels.dtype != np.uint8):
            raise DatasetError(f"its {name} is {labels.dtype} {labels.shape} and its photo {size}")
    for name, numbers, width in (("joints", sample.joints, 3), ("points", sample.points, 2)):
        if numbers is not None and numbers.shape[1:] != (width,):
            raise DatasetError(f"its {name} are of shape {numbers.shape}, not (J, {width})")
    if sample.depth is not None and (sample.depth.shape != size or sample.depth.dtype != np.float32):
        raise DatasetError(f"its depth is {sample.depth.dtype} {sample.depth.shape} and its photo {size}")
    if sample.camera is not None and sample.camera.shape != (3, 3):
        raise DatasetError(f"its camera is of shape {sample.camera.shape}, not (3, 3)")
    if sample.valid is not None and sample.valid.ndim != 1:
        raise DatasetError(f"its valid is of shape {sample.valid.shape}, not (J,)")
    if sample.hands not in SIDES:
        raise DatasetError(f"its hands are {sample.hands!r}, not left, right or both")


def scaled_size(size: Size, longest: int) -> Size:
    """Return the (height, width) whose longer side has `longest` pixels at most; nothing is made larger."""
    if longest == 0 or max(size) <= longest:
        return size
    factor = longest / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def kept_jpeg(photo: Path, image: Image) -> bytes | None:
    """Return the bytes of a photo's file, rid of its notes, if they are a JPEG of exactly these pixels, else None."""
    data = stripped(read_bytes(photo))
    if data is None or has_many_scans(data):
        return None
    try:
        found = simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:
        return None
    # One that EXIF turns, or that its dataset cuts, has other pixels.
    return data if np.array_equal(found, image) else None


def scaled(image: Image, size: Size) -> Image:
    """Shrink (H, W, 3) uint8 by areas."""
    if image.shape[:2] == size:
        return image
    return np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)


def scaled_mask(mask: Mask, size: Size) -> Mask:
    """Shrink a mask: a pixel is a hand if half of what it covers was."""
    hard = (mask >= 128).astype(np.uint8) * np.uint8(255)
    if mask.shape == size:
        return hard
    return (cv2.resize(hard, size[::-1], interpolation=cv2.INTER_AREA) >= 128).astype(np.uint8) * np.uint8(255)


def scaled_classes(classes: Mask, size: Size) -> Mask:
    """Shrink class ids, of which no mean makes sense: the id in the middle of what a pixel covers."""
    if classes.shape == size:
        return classes
    return np.asarray(cv2.resize(classes, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)


def scaled_depth(depth: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    """Shrink depth, which has steps: that in the middle of what a pixel covers."""
    if depth.shape == size:
        return depth
    return np.asarray(cv2.resize(depth, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.float32)


def scaled_points(points: NDArray[np.float32] | None, before: Size, size: Size) -> NDArray[np.float32] | None:
    """Move (J, 2) points (x, y) with their photo; whole numbers are the middles of pixels."""
    if points is None or before == size:
        return points
    factor = np.array([size[1] / before[1], size[0] / before[0]])
    return np.asarray((points + 0.5) * factor - 0.5, np.float32)


def scaled_camera(camera: NDArray[np.float32] | None, before: Size, size: Size) -> NDArray[np.float32] | None:
    """Change a (3, 3) pinhole matrix so that it projects to the points of the scaled photo."""
    if camera is None or before == size:
        return camera
    x, y = size[1] / before[1], size[0] / before[0]
    # (u + 0.5) * x - 0.5, as for points, for every (u, v, 1).
    change = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    return (change @ camera.astype(np.float64)).astype(np.float32)


def number_bytes(numbers: NDArray[np.float32] | None) -> bytes:
    """Return an array as little-endian float32, row by row; nothing for None."""
    return b"" if numbers is None else np.ascontiguousarray(numbers, "<f4").tobytes()
