"""Reads one photo with two hands and all its labels out of a small RHD or InterHand2.6M."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.interhand import InterHand
from handseg_cli.datasets.rhd import Rhd
from handseg_cli.sample import Image, Sample
from tests.tiny import interhand, rhd


class Labelled(NamedTuple):
    """A photo and the labels of its 42 joints, in the order of its dataset."""

    image: Image
    joints: NDArray[np.float32]
    points: NDArray[np.float32]
    valid: NDArray[np.bool_]
    camera: NDArray[np.float32]


def rhd_photo(folder: Path) -> Labelled:
    """Build a small RHD in a folder and read its first photo."""
    rhd.build(folder)
    return labelled(Rhd().read(next(Rhd().find(folder))))


def interhand_photo(folder: Path) -> Labelled:
    """Build a small InterHand2.6M in a folder and read its first photo."""
    interhand.build(folder)
    return labelled(InterHand().read(next(InterHand().find(folder))))


def labelled(sample: Sample) -> Labelled:
    assert sample.joints is not None
    assert sample.points is not None
    assert sample.valid is not None
    assert sample.camera is not None
    return Labelled(sample.image, sample.joints, sample.points, sample.valid, sample.camera)
