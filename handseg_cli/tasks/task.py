"""What differs between trainings: the loss of a net's answer, and how good that answer is."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from handseg_cli.metrics.scores import Scores

Outputs = dict[str, Tensor]
Batch = dict[str, Tensor]


class Task(Protocol):
    """What a net is asked; all processes of a training have one each."""

    best: str  # the name of the score that tells which net is better: more is better

    def loss(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of the loss, weighted, by name; their sum is what training brings down."""
        ...

    def measure(self, outputs: Outputs, batch: Batch) -> None:
        """Take in how good the outputs are for one batch."""
        ...

    def scores(self) -> Scores:
        """Return the scores over all that was taken in since the last call, by all processes together."""
        ...
