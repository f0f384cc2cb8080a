"""Two hands are learned by five terms, and judged in space by the depths of their true wrists."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from handseg_cli.loading.geometry import carried
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.pairs import pair_fitted, square_of
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS, bare
from handseg_cli.pose.pairs import PARTS, seen, window_matrix
from handseg_cli.sample import Sample
from handseg_cli.tasks.digit_losses import WEIGHTS
from handseg_cli.tasks.hands3d import Hands3d
from tests.tiny import two_hands

Batch = dict[str, Tensor]
SIZE, GRID = 64, 16


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Return two hands, a right one, a left one, and two more."""
    path = tmp_path_factory.mktemp("hands") / "hands.h5"
    two_hands.build(path, count=4)
    mix = Mix([Part("a", path)], "all", "pair")
    return [bare(mix[at], Hands3d(WEIGHTS).targets, PARTS) for at in range(4)]


@pytest.fixture
def task() -> Hands3d:
    return Hands3d(WEIGHTS)


def batch_of(pictures: list[Sample]) -> Batch:
    arrays = {name: np.stack([TARGETS[name].array(each) for each in pictures]) for name in Hands3d(WEIGHTS).targets}
    images = np.stack([each.image.transpose(2, 0, 1) for each in pictures])
    return {"image": torch.from_numpy(images) / 255} | {name: torch.from_numpy(each) for name, each in arrays.items()}


@pytest.fixture
def batch(samples: list[Sample]) -> Batch:
    return batch_of([pair_fitted(sample, Recipe(SIZE, "pair", "none")) for sample in samples])


def perfect(batch: Batch) -> Batch:
    """Return what a net would say that knows everything."""
    return {
        "joints": batch["grid_joints"].clone(),
        "root_depth": batch["root_depth"].clone(),
        "handedness": batch["handedness"] * 40 - 20,
        "parts": one_hot(batch["parts"].long(), 33).permute(0, 3, 1, 2) * 40.0,
    }


def noisy(batch: Batch) -> Batch:
    rng = torch.Generator().manual_seed(0)
    return {name: each + torch.randn(each.shape, generator=rng) for name, each in perfect(batch).items()}


def scores(task: Hands3d, outputs: Batch, batch: Batch) -> dict[str, float]:
    task.measure(outputs, batch)
    return dict(task.scores().values)


def test_a_perfect_net_has_no_errors(task: Hands3d, batch: Batch) -> None:
    assert sum(task.loss(perfect(batch), batch).values()) < 1e-4
    found = scores(task, perfect(batch), batch)
    assert found["mpjpe_all"] < 1e-3
    assert found["mpjpe_sh"] < 1e-3
    assert found["mrrpe"] < 1e-3
    assert found["handness_acc"] == found["part_iou"] == 1
    assert found["photos"] == 4
    assert task.best in found


