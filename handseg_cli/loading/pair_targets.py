"""What a net of two hands is taught of the window around them, InterHand2.6M's joints in order, right hand first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.hdf5 import Reader
from handseg_cli.loading.geometry import BOTH_HANDS
from handseg_cli.pose.pairs import PART_STRIDE, Taught, digit_parts, halved, teach
from handseg_cli.sample import Mask, Sample

HANDS = {"right": (1, 0), "left": (0, 1), "both": (1, 1)}

Floats = NDArray[np.float32]
Bits = NDArray[np.bool_]


def taught(picture: Sample) -> Taught:
    """Return what of the joints of a window depends on where they lie in it."""
    assert picture.points is not None
    assert picture.joints is not None
    return teach(picture.points, picture.joints, known(picture), bool(interacting(picture)), len(picture.image))


def known(picture: Sample) -> Bits:
    """Tell which joints (42,) the dataset has, in the photo and in space, wherever the window is."""
    assert picture.valid is not None
    return picture.valid


def grid_joints(picture: Sample) -> Floats:
    """Return the joints (42, 3) on the grid of the score maps, 0 where they are not valid."""
    return taught(picture).joints.astype(np.float32)


def grid_valid(picture: Sample) -> Bits:
    """Tell which joints (42,) are known, as their wrists are, and within the window and the depths."""
    return taught(picture).valid


def root_depth(picture: Sample) -> Floats:
    """Return how far the left wrist is behind the right one, (1,) in bins."""
    return np.array([taught(picture).root_depth], np.float32)


def root_valid(picture: Sample) -> Bits:
    """Tell whether that (1,) is known."""
    return np.array([taught(picture).root_valid])


def interacting(picture: Sample) -> Bits:
    """Tell whether two hands are there, () by the dataset's word or, where that is not sure, by its joints."""
    if picture.hands:
        return np.array(picture.hands == "both")
    return np.array(known(picture).reshape(2, BOTH_HANDS // 2).any(axis=1).all())


def handedness(picture: Sample) -> Floats:
    """Return 1 for a hand that is there, (2,), right first."""
    return np.array(HANDS.get(picture.hands, (0, 0)), np.float32)


def handedness_valid(picture: Sample) -> Bits:
    """Tell whether the dataset is sure which hands are there, ()."""
    return np.array(picture.hands in HANDS)


def keep_parts(kept: Sample, sample: Sample, classes: Sequence[str]) -> Sample:
    """Keep the parts, by DIGIT's numbers, if there are all that it tells apart."""
    table = digit_parts(tuple(classes))
    return kept if sample.parts is None or table is None else replace(kept, parts=table[sample.parts])


def parts(picture: Sample) -> Mask:
    """Return the parts (H / 2, W / 2) of a window, 0 to 32, all 0 where they are not known."""
    if picture.parts is None:
        height, width = picture.image.shape[:2]
        return np.zeros((height // PART_STRIDE, width // PART_STRIDE), np.uint8)
    return halved(picture.parts)


def parts_valid(picture: Sample) -> Bits:
    """Tell whether they are known, ()."""
    return np.array(picture.parts is not None)


def can_tell_parts(reader: Reader) -> bool:
    """Tell whether a file has such parts."""
    return reader.has("parts") and digit_parts(reader.header.classes) is not None
