"""U-Net weights of others: the second system's and those of the repository it comes from, for `unet`."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.errors import CheckpointError

# Such as inc.conv.conv.0.weight, down1.mpconv.1.conv.0.bias or, later, down1.maxpool_conv.1.double_conv.0.weight.
BLOCK = re.compile(r"(inc|down|up)([1-4]?)\.(?:mpconv\.1\.|maxpool_conv\.1\.)?(?:conv\.|double_conv\.)+([0134])\.(\w+)")


def recognises(tensors: dict[str, Tensor]) -> bool:
    """Tell whether weights are those of such a U-Net, by their names."""
    return "outc.conv.weight" in tensors and any(name.startswith("inc.") for name in tensors)


def converted(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights by our names, and their card."""
    if any(re.match(r"up[1-4]\.up\.", name) for name in tensors):
        raise CheckpointError("its U-Net widens maps by transposed convolutions; only those that interpolate are known")
    ours = {renamed(name): each for name, each in tensors.items()}
    # Newer versions leave out what the norm behind a convolution would take away again.
    for name, each in list(ours.items()):
        if re.search(r"\.[03]\.weight$", name):
            ours.setdefault(name.replace("weight", "bias"), each.new_zeros(each.shape[:1]))
    return ours, blank_card("unet", {})


def renamed(name: str) -> str:
    """Return our name of one of their weights."""
    if name.startswith("outc.conv."):
        return name.replace("outc.conv.", "head.")
    found = BLOCK.fullmatch(name)
    if found is None:
        raise CheckpointError(f"its U-Net has a part of another kind, {name}")
    kind, level, layer, leaf = found.groups()
    place = {"inc": 0, "down": int(level or 0), "up": int(level or 0) - 1}[kind]
    return f"{'decoder' if kind == 'up' else 'encoder'}.{place}.{layer}.{leaf}"
