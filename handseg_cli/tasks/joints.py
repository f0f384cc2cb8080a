"""What the tasks of one hand's joints share: means that leave out what is not known, errors, and pictures of bones."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handseg_cli.metrics.joints import distances
from handseg_cli.pose.skeleton import JOINTS, bones
from handseg_cli.pose.window import SIZE
from handseg_cli.sample import Image
from handseg_cli.tasks.task import Batch, gathered

# What each of them is told of a hand, joints in RHD's order: see `loading.targets`.
TOLD = ("points", "judged", "joints", "right", "camera")

COLOURS = ((255, 90, 90), (255, 200, 60), (110, 230, 90), (80, 190, 255), (220, 120, 255))  # of the fingers
ENLARGED = 3  # times, for lines that are smooth

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


def off(found: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """Return by how much (B, ...) numbers are off, 0 where the true ones are NaN, and where they are not."""
    known = torch.isfinite(true)
    # NaN would go through to the gradient, whatever it is multiplied with.
    return torch.where(known, found.float() - torch.where(known, true, 0.0), 0.0), known


def mean_over_hands(each: Tensor, known: Tensor) -> Tensor:
    """Return the mean over the hands of the mean over what is known of each, (B, ...); those without such are out."""
    share = known.flatten(1).float()
    sums, counts = (each.flatten(1) * share).sum(1), share.sum(1)
    return (sums / counts.clamp(min=1)).sum() / (counts > 0).sum().clamp(min=1)


def pixel_errors(found: Tensor, batch: Batch) -> Floats:
    """Return how far (B, 21) found points (B, 21, 2) are off, in pixels of a window of 256; NaN if not judged."""
    size = batch["image"].shape[-1]
    return distances(numbers(found), numbers(batch["points"]), flags(batch["judged"])) * (SIZE / size)


def numbers(values: Tensor) -> Floats:
    """Return a tensor as an array."""
    return np.asarray(values.double().cpu().numpy(), np.float64)


def flags(values: Tensor) -> Bits:
    """Return a tensor as an array of yes and no."""
    return np.asarray(values.cpu().numpy(), np.bool_)


def all_rows(errors: list[Floats]) -> Floats:
    """Return what was measured of batches (B, 21) by all processes, (N, 21)."""
    return np.concatenate([np.empty((0, JOINTS)), *gathered(errors)])


def draw_joints(photos: Sequence[Image], found: Tensor, batch: Batch) -> list[Image]:
    """Draw the bones of the first hands of a batch: as labelled, and as found (B, 21, 2)."""
    pictures = []
    for at, photo in enumerate(photos):
        judged = flags(batch["judged"][at])
        for points in (batch["points"][at], found[at]):
            pictures.append(with_bones(photo, numbers(points), judged))
    return pictures


def with_bones(photo: Image, points: Floats, judged: Bits) -> Image:
    """Draw the bones between those of 21 points (21, 2) that are judged into a photo, enlarged."""
    return add_bones(enlarged(photo), points, judged)


def enlarged(photo: Image) -> Image:
    """Return a photo so large that lines in it are smooth."""
    picture = cv2.resize(photo, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    return np.asarray(picture, np.uint8)


def add_bones(picture: Image, points: Floats, judged: Bits) -> Image:
    """Draw bones into an enlarged photo, points (21, 2) being pixels of the photo itself, and return it."""
    # Whatever a net that has just begun says is to be drawn.
    places = np.rint(ENLARGED * np.nan_to_num(points).clip(-1e3, 1e4)).astype(int).tolist()
    for parent, child in bones("rhd"):
        if judged[parent] and judged[child]:
            colour = COLOURS[(child - 1) // 4]
            cv2.line(picture, places[parent], places[child], colour, ENLARGED, cv2.LINE_AA)
    return picture
