"""The one thing a runtime has to do: photos in, as bytes, named arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.uint8]  # (B, H, W, 3) RGB: photos as they are decoded, so nothing is copied or made larger


class Session(Protocol):
    """An opened net. `run` may be called from several threads at once."""

    device: str

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB; "mask" comes out as (B, C, h, w) logits.

        C is 1 for hand, or 2 for background and hand.
        """
        ...
