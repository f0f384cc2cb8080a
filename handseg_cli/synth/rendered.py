"""What a rendered scene tells: a sample like any other, and what no photo's label tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handseg_cli.sample import Mask, Sample


@dataclass(frozen=True)
class Rendered:
    """A sample of a synthetic scene, (H, W), with 42 joints: those of the left hand, then of the right.

    In the sample: joints are in RHD's order (wrist, then each finger from its tip to the palm) and in the camera's
    frame, NaN of a hand that is not in the scene; `valid` tells which lie inside the picture; parts are numbered as
    in `labels`, which begins with RHD's. Where the lens bends lines, points follow it, and the camera is true for the
    picture's middle alone.
    """

    sample: Sample
    depth: NDArray[np.float32]  # (H, W) mm along the camera's axis, inf where there is nothing
    digit: Mask  # (H, W) the 32 parts as DIGIT numbers them, 0 elsewhere
    visible: NDArray[np.bool_]  # (42,) which joints nothing hides
    style: str
