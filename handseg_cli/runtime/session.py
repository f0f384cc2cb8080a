"""What a runtime has to do: photos in, as bytes, named arrays out; and for nets that see no photos, arrays in, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Batch = NDArray[np.uint8]  # (B, H, W, 3) RGB: photos as they are decoded, so nothing is copied or made larger


class Session(Protocol):
    """An opened net. `run` may be called from several threads at once."""

    device: str

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB; "mask" comes out as (B, C, h, w) logits.

        C is 1 for hand, or 2 for background and hand.
        """
        ...


class ArraySession(Protocol):
    """An opened net that sees no photos; `feed` may be called from several threads at once."""

    def feed(self, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
        """Run the net on arrays (B, ...), by the names of what it takes."""
        ...
