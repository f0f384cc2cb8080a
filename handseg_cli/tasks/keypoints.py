"""The task of the third system's keypoint net: score maps of the 21 joints of one hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from handseg_cli.metrics.joints import pixel_scores
from handseg_cli.metrics.scores import Scores
from handseg_cli.models.tf_layers import resize
from handseg_cli.pose.score_maps import peaks
from handseg_cli.sample import Image
from handseg_cli.tasks.joints import TOLD, Floats, all_rows, draw_joints, pixel_errors
from handseg_cli.tasks.score_maps import score_maps
from handseg_cli.tasks.task import Batch, Outputs

NOBODY = 1e-3  # keeps a batch without a joint from dividing by none
SMOOTH = 1e-12  # keeps the slope of a root finite


class Keypoints:
    """Joints where their score maps peak; keeps the errors of what it measures."""

    best = "auc_0_30_px"
    targets: tuple[str, ...] = TOLD

    def __init__(self, terms: Mapping[str, float]) -> None:
        self.weight = terms["score_maps"]
        self.errors: list[Floats] = []

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return the windows around hands."""
        return (batch["image"],)

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the sum over the stages of how far score maps (B, 21, h, w) are off at the windows' own size.

        For each joint that is the root of the mean square over its map, and of these the mean over judged joints.
        """
        size, judged = batch["image"].shape[-1], batch["judged"]
        true = score_maps(batch["points"], judged, size)
        total = true.new_zeros(())
        for maps in outputs["stages"].float().unbind(1):
            apart = (resize(maps, (size, size)) - true).square().mean((2, 3))
            total = total + ((apart + SMOOTH).sqrt() * judged).sum() / (judged.sum() + NOBODY)
        return {"score_maps": self.weight * total}

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Measure how far the peaks are off."""
        self.errors.append(pixel_errors(found(outputs, batch), batch))

    def scores(self) -> Scores:
        """Return the errors over all hands, in pixels of a window of 256, and start anew."""
        errors, self.errors = all_rows(self.errors), []
        return Scores({**pixel_scores(errors).values, "hands": float(len(errors))})

    def draw(self, photos: Sequence[Image], outputs: Outputs, batch: Batch) -> list[Image]:
        """Draw the bones of the first hands of a batch: as labelled, and as found."""
        return draw_joints(photos, found(outputs, batch), batch)


def found(outputs: Outputs, batch: Batch) -> Tensor:
    """Return where (B, 21, 2) the last stage's score maps peak, between their pixels, in pixels of the windows."""
    maps = outputs["score_maps"].float().cpu().numpy()
    factor = batch["image"].shape[-1] / maps.shape[-1]
    return torch.from_numpy(np.stack([peaks(each, between=True)[0] for each in maps]) * factor)
