"""The keypoint net's loss is the published one, and its errors are those of the peaks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from handseg_cli.pose.score_maps import targets
from handseg_cli.tasks.keypoints import Keypoints
from handseg_cli.tasks.score_maps import score_maps
from tests.tasks.conftest import Batches
from tests.tiny.tensorflow import resized

Batch = dict[str, Tensor]


@pytest.fixture
def task() -> Keypoints:
    return Keypoints({"score_maps": 1.0})


@pytest.fixture
def batch(task: Keypoints, batches: Batches) -> Batch:
    return batches(task)


def said(maps: Tensor) -> dict[str, Tensor]:
    """Return the outputs of a net all of whose stages say the same."""
    return {"score_maps": maps, "stages": torch.stack([maps] * 3, 1)}


def by_hand(batch: Batch, stages: Tensor) -> float:
    """Return the loss as its definition says it, joint by joint."""
    total = 0.0
    for stage in stages.unbind(1):
        apart, seen = 0.0, 0
        for hand in range(len(stage)):
            judged = batch["judged"][hand].numpy()
            true = targets(batch["points"][hand].numpy(), judged, 64, 25 / 4)
            large = resized(stage[hand].permute(1, 2, 0).double().numpy(), (64, 64))
            for joint in np.flatnonzero(judged):
                apart += math.sqrt(((large[..., joint] - true[joint]) ** 2).mean())
                seen += 1
        total += apart / (seen + 0.001)
    return total


def test_the_loss_is_the_published_one(task: Keypoints, batch: Batch) -> None:
    torch.manual_seed(0)
    some = {name: value[:2] for name, value in batch.items()}
    some["judged"][0, :7] = False
    stages = torch.rand(2, 3, 21, 8, 8)
    loss = task.loss({"stages": stages, "score_maps": stages[:, -1]}, some)["score_maps"].item()
    assert loss == pytest.approx(by_hand(some, stages), rel=1e-4)


def test_maps_that_peak_at_the_joints_score_perfectly(task: Keypoints, batches: Batches) -> None:
    batch = batches(task, size=128)
    # Pixel n of a map lies at pixel 8 n of the window.
    task.measure(said(score_maps(batch["points"], batch["judged"], 128)[:, :, ::8, ::8]), batch)
    scores = task.scores().values
    assert scores["epe_mean_px"] < 0.05
    assert scores["auc_0_30_px"] > 0.97
    assert scores["hands"] == 6


def test_errors_are_in_pixels_of_a_window_of_256(task: Keypoints, batch: Batch) -> None:
    moved = batch["points"] + torch.tensor([3.0, -4.0])
    task.measure(said(score_maps(moved, batch["judged"], 64)[:, :, ::8, ::8]), batch)
    assert task.scores().values["epe_median_px"] == pytest.approx(4 * 5, rel=0.05)


def test_maps_of_nothing_have_a_slope(task: Keypoints, batch: Batch) -> None:
    stages = torch.zeros(6, 3, 21, 8, 8, requires_grad=True)
    batch["judged"][:] = False
    task.loss({"stages": stages}, batch)["score_maps"].backward()  # type: ignore[no-untyped-call]
    assert stages.grad is not None
    assert torch.isfinite(stages.grad).all()