def test_terms_have_their_weights_and_their_names(batch: Batch) -> None:
    outputs = noisy(batch) | {"parts": torch.randn(4, 33, SIZE // 2, SIZE // 2)}
    plain = Hands3d(dict.fromkeys(WEIGHTS, 1.0)).loss(outputs, batch)
    weighted = Hands3d(WEIGHTS).loss(outputs, batch)
    assert {name: (weighted[name] / plain[name]).item() for name in plain} == pytest.approx(WEIGHTS)


def test_a_term_that_is_not_asked_for_needs_no_labels(batch: Batch) -> None:
    task = Hands3d({"joints": 1.0})
    assert not {"parts", "parts_valid", "root_depth"} & {*task.targets}
    told = {name: each for name, each in batch.items() if name in ("image", *task.targets)}
    assert task.loss(noisy(batch), told).keys() == {"joints"}
    found = scores(task, noisy(batch), told)
    assert "part_iou" not in found
    assert found["mrrpe"] > 0


def test_in_a_mirror_all_is_the_same(task: Hands3d, samples: list[Sample], batch: Batch) -> None:
    flip, pictures = np.array([[-1.0, 0, SIZE], [0, 1, 0], [0, 0, 1]]), []
    for sample in samples:
        matrix = flip @ window_matrix(square_of(sample), SIZE)
        pictures.append(carried(sample, seen(sample.image, matrix, SIZE), matrix, PARTS))
    other, outputs = batch_of(pictures), noisy(batch)
    said = {
        "joints": outputs["joints"].roll(21, 1) * torch.tensor([-1.0, 1, 1]) + torch.tensor([GRID, 0, 0]),
        "root_depth": 64 - outputs["root_depth"],
        "handedness": outputs["handedness"].flip(1),
        "parts": outputs["parts"],
    }
    names = ("joints", "root_depth", "handedness", "bones")
    terms = Hands3d({name: WEIGHTS[name] for name in names})
    one, two = terms.loss(outputs, batch), terms.loss(said, other)
    assert {name: two[name].item() for name in names} == pytest.approx({name: one[name].item() for name in names}, 1e-4)
    before, after = scores(terms, outputs, batch), scores(terms, said, other)
    # The way between the wrists is told from the right one, which is the other one now.
    for name in ("mrrpe", "part_iou"):
        del before[name], after[name]
    assert after == pytest.approx(before, rel=1e-4)


def test_a_millimetre_between_the_wrists_is_a_millimetre(task: Hands3d, batch: Batch) -> None:
    outputs = perfect(batch)
    outputs["root_depth"] += 64 / 400 * 10
    found = scores(task, outputs, batch)
    assert found["mpjpe_all"] < 1e-3
    # A wrist that is 10 mm too far is so along its ray.
    assert 10 <= found["mrrpe"] < 10.6


def test_joints_count_wherever_the_window_is(task: Hands3d, batch: Batch) -> None:
    outputs = perfect(batch)
    assert batch["known"][1, 4]
    batch["grid_valid"][1, 4] = False
    outputs["joints"][1, 4] = 0
    assert scores(task, outputs, batch)["mpjpe_all"] > 1


def test_joints_that_nobody_knows_cost_nothing_and_spoil_nothing(task: Hands3d, batch: Batch) -> None:
    # The second photo shows no left hand.
    assert batch["joints"][1, 21:].isnan().all()
    outputs = noisy(batch)
    other = {name: each.clone() for name, each in outputs.items()}
    other["joints"][1, 21:], other["root_depth"][1] = 1e6, 1e6
    assert task.loss(other, batch) == task.loss(outputs, batch)
    known = scores(task, outputs, batch)
    assert scores(task, other, batch) == known
    assert all(map(math.isfinite, known.values()))


def test_nothing_valid_has_a_loss_and_gradients_of_nothing(task: Hands3d, batch: Batch) -> None:
    for name in ("grid_valid", "root_valid", "handedness_valid", "parts_valid"):
        batch[name] = torch.zeros_like(batch[name])
    outputs = {name: each.requires_grad_() for name, each in noisy(batch).items()}
    loss = torch.stack([*task.loss(outputs, batch).values()]).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss == 0
    assert all(each.grad is not None and not each.grad.any() for each in outputs.values())


def test_losses_are_means_over_all_that_might_be_valid(task: Hands3d, batch: Batch) -> None:
    outputs, fewer = noisy(batch), dict(batch)
    fewer["grid_valid"] = batch["grid_valid"] & (torch.arange(42) % 2 == 0)
    assert task.loss(outputs, fewer)["joints"] < 0.7 * task.loss(outputs, batch)["joints"]


@pytest.mark.parametrize("at", range(4))
def test_a_batch_may_be_of_one(task: Hands3d, batch: Batch, at: int) -> None:
    one = {name: each[at : at + 1] for name, each in batch.items()}
    found = scores(task, noisy(one), one)
    # A subset in which a joint, or two hands, never occur has all other figures.
    assert math.isfinite(found["mpjpe_all"])
    assert math.isnan(found["mrrpe"]) == (at in (1, 2))
    photo = (one["image"][0] * 255).byte().permute(1, 2, 0).contiguous().numpy()
    assert len(task.draw([photo], noisy(one), one)) == 2


def test_photos_without_parts_are_left_out_of_their_score(task: Hands3d, samples: list[Sample]) -> None:
    recipe = Recipe(SIZE, "pair", "none")
    batch = batch_of([pair_fitted(samples[0], recipe), pair_fitted(replace(samples[1], parts=None), recipe)])
    assert scores(task, perfect(batch), batch)["part_iou"] == 1


def test_nothing_measured_is_not_known(task: Hands3d) -> None:
    found = task.scores().values
    assert math.isnan(found[task.best])
    assert found["photos"] == 0


def test_it_is_told_which_dataset_tells_of_parts(tmp_path: Path) -> None:
    two_hands.build(tmp_path / "a.h5", count=3)
    reader = Mix([Part("a", tmp_path / "a.h5")], "all", "pair").readers[0]
    assert all(TARGETS[name].told(reader) for name in Hands3d(WEIGHTS).targets)
