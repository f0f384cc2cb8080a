"""The task of our pose net: where the joints of one hand are, how deep, of which side it is, and whether it is one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from handseg_cli.metrics.joints import millimetre_scores, pixel_scores, rooted_distances
from handseg_cli.metrics.scores import Scores
from handseg_cli.pose.canonical import ROOT
from handseg_cli.pose.depths import from_depths
from handseg_cli.pose.skeleton import bones
from handseg_cli.sample import Image
from handseg_cli.tasks.joints import (
    TOLD,
    Bits,
    Floats,
    all_rows,
    draw_joints,
    flags,
    mean_over_hands,
    numbers,
    off,
    pixel_errors,
)
from handseg_cli.tasks.task import Batch, Outputs, gathered

# By target: the output that says yes or no, and the score of it.
ANSWERS = {"right": ("right", "side_accuracy"), "hand": ("score", "hand_accuracy")}
PARENTS, CHILDREN = bones("rhd").T
BELL = 1.5  # pixels of a score map: the deviation of what it is to show
OVERALL = ("auc_0_30_px", "auc_0_50_mm", "side_accuracy", "hand_accuracy")


class Pose:
    """Points, depths, side and whether it is a hand at all; keeps the errors and the answers of what it measures."""

    best = "overall"
    targets: tuple[str, ...] = (*TOLD, "depths", "hand")

    def __init__(self, terms: Mapping[str, float]) -> None:
        self.terms = dict(terms)
        self.pixels: list[Floats] = []
        self.millimetres: list[Floats] = []
        self.answers: dict[str, list[bool]] = {name: [] for name in ANSWERS}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return the windows."""
        return (batch["image"],)

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return each term of the loss times its weight; of points and depths, in sides of the window."""
        size, judged = batch["image"].shape[-1], batch["judged"]
        terms = {}
        for term, weight in self.terms.items():
            if term in ANSWERS:
                terms[term] = weight * answered(outputs[ANSWERS[term][0]], batch[term])
            elif term == "maps":
                terms[term] = weight * mean_over_hands(missed(outputs["maps"], batch["points"], size), judged)
            else:
                apart, known = off(outputs[term], batch[term])
                known = known & (judged[..., None] if known.ndim == 3 else judged)
                terms[term] = weight * mean_over_hands(apart.abs() / size, known)
        return terms

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Measure how far joints are off in the picture and, at the true size of a hand, in space; note answers."""
        self.pixels.append(pixel_errors(outputs["points"], batch))
        joints, cameras = numbers(batch["joints"]), numbers(batch["camera"])
        known = flags(batch["judged"]) & np.isfinite(joints).all(axis=-1)
        known &= np.isfinite(cameras.sum(axis=(1, 2)))[:, None]
        known &= known[:, [ROOT]]  # from which all others are measured
        self.millimetres.append(rooted_distances(in_space(outputs, batch, known), joints, known))
        for name, (output, _) in ANSWERS.items():
            says, true = outputs[output][:, 0] > 0, batch[name]
            self.answers[name] += (says == (true == 1))[true <= 1].tolist()

    def scores(self) -> Scores:
        """Return the errors over all hands, in pixels of a window of 256 and in mm, and how many answers are right.

        "overall" is the mean of those of four that are known.
        """
        pixels, millimetres = all_rows(self.pixels), all_rows(self.millimetres)
        answers = {name: gathered(each) for name, each in self.answers.items()}
        self.pixels, self.millimetres, self.answers = [], [], {name: [] for name in ANSWERS}
        values = {**pixel_scores(pixels).values, **millimetre_scores(millimetres).values}
        values |= {score: fmean(answers[name]) for name, (_, score) in ANSWERS.items() if answers[name]}
        known = [values[name] for name in OVERALL if not math.isnan(values.get(name, math.nan))]
        hands = float(np.count_nonzero(~np.isnan(pixels).all(axis=1)))
        return Scores({**values, "hands": hands, "overall": fmean(known) if known else math.nan})

    def draw(self, photos: Sequence[Image], outputs: Outputs, batch: Batch) -> list[Image]:
        """Draw the bones of the first hands of a batch: as labelled, and as found."""
        return draw_joints(photos, outputs["points"], batch)


def answered(logits: Tensor, true: Tensor) -> Tensor:
    """Return the binary cross-entropy of (B, 1) logits against (B,) 0 or 1, 255 for what nobody knows."""
    each = F.binary_cross_entropy_with_logits(logits[:, 0].float(), (true == 1).float(), reduction="none")
    known = (true <= 1).float()
    return (each * known).sum() / known.sum().clamp(min=1)


def missed(maps: Tensor, points: Tensor, size: int) -> Tensor:
    """Return how far (B, J) score maps are from bells around the points (B, J, 2) of a window, in nats.

    A mean place is slow to learn by itself: while a map is flat, all of its pixels have about the same slope.
    """
    stride = size / maps.shape[-1]
    cells = torch.arange(maps.shape[-1], device=maps.device)
    off_centre = (torch.nan_to_num(points.float())[..., None] + 0.5) / stride - 0.5 - cells
    across, down = (off_centre / BELL).square().div(-2).log_softmax(-1).unbind(2)
    true = down[..., None] + across[..., None, :]
    logs = maps.float().flatten(2).log_softmax(2).reshape(maps.shape)
    return (true.exp() * (true - logs)).sum((2, 3))


def in_space(outputs: Outputs, batch: Batch, known: Bits) -> Floats:
    """Return the joints (B, 21, 3) that points and depths mean, mm: bones between `known` ones as long as in truth."""
    points, depths, cameras = map(numbers, (outputs["points"], outputs["depths"], batch["camera"]))
    found = np.zeros((*points.shape[:2], 3))
    for at in np.flatnonzero(known.any(axis=1)):
        found[at] = from_depths(points[at], depths[at], cameras[at])
    size = length(numbers(batch["joints"]), known) / np.maximum(length(found, known), 1e-9)
    return np.asarray(found * size[:, None, None], np.float64)


def length(joints: Floats, known: Bits) -> Floats:
    """Return how long (B,) the bones between known joints (B, 21, 3) are, all together."""
    apart = np.linalg.norm(joints[:, CHILDREN] - joints[:, PARENTS], axis=-1)
    return np.asarray(np.where(known[:, CHILDREN] & known[:, PARENTS], apart, 0.0).sum(axis=1), np.float64)
