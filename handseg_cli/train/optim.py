"""What follows the gradients: groups of parameters, the learning rate of each step, and the running mean of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from handseg_cli.config import LoopConfig
from handseg_cli.errors import ConfigError

# Under these names our nets keep what was trained before on something else.
ENCODERS = ("encoder.", "backbone.")
NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)


def freeze(model: nn.Module, parts: Sequence[str]) -> None:
    """Keep the parts of a net whose names begin so from learning; "norms": all norms. ConfigError if there is none."""
    for part in parts:
        frozen = [module for name, module in model.named_modules() if is_frozen(name, module, (part,))]
        if not frozen:
            known = ", ".join(name for name, _ in model.named_children())
            raise ConfigError(f"--freeze {part}: the net has no such part; there are norms, {known}")
        for module in frozen:
            module.requires_grad_(False)


def is_frozen(name: str, module: nn.Module, parts: Sequence[str]) -> bool:
    """Tell whether a module of the net is among the frozen parts."""
    return any(f"{name}.".startswith(f"{part}.") or (part == "norms" and isinstance(module, NORMS)) for part in parts)


def to_training(model: nn.Module, parts: Sequence[str]) -> None:
    """Set a net to training, its frozen parts as they will be used: their norms must not follow the batches."""
    model.train()
    for name, module in model.named_modules():
        if is_frozen(name, module, parts):
            module.train(False)


def make_optimizer(model: nn.Module, config: LoopConfig) -> torch.optim.Optimizer:
    """Return the optimizer over all that learns: the encoder at its own rate, norms and biases without decay."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            scale = config.encoder_lr if name.startswith(ENCODERS) else 1.0
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((scale, decay), []).append(parameter)
    if not groups:
        raise ConfigError("--freeze leaves nothing to learn; name fewer parts")
    listed: list[dict[str, Any]] = [
        {"params": parameters, "lr": config.lr * scale, "scale": scale, "weight_decay": decay}
        for (scale, decay), parameters in groups.items()
    ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(listed, lr=config.lr, momentum=0.9, nesterov=True)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(listed, lr=config.lr)


def share_of_rate(step: int, steps: int, config: LoopConfig) -> float:
    """Return the share of the peak rate for a step, counted from 0, of so many."""
    if step < config.warmup:
        return (step + 1) / (config.warmup + 1)
    done = (step - config.warmup) / max(1, steps - config.warmup)
    if config.schedule == "steps":
        return float(0.1 ** sum(step >= round(drop * steps) for drop in config.drops))
    if config.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return float((1 - min(1.0, done)) ** 0.9) if config.schedule == "poly" else 1.0


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every group, by its own scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


@torch.no_grad()
def follow(mean: nn.Module, model: nn.Module, keep: float, step: int) -> None:
    """Move the running mean towards the net; at first in larger steps, as it began with what was untrained."""
    share = 1 - min(keep, step / (step + 20))
    slow, fast = mean.state_dict(), model.state_dict()
    floats = [name for name, value in slow.items() if value.is_floating_point()]
    torch._foreach_lerp_([slow[name] for name in floats], [fast[name] for name in floats], share)
    for name in slow.keys() - set(floats):
        slow[name].copy_(fast[name])


def length(gradients: Sequence[Tensor]) -> Tensor:
    """Return the length of all gradients as one vector."""
    return torch.nn.utils.get_total_norm(gradients)
