"""The five losses of DIGIT equal what a loop over all numbers makes of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from handseg_cli.tasks import digit_losses
from handseg_cli.tasks.digit_losses import WEIGHTS, bones, handedness, joints, parts, root_depth

Floats = NDArray[np.float64]


class Labelled(NamedTuple):
    """What was found of three photos, what is true and what of that is valid."""

    found: Tensor
    true: Tensor
    valid: Tensor


def labelled(*shape: int, valid: tuple[int, ...]) -> Labelled:
    rng = torch.Generator().manual_seed(len(shape) + shape[-1])
    found, true = (torch.rand(3, *shape, generator=rng) * 64 for _ in range(2))
    return Labelled(found, true, torch.rand(3, *valid, generator=rng) < 0.6)


JOINTS = labelled(42, 3, valid=(42,))


def numbers(one: Labelled) -> tuple[Floats, Floats, Floats]:
    found, true, valid = (each.double().numpy() for each in one)
    return found, true, valid


def test_joints() -> None:
    found, true, valid = numbers(JOINTS)
    wanted = sum(valid[b, j] * abs(found[b, j, k] - true[b, j, k]) for b, j, k in np.ndindex(3, 42, 3)) / (3 * 42 * 3)
    assert joints(*JOINTS).item() == pytest.approx(wanted, rel=1e-5)


def test_bones() -> None:
    found, true, valid = numbers(JOINTS)
    wanted = 0.0
    for hand, joint, b, k in np.ndindex(2, 20, 3, 3):
        child = 21 * hand + joint
        parent = 21 * hand + 20 if joint in (3, 7, 11, 15, 19) else child + 1
        ours, theirs = (each[b, child, k] - each[b, parent, k] for each in (found, true))
        wanted += valid[b, child] * valid[b, parent] * (ours - theirs) ** 2 / (3 * 20 * 3)
    assert bones(*JOINTS).item() == pytest.approx(wanted, rel=1e-5)


def test_bones_do_not_ask_where_a_hand_is() -> None:
    moved = JOINTS.true + torch.tensor([3.0, -2.0, 1.0])
    assert bones(moved, JOINTS.true, JOINTS.valid).item() == pytest.approx(0, abs=1e-6)


def test_the_depth_between_the_wrists() -> None:
    one = labelled(1, valid=(1,))
    found, true, valid = numbers(one)
    wanted = sum(valid[b, 0] * abs(found[b, 0] - true[b, 0]) for b in range(3)) / 3
    assert root_depth(*one).item() == pytest.approx(wanted, rel=1e-5)


def test_handedness() -> None:
    logits, true, valid = torch.randn(3, 2), torch.tensor([[1, 0], [1, 1], [0, 1]]), torch.tensor([1, 0, 1])
    wanted = 0.0
    for b, side in np.ndindex(3, 2):
        share = 1 / (1 + math.exp(-logits[b, side].item()))
        wanted -= valid[b].item() * math.log(share if true[b, side] else 1 - share) / (3 * 2)
    assert handedness(logits, true, valid).item() == pytest.approx(wanted, rel=1e-5)


def test_parts() -> None:
    logits, valid = torch.randn(3, 33, 4, 5), torch.tensor([True, False, True])
    labels = torch.randint(0, 33, (3, 4, 5), dtype=torch.uint8)
    wanted = 0.0
    for b, row, column in np.ndindex(3, 4, 5):
        shares = np.exp(logits[b, :, row, column].double().numpy())
        wanted -= valid[b].item() * math.log(shares[labels[b, row, column]] / shares.sum()) / (3 * 4 * 5)
    assert parts(logits, labels, valid).item() == pytest.approx(wanted, rel=1e-5)


def test_each_has_a_weight() -> None:
    assert WEIGHTS == {"joints": 1, "root_depth": 1, "handedness": 1, "parts": 10, "bones": 0.1}
    assert all(callable(getattr(digit_losses, name)) for name in WEIGHTS)


def test_nothing_valid_costs_nothing_and_teaches_nothing() -> None:
    found = JOINTS.found.clone().requires_grad_()
    loss = joints(found, JOINTS.true, torch.zeros(3, 42)) + bones(found, JOINTS.true, torch.zeros(3, 42))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert found.grad is not None
    assert not found.grad.any()


def test_half_precision_is_reckoned_in_full() -> None:
    found = torch.full((1, 42, 3), 60000.0).half()
    assert joints(found, torch.zeros(1, 42, 3), torch.ones(1, 42)).item() == pytest.approx(60000, rel=1e-3)
    assert math.isfinite(bones(-found, found.float() * torch.rand(1, 42, 3), torch.ones(1, 42)).item())
