"""Score maps of joints as tensors: what the third system's keypoint net is to say, and its lifting net sees."""

from __future__ import annotations

import torch
from torch import Tensor

from handseg_cli.pose.score_maps import SIGMA
from handseg_cli.pose.window import SIZE


def score_maps(points: Tensor, judged: Tensor, size: int, pool: int = 1) -> Tensor:
    """Return the maps (B, J, size / pool, size / pool) of points (B, J, 2) in windows of `size` pixels.

    As `pose.score_maps.targets` has them: zeros of those that are not `judged` (B, J), means of pool x pool squares.
    """
    places = torch.where(judged[..., None], points.float(), 0.0)
    pixels = torch.arange(size, device=points.device)
    profiles = torch.exp(-(((pixels - places[..., None]) / (SIGMA * size / SIZE)) ** 2))
    across, down = profiles.reshape(*places.shape, size // pool, pool).mean(-1).unbind(2)
    across = across * judged[..., None]
    maps: Tensor = down[..., None] * across[..., None, :]
    return maps
