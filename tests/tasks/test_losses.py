"""Losses know what is hand, what is not and what nobody has judged."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from handseg_cli.config.train import LOSS_NAMES, TOLD_NAMES
from handseg_cli.tasks.losses import LOSSES, at_size, bce, boundary, dice, hand, told

LABELS = torch.zeros(2, 16, 16, dtype=torch.uint8)
LABELS[0, 4:12, 4:12] = 1


def logits_of(labels: Tensor, sure: float = 12.0, channels: int = 1) -> Tensor:
    """Return the logits of a net that is right everywhere."""
    logit = (labels == 1).float()[:, None] * 2 * sure - sure
    return logit if channels == 1 else torch.cat((-logit, logit), 1)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_right_costs_nothing_and_what_is_wrong_costs_more(name: str, channels: int) -> None:
    right, wrong = logits_of(LABELS, channels=channels), logits_of(1 - LABELS, channels=channels)
    assert LOSSES[name](right, LABELS) < 1e-3
    assert LOSSES[name](wrong, LABELS) > 0.4


@pytest.mark.parametrize("name", LOSSES)
def test_what_nobody_has_judged_costs_nothing(name: str) -> None:
    labels = LABELS.clone()
    labels[:, :, 8:] = 255
    right = logits_of(LABELS)
    wrong_there = torch.where(torch.arange(16) >= 8, -right, right)
    assert torch.allclose(LOSSES[name](right, labels), LOSSES[name](wrong_there, labels), atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_photo_without_judged_pixels_has_a_finite_loss_and_gradient(name: str) -> None:
    logits = torch.zeros(1, 1, 8, 8, requires_grad=True)
    loss = LOSSES[name](logits, torch.full((1, 8, 8), 255, dtype=torch.uint8))
    loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_undecided_logits_cost_the_logarithm_of_two() -> None:
    assert bce(torch.zeros(2, 2, 16, 16), LABELS).item() == pytest.approx(math.log(2))


def test_two_channels_cost_as_the_first_system_reckons() -> None:
    logits = torch.randn(2, 2, 16, 16, generator=torch.Generator().manual_seed(0))
    one_hot = torch.stack((LABELS != 1, LABELS == 1), 1).float()
    wanted = -(one_hot * logits.sigmoid().log() + (1 - one_hot) * (1 - logits.sigmoid()).log()).mean()
    assert torch.allclose(bce(logits, LABELS), wanted, atol=1e-6)


def test_dice_is_one_less_the_overlap() -> None:
    found = torch.zeros_like(LABELS)
    found[0, 4:12, 4:8] = 1  # half of the hand: dice 2 * 32 / (64 + 32), and a photo without hands that is right
    wanted = (1 - (2 * 32 + 1) / (96 + 1)) / 2
    assert dice(logits_of(found, sure=30), LABELS).item() == pytest.approx(wanted, abs=1e-4)


def test_the_boundary_loss_sees_outlines_alone() -> None:
    labels = torch.zeros(1, 64, 64, dtype=torch.uint8)
    labels[:, 20:44, 20:44] = 1
    far, near = logits_of(labels), logits_of(labels)
    far[..., :8, :] *= -1
    near[..., 18:22, 20:44] *= -1
    assert boundary(far, labels) == boundary(logits_of(labels), labels)
    assert boundary(near, labels) > 0.5


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_costs_the_mean_of_its_parts(name: str) -> None:
    chance = torch.Generator().manual_seed(2)
    logits = torch.randn(4, 2, 16, 16, generator=chance)
    labels = torch.tensor([0, 1, 255], dtype=torch.uint8)[torch.randint(3, (4, 16, 16), generator=chance)]
    labels[1, 5:] = 255
    parts = [LOSSES[name](logits[at : at + 2], labels[at : at + 2]) for at in (0, 2)]
    assert torch.allclose(LOSSES[name](logits, labels), (parts[0] + parts[1]) / 2)


def test_the_hand_of_two_channels_is_what_a_softmax_says() -> None:
    logits = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(hand(logits).sigmoid(), logits.softmax(1)[:, 1])


def test_logits_come_to_the_size_of_the_labels_in_full_precision() -> None:
    made = at_size(torch.zeros(1, 1, 4, 4, dtype=torch.bfloat16), torch.Size((16, 12)))
    assert made.shape == (1, 1, 16, 12)
    assert made.dtype == torch.float32


def test_the_command_line_knows_every_loss() -> None:
    assert {*LOSS_NAMES, *TOLD_NAMES} == set(LOSSES)


def test_photos_that_know_nothing_do_not_thin_out_what_others_know() -> None:
    logits = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(3))
    labels = torch.cat((LABELS, torch.full((1, 16, 16), 255, dtype=torch.uint8)))
    assert torch.allclose(told(logits, labels), told(logits[:2], labels[:2]))
    assert told(logits[:2], labels[:2]) == bce(logits[:2], labels[:2])
