"""The loop: one epoch of training, one look at the validation samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from handseg_cli.config import LoopConfig
from handseg_cli.errors import TrainingError
from handseg_cli.loading.batches import Batch, Feed
from handseg_cli.metrics.scores import Scores
from handseg_cli.tasks.task import Task
from handseg_cli.train.distributed import rank
from handseg_cli.train.optim import follow, set_rate, share_of_rate, to_training
from handseg_cli.train.state import State


@dataclass(frozen=True)
class Loop:
    """What stays the same all through a training."""

    config: LoopConfig
    task: Task
    net: nn.Module  # the model of the state, as it is called: perhaps compiled, or one of several processes'
    device: torch.device
    half: torch.dtype | None  # of the computation; None: float32
    steps: int  # of an epoch


def train_one_epoch(loop: Loop, state: State, feed: Feed) -> Iterator[dict[str, float]]:
    """Make the steps of an epoch that are left, and yield the losses of each: the whole of training is these lines."""
    config, at, parameters = loop.config, state.at, [p for p in state.model.parameters() if p.requires_grad]
    batches = feed.epoch(at.epoch, at.batch)
    for step in range(at.done(loop.steps, config.accumulate), (at.epoch + 1) * loop.steps):
        to_training(state.model, config.freeze)
        torch.manual_seed(chance(config.seed, at.step))
        set_rate(state.optimizer, config.lr * share_of_rate(step, config.epochs * loop.steps, config))
        losses: dict[str, float] = {}
        for number, batch in enumerate(islice(batches, config.accumulate), 1):
            with quiet_until(number == config.accumulate, loop.net), precision(loop):
                told = to_batch(batch, loop.device)
                terms = loop.task.loss(loop.net(*loop.task.inputs(told)), told)
                shares = torch.stack(list(terms.values())) / config.accumulate
            state.scaler.scale(shares.sum()).backward()  # type: ignore[no-untyped-call]
            # Looked at only now, while the GPU is at the gradients.
            losses = {name: losses.get(name, 0.0) + share for name, share in zip(terms, shares.tolist(), strict=True)}
            check(losses, batch, at.epoch)
        state.scaler.unscale_(state.optimizer)
        if config.clip:
            nn.utils.clip_grad_norm_(parameters, config.clip)
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.optimizer.zero_grad(set_to_none=True)
        if state.mean is not state.model:
            follow(state.mean, state.model, config.ema, at.step)
        at.step, at.batch = at.step + 1, at.batch + config.accumulate
        at.sums = {name: at.sums.get(name, 0.0) + loss for name, loss in losses.items()}
        yield losses


@torch.inference_mode()
def validate(loop: Loop, model: nn.Module, feed: Feed) -> Scores:
    """Return the scores of a net over the validation samples."""
    model.eval()
    for batch in feed.once():
        told = to_batch(batch, loop.device)
        with precision(loop):
            outputs = model(*loop.task.inputs(told))
        loop.task.measure(outputs, told)
    return loop.task.scores()


def to_batch(batch: Batch, device: torch.device) -> dict[str, Tensor]:
    """Return the pictures of a batch, 0 to 1, and what is told of them, on the device.

    Bytes travel, floats are made there.
    """
    pixels = batch.image.to(device, non_blocking=True).to(memory_format=torch.channels_last)
    told = {name: value.to(device, non_blocking=True) for name, value in batch.targets.items()}
    return {"image": pixels.float() / 255, **told}


def precision(loop: Loop) -> AbstractContextManager[Any]:
    """Compute in half precision where that was chosen."""
    return torch.autocast(loop.device.type, loop.half) if loop.half else nullcontext()


def quiet_until(last: bool, net: nn.Module) -> AbstractContextManager[Any]:
    """Let several processes share their gradients after the last batch of a step alone."""
    return net.no_sync() if isinstance(net, DistributedDataParallel) and not last else nullcontext()


def chance(seed: int, step: int) -> int:
    """Return the seed of one step of this process, so that what is left to chance needs no past."""
    return (seed * 1_000_003 + step) * 1_009 + rank()


def check(losses: dict[str, float], batch: Batch, epoch: int) -> None:
    """Raise TrainingError where a loss is no number, before it reaches the weights."""
    if not all(abs(loss) < float("inf") for loss in losses.values()):
        named = ", ".join(f"{name} {loss}" for name, loss in losses.items())
        keys = ", ".join(batch.key[:32])
        advice = "look at these samples, or lower --lr; --resume goes on from before"
        raise TrainingError(f"epoch {epoch + 1}: the loss is no number ({named}) for the batch {keys}; {advice}")
