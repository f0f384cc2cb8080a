"""What learns, how fast, and what the mean of the weights does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from handseg_cli.config import TrainConfig
from handseg_cli.errors import ConfigError
from handseg_cli.models.lite import Lite
from handseg_cli.train.optim import follow, freeze, make_optimizer, set_rate, share_of_rate, to_training


def settings(**given: Any) -> TrainConfig:
    return TrainConfig(run=Path("run"), **given)


def test_a_frozen_encoder_neither_learns_nor_counts() -> None:
    model = Lite()
    freeze(model, ("encoder",))
    to_training(model, ("encoder",))
    before = {name: value.clone() for name, value in model.state_dict().items() if name.startswith("encoder")}
    optimizer = make_optimizer(model, settings(freeze=("encoder",)))
    model(torch.rand(2, 3, 64, 64))["mask"].mean().backward()
    optimizer.step()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items() if name in before)
    assert any(parameter.grad is not None for parameter in model.head.parameters())


def test_frozen_norms_keep_their_statistics_and_weights() -> None:
    model = Lite()
    freeze(model, ("norms",))
    to_training(model, ("norms",))
    before = {name: value.clone() for name, value in model.named_buffers()}
    model(torch.rand(2, 3, 64, 64))
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    assert model.head[1].weight.requires_grad


def test_a_part_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match="norms, encoder"):
        freeze(Lite(), ("backbone",))


def test_freezing_everything_is_an_error() -> None:
    model = Lite()
    freeze(model, tuple(name for name, _ in model.named_children()))
    with pytest.raises(ConfigError, match="nothing to learn"):
        make_optimizer(model, settings())


def test_the_encoder_has_its_own_rate_and_norms_no_decay() -> None:
    model = Lite()
    optimizer = make_optimizer(model, settings(lr=0.1, encoder_lr=0.5))
    set_rate(optimizer, 0.2)
    rates = {id(p): (group["lr"], group["weight_decay"]) for group in optimizer.param_groups for p in group["params"]}
    assert rates[id(model.get_parameter("encoder.0.0.weight"))] == (0.1, 0.01)
    assert rates[id(model.head[1].weight)] == (0.2, 0.01)
    assert rates[id(model.head[1].bias)] == (0.2, 0.0)
    assert len(rates) == len(list(model.parameters()))


@given(st.sampled_from(("cosine", "poly", "constant")), st.integers(0, 20), st.integers(21, 200))
def test_the_rate_rises_to_its_peak_and_never_again(schedule: str, warmup: int, steps: int) -> None:
    config = settings(schedule=schedule, warmup=warmup)
    shares = [share_of_rate(step, steps, config) for step in range(steps)]
    assert all(0 < share <= 1 for share in shares)
    assert shares[:warmup] == sorted(shares[:warmup])
    assert shares[warmup] == 1
    assert shares[warmup:] == sorted(shares[warmup:], reverse=True)


def test_the_rate_drops_to_a_tenth_after_each_share_of_the_training() -> None:
    config = settings(schedule="steps", drops=(0.5, 0.75), warmup=0)
    shares = [share_of_rate(step, 40_000, config) for step in (0, 19_999, 20_000, 29_999, 30_000, 39_999)]
    assert shares == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_the_mean_follows_the_net_and_ends_between_old_and_new() -> None:
    mean, model = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    nn.init.constant_(model.weight, 3.0)
    model.get_buffer("num_batches_tracked").add_(7)
    follow(mean, model, keep=0.9, step=10_000)
    assert torch.allclose(mean.weight, torch.tensor(1.2))
    assert mean.num_batches_tracked == 7
    follow(mean, model, keep=0.9, step=0)  # what began untrained is left at once
    assert torch.equal(mean.weight, model.weight)
