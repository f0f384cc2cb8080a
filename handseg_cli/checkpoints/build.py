"""A model from its card: the registry knows the class, the card knows the arguments."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from handseg_cli import registry
from handseg_cli.errors import CheckpointError

# At which size a net sees a photo, if nobody trains it for another: pixels of a side, what sides are multiples of, and
# how photos are fitted. `deeplab` as the first system has it; `unet` at half of 1918 x 1280, as the second.
# `handsegnet` at 320 x 240, as the third system; its `posenet` at the square about a hand, and of this has `poselift`
# the score maps. `handpose` at a smaller one.
SEEN = {
    "lite": (384, 32, "area"),
    "deeplab": (256, 8, "squash"),
    "unet": (784, 16, "area"),
    "handsegnet": (280, 8, "area"),
    "posenet": (256, 8, "squash"),
    "poselift": (256, 8, "squash"),
    "handpose": (128, 32, "squash"),
    "digit": (256, 32, "squash"),
}
# What a net is asked, if not which pixels are hands.
TASKS = {"posenet": "keypoints", "poselift": "lifting", "handpose": "pose", "digit": "hands3d"}


def blank_card(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the card of a model of which no more is known."""
    size, stride, fit = SEEN[name]
    return {
        "model": name,
        "arguments": arguments,
        "task": TASKS.get(name, "hands"),
        "classes": ["hand"],
        "size": size,
        "stride": stride,
        "fit": fit,
    }


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
