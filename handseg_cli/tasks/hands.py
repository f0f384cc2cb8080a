"""The task of hand masks: which pixels of a photo are hand and, if that is asked, arm, and of which side a hand is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from handseg_cli.io.draw import overlay
from handseg_cli.metrics.regions import Counts, accuracy, dice, iou, precision, recall, seed_miou
from handseg_cli.metrics.scores import Scores
from handseg_cli.sample import Image
from handseg_cli.tasks.losses import LOSSES, at_size, hand
from handseg_cli.tasks.task import Batch, Outputs, gathered

MEASURES = {"iou": iou, "dice": dice, "precision": precision, "recall": recall, "seed_miou": seed_miou}
# What may be told beside the mask: its score, and the measure that it is the mean of.
TOLD = {"arm": ("arm_iou", iou), "side": ("side_accuracy", accuracy)}


class Hands:
    """Masks of hands and, where terms of the loss ask for these, arms and sides; keeps the counts of what it measures.

    Of all outputs but the mask, the term has the name of the output and of the target.
    """

    def __init__(self, terms: Mapping[str, float], threshold: float = 0.5) -> None:
        self.terms = dict(terms)
        self.about = {name: name if name in TOLD else "mask" for name in terms}
        # By output: the logit from which on it says yes, and the counts of pixels of each photo.
        self.levels = dict.fromkeys(self.about.values(), 0.0) | {"mask": float(torch.logit(torch.tensor(threshold)))}
        self.best = "overall" if len(self.levels) > 1 else "iou"
        self.targets: tuple[str, ...] = ("mask", *(name for name in TOLD if name in self.levels))
        self.counts: dict[str, list[Tensor]] = {name: [] for name in self.levels}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return the photos."""
        return (batch["image"],)

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return each term of the loss times its weight."""
        size = batch["mask"].shape[1:]
        logits = {name: at_size(outputs[name], size) for name in self.levels}
        return {
            term: weight * LOSSES[term](logits[self.about[term]], batch[self.about[term]])
            for term, weight in self.terms.items()
        }

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Count the pixels of each photo that were found rightly and falsely, and those that were missed."""
        for name, level in self.levels.items():
            labels = batch[name]
            found = hand(at_size(outputs[name], labels.shape[1:])) >= level
            true, judged = labels == 1, labels != 255
            pairs = ((found, true), (found, ~true), (~found, true), (~found, ~true))
            self.counts[name].append(torch.stack([(one & other & judged).sum((1, 2)) for one, other in pairs], 1).cpu())

    def scores(self) -> Scores:
        """Return means over the photos, of arms and sides over those of which they are known, and start anew."""
        taken = {name: self._taken(name) for name in self.levels}
        counts = taken["mask"]
        values = {name: mean(how, counts) for name, how in MEASURES.items()}
        values |= {"pooled_iou": iou(sum(counts, Counts())), "photos": float(len(counts))}
        told = {}
        for name, (score, how) in TOLD.items():
            if known := [each for each in taken.get(name, []) if each != Counts()]:
                told[score] = mean(how, known)
        overall = {"overall": fmean([values["iou"], *told.values()])} if self.best == "overall" else {}
        return Scores(values | told | overall)

    def draw(self, photos: Sequence[Image], outputs: Outputs, batch: Batch) -> list[Image]:
        """Tint the hands of the first photos of a batch: as labelled, and as found."""
        labels = batch["mask"][: len(photos)]
        found = hand(at_size(outputs["mask"][: len(photos)], labels.shape[1:])) >= self.levels["mask"]
        masks = torch.stack((labels == 1, found), 1).cpu().numpy().astype(np.uint8) * np.uint8(255)
        return [overlay(photo, mask) for photo, pair in zip(photos, masks, strict=True) for mask in pair]

    def _taken(self, name: str) -> list[Counts]:
        rows = torch.cat(self.counts[name]).tolist() if self.counts[name] else []
        self.counts[name] = []
        return [Counts(*row) for row in gathered(rows)]


def mean(how: Callable[[Counts], float], counts: Sequence[Counts]) -> float:
    """Return the mean of a measure over photos, 0 of none."""
    return sum(map(how, counts)) / max(1, len(counts))
