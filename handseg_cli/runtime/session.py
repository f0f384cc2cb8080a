"""The one thing a runtime has to do: a float batch in, named arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.float32]  # (B, 3, H, W) RGB, 0 to 1


class Session(Protocol):
    """An opened net. `run` may be called from several threads at once."""

    device: str

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, 3, H, W) float32 RGB, 0 to 1; "mask" comes out as (B, 1, h, w) logits."""
        ...
