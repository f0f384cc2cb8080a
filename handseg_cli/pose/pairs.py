"""Two hands in one window as DIGIT sees them: which square that is, what its net is taught of it, and the way back.

Joints are those of both hands, InterHand2.6M's in order: 21 of the right hand, its wrist last, then those of the left.
What the net says is on the grid of its score maps: x and y in pixels of these, a quarter of the window's side, and
depth, that from the own wrist, in units of which as many as the grid is wide are 400 mm. So the camera of a photo has
to be brought to the window first: `window_matrix(...) @ camera`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.pose.camera import back_project
from handseg_cli.pose.skeleton import JOINTS

SIZE = 256  # pixels of the window's side that the authors chose; any multiple of 32 will do
STRIDE = 4  # pixels of the window to one of the score maps
PART_STRIDE = 2  # and to one of the part maps
MARGIN = 1.25  # of the square around a box
WRISTS = (JOINTS - 1, 2 * JOINTS - 1)  # right, left
REACH_MM = 200.0  # how far before or behind its wrist a joint is told, and the left wrist before or behind the right
BINS = 64  # of the depth between the wrists
LEAST_EXTENT = 16.0  # pixels of a box whose joints lie in one place

# DIGIT's numbers of parts: none, the right hand's, and 16 more the left's. Nobody has published their names: these
# come from which parts of the hand model touch, and where its tips are.
OF_A_HAND = (
    *("ring base", "index middle", "little base", "middle base", "middle tip", "ring tip", "little tip", "thumb base"),
    *("palm", "thumb middle", "index base", "index tip", "thumb tip", "little middle", "middle middle", "ring middle"),
)
PARTS = ("background", *(f"{side} {part}" for side in ("right", "left") for part in OF_A_HAND))

Box = tuple[float, float, float, float]  # left, top, width, height, pixels of the photo
Points = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Taught:
    """What the net is taught of one window, save its parts; numbers that are not valid are 0."""

    joints: Floats  # (42, 3) on the grid
    valid: Bits  # (42,)
    root_depth: float  # how far the left wrist is behind the right one, in bins
    root_valid: bool


def box_of_joints(points: Points, known: Bits) -> Box | None:
    """Return the box around those of the points (J, 2) that are `known` (J,), None where none is."""
    if not known.any():
        return None
    low, high = points[known].min(axis=0), points[known].max(axis=0)
    (x, y), (width, height) = ((low + high) / 2).tolist(), np.maximum(high - low, LEAST_EXTENT).tolist()
    return x - width / 2, y - height / 2, width, height


def box_of_mask(mask: NDArray[np.uint8]) -> Box | None:
    """Return the box around what is on in a mask (H, W), None where nothing is."""
    left, top, width, height = cv2.boundingRect(mask)
    return (float(left), float(top), float(width), float(height)) if width else None


def squared(box: Box) -> Box:
    """Return the square around the middle of a box, a quarter wider than its longer side."""
    left, top, width, height = box
    side = MARGIN * max(width, height)
    return left + width / 2 - side / 2, top + height / 2 - side / 2, side, side


def window_matrix(square: Box, size: int = SIZE, zoom: float = 1.0, turn: float = 0.0) -> Floats:
    """Return the (3, 3) that leads from a photo's pixels to those of a window of `size` x `size` pixels.

    The window shows what is in the square or, `zoom` times as large, what is around it, turned by radians. Its inverse,
    `np.linalg.inv`, leads back.
    """
    left, top, width, height = square
    across, down = size / (zoom * width), size / (zoom * height)
    cos, sin = math.cos(turn), math.sin(turn)
    linear = np.array([[across * cos, across * sin], [-down * sin, down * cos]])
    centre = np.array([left + width / 2, top + height / 2])
    return np.block([[linear, (size / 2 - linear @ centre)[:, None]], [np.zeros((1, 2)), np.ones((1, 1))]])


def moved(points: Points, matrix: Points) -> Floats:
    """Return where a matrix (3, 3) brings points (..., 2)."""
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2], np.float64)


def seen(image: Image, matrix: Points, size: int = SIZE) -> Image:
    """Return what a window shows of a photo (H, W, 3), (size, size, 3) uint8: black beyond it, between pixels linear.

    A photo that becomes less than half as large is made smaller by areas first, for which the authors' photos are too
    small.
    """
    shrink = math.floor(1 / math.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if shrink >= 2:
        height, width = (max(1, side // shrink) for side in image.shape[:2])
        across, down = image.shape[1] / width, image.shape[0] / height
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        matrix = matrix @ np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
    return cv2.warpAffine(image, matrix[:2], (size, size), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def halved(parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the numbers (size, size) of a window on the net's map of parts, (size / 2, size / 2): the nearest."""
    return np.ascontiguousarray(parts[::PART_STRIDE, ::PART_STRIDE])


