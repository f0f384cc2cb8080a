"""The task of the third system's lifting net: a hand in space from the score maps of its joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handseg_cli.metrics.joints import distances, millimetre_scores
from handseg_cli.metrics.scores import Scores
from handseg_cli.models.bones import to_bones
from handseg_cli.models.poselift import SIDE
from handseg_cli.pose.camera import project
from handseg_cli.pose.canonical import MIDDLE, NEXT, ROOT
from handseg_cli.sample import Image
from handseg_cli.tasks.joints import TOLD, Floats, all_rows, draw_joints, flags, mean_over_hands, numbers, off
from handseg_cli.tasks.score_maps import score_maps
from handseg_cli.tasks.task import Batch, Outputs


class Lifting:
    """Joints in space as a `variant` of the net tells them; keeps the errors of what it measures.

    The term "told" is of what the variant tells: the canonical joints and the rotation, the joints, or the bones. The
    term "joints" is of the joints in the camera's frame, however they are told.
    """

    best = "auc_0_50_mm"
    targets: tuple[str, ...] = (*TOLD, "canonical", "rotation")

    def __init__(self, terms: Mapping[str, float], variant: str) -> None:
        self.terms = dict(terms)
        self.told = {"proposed": ("canonical", "rotation"), "local": ("bones",)}.get(variant, ("joints",))
        self.errors: list[Floats] = []

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return the true score maps (B, 21, 32, 32) and the sides (B, 2), left or right."""
        size = batch["image"].shape[-1]
        maps = score_maps(batch["points"], batch["judged"], size, size // SIDE)
        right = (batch["right"] == 1).float()
        return maps, torch.stack((1 - right, right), 1)

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the mean squares of what is off, of each thing that is told."""
        weights: dict[str, float] = {}
        for term, weight in self.terms.items():
            for name in self.told if term == "told" else ("joints",):
                weights[name] = weights.get(name, 0.0) + weight
        return {name: weight * mean_square(name, outputs[name], batch) for name, weight in weights.items()}

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Measure how far joints are off, if a hand is as large as it truly is and its first joint the origin."""
        joints = numbers(batch["joints"])
        found, true = scaled(outputs, joints), joints - joints[:, [ROOT]]
        self.errors.append(distances(found, true, flags(batch["judged"]) & np.isfinite(true).all(axis=-1)))

    def scores(self) -> Scores:
        """Return the errors over all hands and start anew."""
        errors, self.errors = all_rows(self.errors), []
        return Scores({**millimetre_scores(errors).values, "hands": float(len(errors))})

    def draw(self, photos: Sequence[Image], outputs: Outputs, batch: Batch) -> list[Image]:
        """Draw the bones of the first hands of a batch: as labelled, and as the camera would see what was found."""
        joints = numbers(batch["joints"])
        found = scaled(outputs, joints) + joints[:, [ROOT]]
        seen = [project(each, camera) for each, camera in zip(found, numbers(batch["camera"]), strict=True)]
        return draw_joints(photos, torch.from_numpy(np.stack(seen)), batch)


def mean_square(name: str, found: Tensor, batch: Batch) -> Tensor:
    """Return the mean over hands of the mean square of what is off in (B, ...) of one name."""
    apart, known = off(found, true_of(name, batch))
    if name == "bones":
        # Half a turn to the left and half a turn to the right are the same.
        turns = torch.atan2(apart[..., 1:].sin(), apart[..., 1:].cos())
        apart = torch.cat((apart[..., :1], turns), -1)
    return mean_over_hands(apart.square(), known)


def true_of(name: str, batch: Batch) -> Tensor:
    """Return what the net is to tell, NaN where it is not known."""
    if name in ("canonical", "rotation"):
        return batch[name]
    joints = batch["joints"]
    length = torch.linalg.vector_norm(joints[:, MIDDLE] - joints[:, NEXT], dim=-1)
    normed = (joints - joints[:, [ROOT]]) / length[:, None, None]
    return to_bones(normed) if name == "bones" else normed


def scaled(outputs: Outputs, joints: NDArray[np.float64]) -> Floats:
    """Return the joints (B, 21, 3) that were found in mm, given the length of one bone of true ones (B, 21, 3)."""
    length = np.linalg.norm(joints[:, MIDDLE] - joints[:, NEXT], axis=-1)
    return np.asarray(numbers(outputs["joints"]) * length[:, None, None], np.float64)
