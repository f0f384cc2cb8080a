"""Batches of hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from handseg_cli.loading.batches import Feed
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.tasks.task import Task
from handseg_cli.train.loop import to_batch
from tests.tiny import posed

Batches = Callable[..., dict[str, Tensor]]


@pytest.fixture(scope="session")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Batches:
    """Return what makes a batch of so many hands for a task, in windows of so many pixels."""
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    posed.build(path)
    mix = Mix([Part("hands", path)], "all", "hand")

    def make(task: Task, size: int = 64, count: int = 6) -> dict[str, Tensor]:
        recipe = replace(Recipe(size, "hand", "none"), targets=task.targets)
        batch = next(Feed(mix, recipe, batch=count, seed=0, workers=0).once())
        return to_batch(batch, torch.device("cpu"))

    return make
