"""The task of hand masks measures what it should."""

from __future__ import annotations

import pytest
import torch

from handseg_cli.tasks.hands import Hands

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
