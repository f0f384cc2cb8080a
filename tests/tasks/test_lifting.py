"""The lifting net sees true score maps and sides, and learns what its variant tells."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from handseg_cli.models.bones import to_bones, to_joints
from handseg_cli.models.poselift import VARIANTS, PoseLift, mirrored
from handseg_cli.pose.canonical import normalised
from handseg_cli.pose.score_maps import SIGMA, targets
from handseg_cli.tasks.lifting import Lifting
from tests.tasks.conftest import Batches

Batch = dict[str, Tensor]


@pytest.fixture
def batch(batches: Batches) -> Batch:
    return batches(Lifting({"told": 1.0}, "proposed"))


def perfect(batch: Batch) -> dict[str, Tensor]:
    """Return what a net would say that knows everything."""
    joints = torch.from_numpy(np.stack([normalised(each) for each in batch["joints"].numpy()])).float()
    return {
        "canonical": batch["canonical"],
        "rotation": batch["rotation"],
        "joints": joints,
        "bones": to_bones(joints),
    }


def test_it_sees_score_maps_and_sides(batch: Batch) -> None:
    maps, sides = Lifting({"told": 1.0}, "proposed").inputs(batch)
    wanted = targets(batch["points"][0].numpy(), batch["judged"][0].numpy(), 64, SIGMA / 4, pool=2)
    assert np.allclose(maps[0], wanted, atol=1e-5)
    assert sides.tolist() == [[0, 1] if right else [1, 0] for right in batch["right"].tolist()]
    assert len({*batch["right"].tolist()}) == 2


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("term", ["told", "joints"])
def test_a_perfect_net_loses_nothing(batch: Batch, variant: str, term: str) -> None:
    task = Lifting({term: 1.0}, variant)
    assert sum(task.loss(perfect(batch), batch).values()) < 1e-9
    task.measure(perfect(batch), batch)
    scores = task.scores().values
    assert scores["epe_mean_mm"] < 1e-3
    assert scores["auc_0_50_mm"] == pytest.approx(1, abs=0.03)


def test_what_a_hand_is_told_by_leads_to_its_joints(batch: Batch) -> None:
    said, (_, sides) = perfect(batch), Lifting({"told": 1.0}, "proposed").inputs(batch)
    turned = mirrored(said["canonical"], sides) @ said["rotation"]
    assert torch.allclose(turned, said["joints"], atol=1e-4)
    assert torch.allclose(to_joints(said["bones"]), said["joints"], atol=1e-4)


@pytest.mark.parametrize(
    ("variant", "names"),
    [("proposed", {"canonical", "rotation"}), ("direct", {"joints"}), ("bottleneck", {"joints"}), ("local", {"bones"})],
)
def test_each_variant_learns_what_it_tells_and_its_outputs_are_of_the_net(
    batch: Batch, variant: str, names: set[str]
) -> None:
    task, net = Lifting({"told": 2.0}, variant), PoseLift(variant)
    outputs = net(*task.inputs(batch))
    assert task.loss(outputs, batch).keys() == names
    once = Lifting({"told": 1.0}, variant).loss(outputs, batch)
    twice = task.loss(outputs, batch)
    assert all(twice[name].item() == pytest.approx(2 * once[name].item()) for name in names)


def test_half_a_turn_is_the_same_either_way(batch: Batch) -> None:
    said = perfect(batch)
    said["bones"] = said["bones"] + torch.tensor([0, 2 * np.pi, -2 * np.pi])
    assert Lifting({"told": 1.0}, "local").loss(said, batch)["bones"] < 1e-9


def test_errors_are_at_the_true_size_of_the_hand(batch: Batch) -> None:
    said = perfect(batch)
    said["joints"] = said["joints"] + torch.tensor([0, 0, 1.0])
    task = Lifting({"told": 1.0}, "direct")
    task.measure(said, batch)
    bones = torch.linalg.vector_norm(batch["joints"][:, 12] - batch["joints"][:, 11], dim=1)
    assert task.scores().values["epe_mean_mm"] == pytest.approx(bones.mean().item(), rel=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_joints_that_nobody_knows_cost_nothing_and_spoil_nothing(batch: Batch, variant: str) -> None:
    for name in ("joints", "canonical"):
        batch[name][0, 5:8] = torch.nan
        batch[name][1] = torch.nan
    batch["rotation"][1] = torch.nan
    task, net = Lifting({"told": 1.0, "joints": 1.0}, variant), PoseLift(variant)
    outputs = net(*task.inputs(batch))
    torch.stack([*task.loss(outputs, batch).values()]).sum().backward()  # type: ignore[no-untyped-call]
    assert all(torch.isfinite(each.grad).all() for each in net.parameters() if each.grad is not None)
    task.measure({name: each.detach() for name, each in outputs.items()}, batch)
    assert np.isfinite(task.scores().values["epe_mean_mm"])
