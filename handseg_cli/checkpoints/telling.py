"""Weights of `lite` for telling more, or less, of each pixel than they did: what a training may ask of others' work."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

LAST = "head.1"  # the layer that has one output for each thing it tells


def retold(tensors: dict[str, Tensor], before: Sequence[str], after: Sequence[str]) -> dict[str, Tensor]:
    """Return weights for telling other things than before; what is new begins as in any untrained net."""
    last = nn.Conv2d(tensors[f"{LAST}.weight"].shape[1], len(after), 1).state_dict()
    for part, values in last.items():
        for place, name in enumerate(after):
            if name in before:
                values[place] = tensors[f"{LAST}.{part}"][before.index(name)]
    return tensors | {f"{LAST}.{part}": values for part, values in last.items()}


def changes(before: Sequence[str], after: Sequence[str]) -> str:
    """Say what begins anew, and what is lost."""
    new = [f"{name} begins untrained" for name in after if name not in before]
    lost = [f"{name} is no longer told" for name in before if name not in after]
    return ", ".join(new + lost)
