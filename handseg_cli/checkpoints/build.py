"""A model from its card: the registry knows the class, the card knows the arguments."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from handseg_cli import registry
from handseg_cli.errors import CheckpointError


def build(card: dict[str, Any]) -> nn.Module:
    """Build the untrained model that a card names under "model", with the card's "arguments"."""
    name, arguments = card.get("model"), card.get("arguments", {})
    if not isinstance(name, str) or name not in registry.MODELS or not isinstance(arguments, dict):
        known = ", ".join(registry.MODELS)
        raise CheckpointError(f"the model {name!r} with {arguments!r} is unknown to this version; it knows: {known}")
    model_class = cast(type[nn.Module], registry.resolve(registry.MODELS[name]))
    try:
        return model_class(**arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"the model {name} cannot be built with {arguments}: {error}") from error