def digit_parts(classes: tuple[str, ...]) -> NDArray[np.uint8] | None:
    """Return (256,) DIGIT's number of each part of a dataset that calls its parts so, None if it has not all of them.

    What is no part of a hand becomes background.
    """
    if not {*PARTS[1:]} <= {*classes}:
        return None
    numbers = {name: number for number, name in enumerate(PARTS)}
    table = np.zeros(256, np.uint8)
    table[: len(classes)] = [numbers.get(name, 0) for name in classes]
    return table


def annotated(known: Bits) -> Bits:
    """Return which joints (..., 42) count in scores: those that are `known` and whose own wrist is."""
    hands = known.reshape(*known.shape[:-1], 2, JOINTS)
    return (hands & hands[..., -1:]).reshape(known.shape)


def teach(points: Points, joints: Points, known: Bits, interacting: bool, size: int = SIZE) -> Taught:
    """Return what the net is taught of points (42, 2), pixels of the window, and joints (42, 3), mm before its camera.

    A joint is valid that is `known` (42,), as its own wrist is, that lies in the window and is at most 200 mm before or
    behind its wrist. The depth between the wrists is valid where both hands are there (`interacting`), both wrists
    are, and they are not farther from each other.
    """
    grid = size // STRIDE
    inside = ((points >= 0) & (points < size)).all(axis=1)
    roots = np.repeat(joints[WRISTS, 2], JOINTS)
    depths = to_units(joints[:, 2] - roots, grid)
    there = annotated(known) & inside
    valid = there & (depths >= 0) & (depths < grid)
    told = np.column_stack([points / STRIDE, depths])
    between = float(to_units(joints[WRISTS[1], 2] - joints[WRISTS[0], 2], BINS))
    root_valid = bool(interacting and there[WRISTS,].all() and 0 <= between < BINS)
    return Taught(np.where(valid[:, None], told, 0.0), valid, between if root_valid else 0.0, root_valid)


def to_units(depths_mm: Points, count: int) -> Floats:
    """Return depths in mm as units of which `count` are 400 mm, the middle being no depth."""
    return np.asarray((depths_mm / REACH_MM + 1) / 2 * count, np.float64)


def to_millimetres(units: Points, count: int) -> Floats:
    """Return depths in mm of units of which `count` are 400 mm, the middle being no depth."""
    return np.asarray((units / count * 2 - 1) * REACH_MM, np.float64)


def in_space(found: Points, root_depths: Points, camera: Points, size: int = SIZE) -> Floats:
    """Return joints (..., 42, 3) in the camera's frame, mm, of what the net found of them (..., 42, 3) on its grid.

    `root_depths` (..., 2) is how far the right and the left wrist are along the camera's axis, mm; NaN of a hand that
    is not there, whose joints are NaN then. `camera` (..., 3, 3) is that of the window, `matrix @ camera` of the photo.
    """
    depths = to_millimetres(found[..., 2], size // STRIDE) + np.repeat(root_depths, JOINTS, axis=-1)
    return placed(found[..., :2] * STRIDE, depths, camera)


def wrists_in_space(found: Points, root_depth: Points, right_depth: Points, camera: Points, size: int) -> Floats:
    """Return the wrists (..., 2, 3), right first, mm, the left one as far behind the right as the net says.

    `root_depth` (...,) is what it says in bins, `right_depth` (...,) how far the right wrist is in mm; all else as in
    `in_space`.
    """
    left_depth = right_depth + to_millimetres(root_depth, BINS)
    points = found[..., WRISTS, :2] * STRIDE
    return placed(points, np.stack([right_depth, left_depth], axis=-1), camera)


def placed(points: Points, depths: Points, camera: Points) -> Floats:
    """Return what cameras (..., 3, 3) see at pixels (..., J, 2), at depths (..., J) in mm: (..., J, 3)."""
    if camera.ndim == 2:
        return back_project(points, depths, camera)
    return np.stack([placed(*each) for each in zip(points, depths, camera, strict=True)])
