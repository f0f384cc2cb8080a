"""What every task keeps, whatever its net is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from handseg_cli.checkpoints.build import TASKS, blank_card, build
from handseg_cli.config import TrainConfig
from handseg_cli.config.layers import layered
from handseg_cli.loading.batches import Feed
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS
from handseg_cli.models.bones import to_bones
from handseg_cli.pose.canonical import normalised
from handseg_cli.tasks.pose import BELL
from handseg_cli.tasks.score_maps import score_maps
from handseg_cli.tasks.task import Task
from handseg_cli.train.asked import arguments_of, each_of, task_of
from handseg_cli.train.loop import to_batch
from tests.tiny import posed, two_hands

Tensors = dict[str, Tensor]


class Asked(NamedTuple):
    """A net of the task, what a perfect one would say of a batch, and whether that costs nothing at all."""

    model: str
    perfect: Callable[[Tensors], Tensors]
    is_free: bool = True


def masks(batch: Tensors) -> Tensors:
    hand = (batch["mask"] == 1).float()[:, None] * 99 - 50
    return {"mask": torch.cat((-hand, hand), 1) / 2}


def maps(batch: Tensors) -> Tensors:
    found = score_maps(batch["points"], batch["judged"], batch["image"].shape[-1])[:, :, ::8, ::8]
    return {"score_maps": found, "stages": torch.stack([found] * 3, 1)}


def lifted(batch: Tensors) -> Tensors:
    joints = torch.from_numpy(np.stack([normalised(each) for each in batch["joints"].numpy()])).float()
    told = {name: batch[name] for name in ("canonical", "rotation")}
    return {**told, "joints": joints, "bones": to_bones(joints)}


def hand(batch: Tensors) -> Tensors:
    answers = {"right": batch["right"] == 1, "score": batch["hand"] == 1}
    told = {name: batch[name] for name in ("points", "depths")}
    cells = torch.arange(batch["image"].shape[-1] // 4)
    across, down = (((batch["points"][..., None] + 0.5) / 4 - 0.5 - cells) / BELL).square().div(-2).unbind(2)
    told["maps"] = torch.nan_to_num(down[..., None] + across[..., None, :])
    return told | {name: each.float()[:, None] * 99 - 50 for name, each in answers.items()}


def both(batch: Tensors) -> Tensors:
    told = {"joints": batch["grid_joints"], "root_depth": batch["root_depth"]}
    logits = {"handedness": batch["handedness"], "parts": one_hot(batch["parts"].long(), 33).permute(0, 3, 1, 2)}
    return told | {name: each.float() * 99 - 50 for name, each in logits.items()}


# Maps that are enlarged from a few pixels are no Gaussians: so the keypoint net can never lose nothing.
ASKED = {
    "hands": Asked("handsegnet", masks),
    "keypoints": Asked("posenet", maps, is_free=False),
    "lifting": Asked("poselift", lifted),
    "pose": Asked("handpose", hand),
    "hands3d": Asked("digit", both),
}


@pytest.fixture(scope="module")
def file(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    (two_hands if name == "hands3d" else posed).build(path)
    return path


@pytest.fixture(params=ASKED, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def config(name: str, file: Path) -> TrainConfig:
    model = ASKED[name].model
    given = {"loss": ("ce",)} if name == "hands" else {}
    return layered(TrainConfig, {"run": Path(), "model": model, "size": 64, "datasets": (str(file),), **given})


@pytest.fixture
def task(config: TrainConfig) -> Task:
    return task_of(config, blank_card(config.model, arguments_of(config)))


@pytest.fixture
def batch(config: TrainConfig, task: Task, file: Path) -> Tensors:
    mix = Mix([Part("hands", file)], "all", each_of(config))
    recipe = replace(Recipe(64, config.fit, "none"), targets=task.targets)
    return to_batch(next(Feed(mix, recipe, batch=4, seed=0, workers=0).once()), torch.device("cpu"))


def test_every_task_of_a_net_that_can_be_trained_is_here() -> None:
    assert {*ASKED} == {"hands", *TASKS.values()}


def test_it_is_told_what_there_is(task: Task, batch: Tensors) -> None:
    assert {*task.targets} <= TARGETS.keys()
    assert batch.keys() == {"image", *task.targets}


def test_a_net_takes_its_inputs_and_learns_from_its_loss(config: TrainConfig, task: Task, batch: Tensors) -> None:
    torch.manual_seed(0)
    net = build(blank_card(config.model, arguments_of(config))).train()
    if config.model == "poselift":
        inputs = task.inputs(batch)
        assert inputs[0].shape == (4, 21, 32, 32)
    outputs = net(*task.inputs(batch))
    losses = task.loss(outputs, batch)
    assert all(loss.ndim == 0 and loss > 0 for loss in losses.values())
    torch.stack([*losses.values()]).sum().backward()  # type: ignore[no-untyped-call]
    assert sum(each.grad.abs().sum() for each in net.parameters() if each.grad is not None) > 0


def test_a_perfect_net_scores_perfectly(name: str, task: Task, batch: Tensors) -> None:
    outputs = ASKED[name].perfect(batch)
    task.measure(outputs, batch)
    assert task.scores().values[task.best] > 0.95
    assert sum(task.loss(outputs, batch).values()) < (1e-4 if ASKED[name].is_free else 0.5)


def test_a_net_that_says_nothing_scores_worse(name: str, task: Task, batch: Tensors) -> None:
    outputs = {key: torch.zeros_like(each) for key, each in ASKED[name].perfect(batch).items()}
    task.measure(outputs, batch)
    assert task.scores().values[task.best] < 0.8
    assert sum(task.loss(outputs, batch).values()) > sum(task.loss(ASKED[name].perfect(batch), batch).values())


def test_scores_of_parts_are_those_of_all(name: str, task: Task, batch: Tensors) -> None:
    outputs = {key: each + 0.3 for key, each in ASKED[name].perfect(batch).items()}
    task.measure(outputs, batch)
    whole = task.scores().values
    for at in range(4):
        task.measure(*({key: each[at : at + 1] for key, each in part.items()} for part in (outputs, batch)))
    assert task.scores().values == pytest.approx(whole, nan_ok=True)
    assert np.isnan(task.scores().values[task.best]) or task.scores().values[task.best] == 0


def test_it_draws_each_picture_as_labelled_and_as_found(name: str, task: Task, batch: Tensors) -> None:
    photos = [*(batch["image"][:3] * 255).byte().permute(0, 2, 3, 1).contiguous().numpy()]
    drawn = task.draw(photos, ASKED[name].perfect(batch), batch)
    assert len(drawn) == 6
    assert all(each.dtype == np.uint8 and each.ndim == 3 for each in drawn)
    assert all(np.abs(one.astype(int) - two).mean() < 2 for one, two in zip(drawn[::2], drawn[1::2], strict=True))
