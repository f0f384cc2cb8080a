"""Masks of the hands in photos.

In Python, without files:

    from handseg_cli import load

    predictor = load()                # the embedded model on the CPU
    prediction = predictor(image)     # image: (H, W, 3) uint8 RGB
    prediction.mask                   # (H, W) uint8, 255 on hands
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handseg_cli.api import load
    from handseg_cli.predict.predictor import Predictor

__version__ = "0.1.0"
__all__ = ["Predictor", "__version__", "load"]

# Imported on first use: every import of a submodule passes through here, and `handseg --help` needs neither.
LAZY = {"load": "handseg_cli.api", "Predictor": "handseg_cli.predict.predictor"}


def __getattr__(name: str) -> object:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(LAZY[name]), name)
