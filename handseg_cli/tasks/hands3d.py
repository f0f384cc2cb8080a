"""The task of the fourth system: two hands in one window, their joints, how far they are apart, which, and their parts.

Depths are told from the wrists, so what is measured in space takes the true depth of each wrist, as its authors do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handseg_cli.io.part_colours import draw_parts
from handseg_cli.metrics.joints import TwoHands
from handseg_cli.metrics.pairs import Known, Pairs, joined, judge, overlaps, part_iou, short_scores
from handseg_cli.metrics.scores import Scores
from handseg_cli.pose.pairs import STRIDE, WRISTS, in_space, wrists_in_space
from handseg_cli.pose.skeleton import JOINTS, reorder
from handseg_cli.sample import Image, Mask
from handseg_cli.tasks import digit_losses
from handseg_cli.tasks.joints import Bits, Floats, add_bones, enlarged, flags, numbers
from handseg_cli.tasks.task import Batch, Outputs, gathered

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

# By term of the loss: which output it looks at, what is true of that, which of it is known, and the loss itself.
TERMS: dict[str, tuple[str, str, str, Loss]] = {
    "joints": ("joints", "grid_joints", "grid_valid", digit_losses.joints),
    "root_depth": ("root_depth", "root_depth", "root_valid", digit_losses.root_depth),
    "handedness": ("handedness", "handedness", "handedness_valid", digit_losses.handedness),
    "parts": ("parts", "parts", "parts_valid", digit_losses.parts),
    "bones": ("joints", "grid_joints", "grid_valid", digit_losses.bones),
}
# What measuring takes, and drawing.
MEASURED = ("joints", "camera", "known", "interacting", "handedness", "handedness_valid", "grid_joints", "grid_valid")
RHD = reorder("interhand", "rhd")


class Hands3d:
    """Joints, handedness and parts of both hands; keeps what it measures of each photo."""

    best = "auc_0_50_mm"

    def __init__(self, terms: Mapping[str, float]) -> None:
        self.terms = dict(terms)
        asked = [name for term in terms for name in TERMS[term][1:3]]
        self.targets: tuple[str, ...] = tuple(dict.fromkeys((*MEASURED, *asked)))
        self.judged: list[TwoHands] = []
        self.overlaps: list[NDArray[np.int64]] = []

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return the windows."""
        return (batch["image"],)

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return each term of the loss times its weight."""
        losses = {}
        for term, weight in self.terms.items():
            output, true, valid, lost = TERMS[term]
            losses[term] = weight * lost(outputs[output], batch[true], batch[valid])
        return losses

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Measure joints from their wrists, the way between the wrists, which hands there are, and their parts."""
        known = Known(*(flags(batch[name]) for name in ("known", "handedness_valid", "interacting")))
        joints = numbers(batch["joints"])
        truth = Pairs(joints, joints[:, WRISTS], numbers(batch["handedness"]))
        self.judged.append(judge(found(outputs, batch), truth, known))
        if "parts" in batch:
            told = flags(batch["parts_valid"])
            both = (outputs["parts"].argmax(1).cpu().numpy(), batch["parts"].cpu().numpy())
            self.overlaps.append(overlaps(*(each[told] for each in both)))

    def scores(self) -> Scores:
        """Return the figures over all photos."""
        judged, counts = joined(gathered(self.judged)), gathered(self.overlaps)
        self.judged, self.overlaps = [], []
        iou = {"part_iou": part_iou(np.concatenate(counts))} if counts else {}
        return Scores({**short_scores(judged).values, **iou, "photos": float(len(judged.errors))})

    def draw(self, photos: Sequence[Image], outputs: Outputs, batch: Batch) -> list[Image]:
        """Draw bones and parts of the first photos of a batch: as labelled, and as found."""
        pictures = []
        parts = outputs["parts"].argmax(1).byte()
        for at, photo in enumerate(photos):
            valid = flags(batch["grid_valid"][at])
            labelled = batch["parts"][at] if "parts" in batch else torch.zeros_like(parts[at])
            for joints, numbered in ((batch["grid_joints"][at], labelled), (outputs["joints"][at], parts[at])):
                pictures.append(
                    drawn(photo, numbers(joints)[:, :2] * STRIDE, valid, np.asarray(numbered.cpu().numpy(), np.uint8))
                )
        return pictures


def found(outputs: Outputs, batch: Batch) -> Pairs:
    """Return what a net found of a batch, in space, given how far the wrists are in truth."""
    size, cameras = batch["image"].shape[-1], numbers(batch["camera"])
    joints, between = numbers(outputs["joints"]), numbers(outputs["root_depth"])[:, 0]
    depths = numbers(batch["joints"])[:, WRISTS, 2]
    return Pairs(
        in_space(joints, depths, cameras, size),
        wrists_in_space(joints, between, depths[:, 0], cameras, size),
        numbers(outputs["handedness"].float().sigmoid()),
    )


def drawn(photo: Image, points: Floats, valid: Bits, parts: Mask) -> Image:
    """Draw parts (h, w), and the bones of both hands (42, 2) that are valid, into a photo."""
    picture = enlarged(photo)
    draw_parts(picture, np.asarray(cv2.resize(parts, picture.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.uint8))
    for hand in (slice(JOINTS), slice(JOINTS, None)):
        picture = add_bones(picture, points[hand][RHD], valid[hand][RHD])
    return picture
