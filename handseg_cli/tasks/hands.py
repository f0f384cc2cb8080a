"""The task of hand masks: which pixels of a photo are hand."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from handseg_cli.metrics.regions import Counts, dice, iou, precision, recall, seed_miou
from handseg_cli.metrics.scores import Scores
from handseg_cli.tasks.losses import LOSSES, at_size, hand
from handseg_cli.tasks.task import Batch, Outputs


class Hands:
    """Masks of hands; keeps the pixel counts of the photos that were measured."""

    best = "iou"

    def __init__(self, terms: Mapping[str, float], threshold: float = 0.5) -> None:
        self.terms = dict(terms)
        self.level = float(torch.logit(torch.tensor(threshold)))
        self.counts: list[Tensor] = []

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return each term of the loss times its weight."""
        labels = batch["mask"]
        logits = at_size(outputs["mask"], labels.shape[1:])
        return {name: weight * LOSSES[name](logits, labels) for name, weight in self.terms.items()}

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Count the pixels of each photo that were found rightly and falsely, and those that were missed."""
        labels = batch["mask"]
        found = hand(at_size(outputs["mask"], labels.shape[1:])) >= self.level
        true, judged = labels == 1, labels != 255
        pairs = ((found, true), (found, ~true), (~found, true), (~found, ~true))
        self.counts.append(torch.stack([(one & other & judged).sum((1, 2)) for one, other in pairs], 1).cpu())

    def scores(self) -> Scores:
        """Return means over the photos, and start anew."""
        rows = torch.cat(self.counts).tolist() if self.counts else []
        self.counts = []
        counts = [Counts(*row) for row in gathered(rows)]
        measures = {"iou": iou, "dice": dice, "precision": precision, "recall": recall, "seed_miou": seed_miou}
        means = {name: sum(map(how, counts)) / max(1, len(counts)) for name, how in measures.items()}
        pooled = sum(counts, Counts(0, 0, 0, 0))
        return Scores(means | {"pooled_iou": iou(pooled), "photos": float(len(counts))})


def gathered(rows: list[list[int]]) -> list[list[int]]:
    """Return the rows of all processes of a distributed training."""
    if not torch.distributed.is_initialized():
        return rows
    everybody: list[list[list[int]]] = [[] for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(everybody, rows)
    return [row for each in everybody for row in each]
