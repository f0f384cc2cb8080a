"""The task of hand masks measures what it should."""

from __future__ import annotations

import pytest
import torch

from handseg_cli.tasks.hands import Hands
from handseg_cli.tasks.task import Batch, Outputs

LABELS = torch.zeros(3, 8, 8, dtype=torch.uint8)
LABELS[0, :4] = 1
LABELS[1, :, :2] = 1


def measured(logits: torch.Tensor, labels: torch.Tensor = LABELS, threshold: float = 0.5) -> dict[str, float]:
    task = Hands({"bce": 1.0}, threshold)
    for at in range(len(labels)):  # one by one, as batches are cut anyhow
        task.measure({"mask": logits[at : at + 1]}, {"mask": labels[at : at + 1]})
    return dict(task.scores().values)


def test_a_perfect_net_scores_perfectly() -> None:
    scores = measured((LABELS == 1).float()[:, None] - 0.5)
    assert scores["iou"] == scores["pooled_iou"] == scores["dice"] == 1
    assert scores["photos"] == 3


def test_the_first_systems_score_of_a_photo_without_hands_is_a_half() -> None:
    assert measured((LABELS == 1).float()[:, None] - 0.5)["seed_miou"] == pytest.approx((1 + 1 + 0.5) / 3)


def test_means_are_over_photos_and_pooled_is_over_pixels() -> None:
    found = LABELS.clone()
    found[0, 2:] = 0  # half of the first hand
    scores = measured((found == 1).float()[:, None] - 0.5)
    assert scores["iou"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert scores["pooled_iou"] == pytest.approx((16 + 16) / (32 + 16))


def test_what_nobody_has_judged_is_not_counted() -> None:
    labels = LABELS.clone()
    labels[:, :, 4:] = 255
    everywhere = torch.ones(3, 1, 8, 8)
    assert measured(everywhere, labels)["precision"] == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_a_higher_threshold_finds_less() -> None:
    logits = torch.full((3, 1, 8, 8), 0.5)  # a probability of 0.62
    assert measured(logits, threshold=0.6)["recall"] > measured(logits, threshold=0.7)["recall"]


def test_scores_begin_anew() -> None:
    task = Hands({"bce": 1.0})
    task.measure({"mask": torch.zeros(3, 1, 8, 8)}, {"mask": LABELS})
    task.scores()
    assert task.scores()["photos"] == 0


def test_each_term_has_its_weight() -> None:
    batch = {"mask": LABELS}
    outputs = {"mask": torch.zeros(3, 1, 2, 2)}
    one = Hands({"bce": 1.0, "dice": 1.0}).loss(outputs, batch)
    half = Hands({"bce": 1.0, "dice": 0.5}).loss(outputs, batch)
    assert half["dice"] == pytest.approx(one["dice"].item() / 2)
    assert half["bce"] == one["bce"]


TERMS = {"bce": 1.0, "arm": 0.5, "side": 0.25}


def told() -> Batch:
    """Return labels of three photos: two know arms, and two of which side their hand is."""
    arm = torch.zeros_like(LABELS)
    arm[0, 4:], arm[1] = 1, 255
    side = torch.full_like(LABELS, 255)
    side[0, :4], side[1, :, :2] = 0, 1
    return {"mask": LABELS, "arm": arm, "side": side}


def perfect(batch: Batch) -> Outputs:
    return {name: 20 * (labels == 1).float()[:, None] - 10 for name, labels in batch.items()}


def scored(outputs: Outputs, batch: Batch) -> dict[str, float]:
    task = Hands(TERMS)
    task.measure(outputs, batch)
    return dict(task.scores().values)


def test_a_net_that_is_right_about_arms_and_sides_scores_perfectly_and_loses_nothing() -> None:
    scores = scored(perfect(told()), told())
    assert (scores["arm_iou"], scores["side_accuracy"], scores["overall"]) == (1, 1, 1)
    assert sum(Hands(TERMS).loss(perfect(told()), told()).values()) < 1e-3


def test_arms_and_sides_are_means_over_the_photos_that_know_them() -> None:
    outputs = perfect(told())
    outputs["arm"][0, :, 6:] *= -1  # half of the one arm is missed; the third photo has none
    outputs["side"][1] *= -1
    scores = scored(outputs, told())
    assert scores["arm_iou"] == pytest.approx((0.5 + 1) / 2)
    assert scores["side_accuracy"] == 0.5
    assert scores["overall"] == pytest.approx((1 + 0.75 + 0.5) / 3)


def test_what_no_photo_knows_has_no_score() -> None:
    batch = told() | {"arm": torch.full_like(LABELS, 255), "side": torch.full_like(LABELS, 255)}
    scores = scored(perfect(told()), batch)
    assert not {"arm_iou", "side_accuracy"} & scores.keys()
    assert scores["overall"] == scores["iou"] == 1


def test_the_best_net_is_judged_by_all_that_it_tells() -> None:
    assert Hands({"bce": 1.0}).best == "iou"
    assert Hands(TERMS).best == "overall"
    assert "overall" not in measured(torch.zeros(3, 1, 8, 8))


def test_a_mirrored_photo_costs_what_it_did_where_the_net_is_mirrored_too() -> None:
    batch = told()
    chance = torch.Generator().manual_seed(0)
    outputs = {name: torch.randn(3, 1, 8, 8, generator=chance) for name in batch}
    turned = {name: labels.flip(2) for name, labels in batch.items()}
    turned["side"] = torch.where(turned["side"] == 255, turned["side"], 1 - turned["side"])
    mirrored = {name: (-logits if name == "side" else logits).flip(3) for name, logits in outputs.items()}
    before, after = (Hands(TERMS).loss(*each) for each in ((outputs, batch), (mirrored, turned)))
    assert {name: pytest.approx(loss.item()) for name, loss in before.items()} == after
