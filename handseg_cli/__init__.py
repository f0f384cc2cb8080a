"""Masks of the hands in photos.

In Python, without files:

    from handseg_cli import load

    predictor = load()                # the embedded model on the CPU
    prediction = predictor(image)     # image: (H, W, 3) uint8 RGB
    prediction.mask                   # (H, W) uint8, 255 on hands

    poses = load_poses()(image).poses # of each hand `points` (21, 2) in pixels and `joints` (21, 3) in mm
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handseg_cli.api import load
    from handseg_cli.predict.pose_nets import load_poses
    from handseg_cli.predict.poses import PosePredictor
    from handseg_cli.predict.predictor import Predictor

__version__ = "0.1.0"
__all__ = ["PosePredictor", "Predictor", "__version__", "load", "load_poses"]

# Imported on first use: every import of a submodule passes through here, and `handseg --help` needs neither.
LAZY = {
    "load": "handseg_cli.api",
    "load_poses": "handseg_cli.predict.pose_nets",
    "PosePredictor": "handseg_cli.predict.poses",
    "Predictor": "handseg_cli.predict.predictor",
}


def __getattr__(name: str) -> object:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(LAZY[name]), name)
