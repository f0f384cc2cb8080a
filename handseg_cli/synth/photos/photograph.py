"""Taking the photo of a scene: a camera's picture, and labels that agree with it pixel for pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Sample
from handseg_cli.synth.labels import HANDS, SIDES, TO_DIGIT, hands_named, inside, projected, unhidden
from handseg_cli.synth.photos.distortion import bent, bent_points, scale
from handseg_cli.synth.photos.lens import Lens, photo
from handseg_cli.synth.photos.plate import Plate
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.surface import Camera

# Here a pixel's middle lies at a half; samples tell it by whole numbers.
MIDDLE = np.float32(0.5)
MIDDLE_OF_MATRIX = np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]], np.float32)


@dataclass(frozen=True)
class Shot:
    """A scene before a camera, and what it is to be called."""

    plate: Plate
    camera: Camera
    joints: NDArray[np.float32]  # (42, 3) as of `labels.seen_joints`
    key: str
    style: str = ""
    group: str = ""


def photograph(shot: Shot, lens: Lens, rng: np.random.Generator) -> Rendered:
    """Take a photo; where the lens bends lines, labels and points follow it."""
    plate, size = shot.plate, shot.camera.size
    matrix = np.asarray(shot.camera.matrix, np.float32)
    points = projected(shot.joints, matrix)
    visible = unhidden(shot.joints, points, plate.parts, plate.depth)
    if lens.bend:
        plate, points = bent(plate, lens.bend), bent_points(points, size, lens.bend)
        matrix = _of_the_middle(matrix, size, lens.bend)
    valid = inside(points, size)
    parts = plate.parts
    sample = Sample(
        shot.key,
        photo(plate, lens, float(matrix[0, 0]), rng),
        mask=HANDS.take(parts),
        sides=SIDES.take(parts),
        parts=parts,
        joints=shot.joints,
        points=points - MIDDLE,
        valid=valid,
        camera=matrix - MIDDLE_OF_MATRIX,
        hands=hands_named(parts),
        group=shot.group,
    )
    return Rendered(sample, plate.depth, TO_DIGIT.take(parts), visible & valid, shot.style)


def _of_the_middle(matrix: NDArray[np.float32], size: tuple[int, int], amount: float) -> NDArray[np.float32]:
    """Return the pinhole that is true for the middle of a bent picture."""
    zoom = scale(size, amount)
    middle = np.array([size[1], size[0]], np.float32) / 2
    bent_matrix = matrix.copy()
    bent_matrix[:2, :2] /= zoom
    bent_matrix[:2, 2] = middle + (matrix[:2, 2] - middle) / zoom
    return bent_matrix
