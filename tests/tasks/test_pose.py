"""Our pose net learns points, depths, side and whether it is a hand, each from what knows it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from handseg_cli.tasks.pose import BELL, Pose, missed
from tests.tasks.conftest import Batches

Batch = dict[str, Tensor]
TERMS = {"points": 1.0, "depths": 1.0, "right": 0.1, "hand": 0.1}


@pytest.fixture
def task() -> Pose:
    return Pose(TERMS)


@pytest.fixture
def batch(task: Pose, batches: Batches) -> Batch:
    """Return three hands, each followed by a place without one."""
    return batches(task)


def perfect(batch: Batch) -> dict[str, Tensor]:
    """Return what a net would say that knows everything."""
    return {
        "points": batch["points"],
        "depths": batch["depths"],
        "right": 99.0 * (batch["right"] == 1).float()[:, None] - 40,
        "score": 99.0 * (batch["hand"] == 1).float()[:, None] - 40,
    }


def mirrored(batch: Batch, outputs: dict[str, Tensor]) -> tuple[Batch, dict[str, Tensor]]:
    """Return a batch seen in a mirror, and what a net says of it that says the same in mirrors."""
    size, flip = batch["image"].shape[-1], torch.tensor([-1.0, 1.0])
    camera = batch["camera"].clone()
    camera[:, 0, 2] = size - 1 - camera[:, 0, 2]
    other = batch | {
        "points": batch["points"] * flip + torch.tensor([size - 1.0, 0]),
        "joints": batch["joints"] * torch.tensor([-1.0, 1, 1]),
        "camera": camera,
        "right": torch.where(batch["right"] <= 1, 1 - batch["right"], batch["right"]),
    }
    said = outputs | {
        "points": outputs["points"] * flip + torch.tensor([size - 1.0, 0]),
        "right": -outputs["right"],
    }
    return other, said


def random(batch: Batch) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {name: each + torch.randn_like(each) * 3 for name, each in perfect(batch).items()}


def test_a_perfect_net_scores_perfectly(task: Pose, batch: Batch) -> None:
    assert sum(task.loss(perfect(batch), batch).values()) < 1e-6
    task.measure(perfect(batch), batch)
    scores = task.scores().values
    assert scores["epe_mean_px"] < 1e-4
    assert scores["epe_mean_mm"] < 1e-2
    assert scores["side_accuracy"] == scores["hand_accuracy"] == 1
    assert scores["overall"] == pytest.approx(1, abs=0.03)
    assert scores["hands"] == 3


def test_in_a_mirror_all_is_the_same(task: Pose, batch: Batch) -> None:
    outputs = random(batch)
    found = []
    for labels, said in ((batch, outputs), mirrored(batch, outputs)):
        task.measure(said, labels)
        found.append((task.loss(said, labels), task.scores().values))
    (losses, scores), (others, same) = found
    assert {name: loss.item() for name, loss in others.items()} == pytest.approx(
        {name: loss.item() for name, loss in losses.items()}, rel=1e-4
    )
    assert same == pytest.approx(scores, rel=1e-4)


def test_losses_are_shares_of_the_window(task: Pose, batch: Batch) -> None:
    said = perfect(batch) | {"points": batch["points"] + 6.4, "depths": batch["depths"] - 3.2}
    losses = task.loss(said, batch)
    assert losses["points"] == pytest.approx(0.1)
    assert losses["depths"] == pytest.approx(0.05)


def test_a_place_without_a_hand_teaches_just_that(task: Pose, batch: Batch) -> None:
    none = batch["hand"] == 0
    assert none.tolist() == [False, True] * 3
    outputs = random(batch)
    other = {name: torch.where(none.view(-1, *[1] * (each.ndim - 1)), 7.0, each) for name, each in outputs.items()}
    one, two = task.loss(outputs, batch), task.loss(other, batch)
    assert all(one[name] == two[name] for name in ("points", "depths", "right"))
    assert one["hand"] != two["hand"]


def test_joints_that_nobody_knows_cost_nothing_and_spoil_nothing(task: Pose, batch: Batch) -> None:
    batch["joints"][0], batch["depths"][0], batch["camera"][0] = torch.nan, torch.nan, torch.nan
    batch["points"][2, 4], batch["judged"][2, 4] = torch.nan, False
    outputs = {name: each.nan_to_num().requires_grad_() for name, each in perfect(batch).items()}
    torch.stack([*task.loss(outputs, batch).values()]).sum().backward()  # type: ignore[no-untyped-call]
    assert all(each.grad is not None and torch.isfinite(each.grad).all() for each in outputs.values())
    task.measure({name: each.detach() for name, each in outputs.items()}, batch)
    assert all(np.isfinite(each) for each in task.scores().values.values())


def test_a_hand_without_its_wrist_is_judged_in_the_picture_alone(task: Pose, batch: Batch) -> None:
    batch["judged"][:4, 0] = False
    said = perfect(batch)
    said["points"] = said["points"].clone()
    said["points"][:4, 0] = 1e4
    task.measure(said, batch)
    assert len(task.millimetres[0][~np.isnan(task.millimetres[0]).all(1)]) == 1
    scores = task.scores().values
    assert scores["epe_mean_mm"] < 1e-2
    assert scores["epe_mean_px"] < 1e-4


def test_a_hand_said_to_be_twice_as_large_and_far_is_the_same(task: Pose, batch: Batch) -> None:
    twice = batch | {"joints": 2 * batch["joints"]}
    task.measure(perfect(batch), twice)
    assert task.scores().values["epe_mean_mm"] < 1e-2


def test_without_anything_known_no_score_is_made_up(task: Pose) -> None:
    scores = task.scores().values
    assert scores["hands"] == 0
    assert np.isnan(scores["overall"])


def test_a_map_is_best_as_a_bell_around_its_joint() -> None:
    joint = torch.tensor([[[41.5, 13.5]]])  # the middle of pixel (10, 3) of a map of a quarter of the window

    def cost(x: float, y: float, spread: float) -> float:
        ys, xs = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
        return float(missed(-((xs - x) ** 2 + (ys - y) ** 2)[None, None] / (2 * spread**2), joint, 64))

    best = cost(10, 3, BELL)
    assert best < min(cost(10, 3, BELL / 2), cost(10, 3, BELL * 2), cost(9, 3, BELL), cost(10, 4, BELL))
    assert cost(0, 15, 1) > 10 * best
    assert torch.isfinite(missed(torch.zeros(1, 1, 16, 16), torch.full((1, 1, 2), torch.nan), 64))
