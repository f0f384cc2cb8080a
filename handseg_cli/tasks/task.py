"""What differs between trainings: the loss of a net's answer, and how good that answer is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from handseg_cli.metrics.scores import Scores
from handseg_cli.sample import Image

T = TypeVar("T")

Outputs = dict[str, Tensor]
Batch = dict[str, Tensor]  # "image" (B, 3, H, W) 0 to 1, and what is told of it by the names in `loading.targets`


class Task(Protocol):
    """What a net is asked; all processes of a training have one each."""

    best: str  # the name of the score that tells which net is better: more is better
    targets: tuple[str, ...]  # what it has to be told of a picture

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return what the net is called with."""
        ...

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of the loss, weighted, by name; their sum is what training brings down."""
        ...

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Take in how good the outputs are for one batch."""
        ...

    def scores(self) -> Scores:
        """Return the scores over all that was taken in since the last call, by all processes together."""
        ...

    def draw(self, photos: Sequence[Image], outputs: Outputs, batch: Batch) -> list[Image]:
        """Draw the first pictures of a batch, (H, W, 3) uint8 RGB, each twice: as labelled, and as found."""
        ...


def gathered(rows: list[T]) -> list[T]:
    """Return the rows of all processes of a distributed training."""
    if not torch.distributed.is_initialized():
        return rows
    everybody: list[list[T]] = [[] for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(everybody, rows)
    return [row for each in everybody for row in each]
