"""What a net is taught: which labels of a sample that takes, and the arrays that a loss looks at, by name.

Of a photo the arrays are (H, W) uint8, 255 where nothing is known: outside the photo, or all over one whose dataset
does not tell. Of one hand they are numbers of its 21 joints, RHD's in order, NaN where nothing is known; of a pair
those of 42, InterHand2.6M's in order, and beside what may be unknown another array that tells whether it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.hdf5 import Reader
from handseg_cli.loading import pair_targets
from handseg_cli.loading.geometry import HAND, IGNORED, hands_of
from handseg_cli.pose.canonical import Canonical, to_canonical
from handseg_cli.pose.depths import to_depths
from handseg_cli.pose.score_maps import judged
from handseg_cli.pose.skeleton import JOINTS
from handseg_cli.sample import Mask, Sample

LEFT, RIGHT = 1, 2  # of `Sample.sides`
SIDES = {"left": LEFT, "right": RIGHT}

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Target:
    """How one target comes about.

    `keep` puts what it takes of a sample, whose parts have these names, into a bare one; whatever happens to that, of
    the picture that it becomes `array` makes the target. `told` says whether a file can tell of it at all.
    """

    keep: Callable[[Sample, Sample, Sequence[str]], Sample]
    array: Callable[[Sample], NDArray[Any]]
    told: Callable[[Reader], bool]


def bare(sample: Sample, targets: Sequence[str], classes: Sequence[str]) -> Sample:
    """Leave of a sample, whose parts `classes` names, only what its targets take: nothing else is moved along."""
    kept = Sample(sample.key, sample.image)
    for name in targets:
        kept = TARGETS[name].keep(kept, sample, classes)
    return kept


def arms_of(sample: Sample, classes: Sequence[str]) -> Mask | None:
    """Return where arms are, (H, W) uint8 0 or 255, None where nothing tells."""
    table = arm_table(classes)
    return None if sample.parts is None or not table.any() else looked_up(sample.parts, table)


def sides_of(sample: Sample, classes: Sequence[str]) -> Mask | None:
    """Return whose hand each pixel is, (H, W) uint8 as in `Sample.sides`, None where nothing tells."""
    if sample.sides is not None:
        return sample.sides
    table = side_table(classes)
    if sample.parts is not None and table.any():
        return looked_up(sample.parts, table)
    hands = hands_of(sample)
    if hands is None or sample.hands not in SIDES:
        return None
    return (hands > 0).astype(np.uint8) * np.uint8(SIDES[sample.hands])


def arm_table(classes: Sequence[str]) -> Mask:
    """Return (N,) 255 for the parts that are arms, as in "left arm", else 0."""
    return np.array([255 * (name.split(" ")[-1] == "arm") for name in classes], np.uint8)


def bodies_of(sample: Sample, classes: Sequence[str]) -> Mask | None:
    """Return where arms and the rest of people are, (H, W) uint8 0 or 255, None where nothing tells."""
    table = np.where([name == "person" for name in classes], np.uint8(255), arm_table(classes)).astype(np.uint8)
    return None if sample.parts is None or not table.any() else looked_up(sample.parts, table)


def side_table(classes: Sequence[str]) -> Mask:
    """Return (N,) the sides of the parts that are of one hand, as in "left thumb", else 0."""
    sides = np.array([SIDES.get(name.partition(" ")[0], 0) for name in classes], np.uint8)
    return np.where(arm_table(classes) == 0, sides, np.uint8(0))


def can_tell_sides(reader: Reader) -> bool:
    """Tell whether a file has sides, parts of one hand, or samples that show one hand."""
    return (
        reader.has("sides")
        or bool(side_table(reader.header.classes).any())
        or not SIDES.keys().isdisjoint(reader.hands())
    )


def looked_up(numbers: Mask, table: NDArray[np.uint8]) -> Mask:
    """Replace each of (H, W) numbers by what is at its place in a table, 0 where that ends before."""
    return cv2.LUT(numbers, np.pad(table, (0, 256 - len(table)))).astype(np.uint8, copy=False)


def mask_target(picture: Sample) -> Mask:
    """Return 1 on hands and 0 elsewhere."""
    return unknown(picture) if picture.mask is None else picture.mask


def arm_target(picture: Sample) -> Mask:
    """Return 1 on arms and 0 elsewhere."""
    if picture.arms is None or picture.mask is None:
        return unknown(picture)
    return np.where(picture.mask == IGNORED, np.uint8(IGNORED), (picture.arms > 0).astype(np.uint8))


def side_target(picture: Sample) -> Mask:
    """Return 0 on left hands and 1 on right ones; of all else no side is known."""
    if picture.sides is None or picture.mask is None:
        return unknown(picture)
    return np.where(picture.mask == HAND, OF_SIDES[picture.sides], np.uint8(IGNORED))


def unknown(picture: Sample) -> Mask:
    """Return a target that tells nothing."""
    return np.full(picture.image.shape[:2], IGNORED, np.uint8)


def points_target(picture: Sample) -> Floats:
    """Return where the joints are, (21, 2) pixels."""
    assert picture.points is not None
    return picture.points.astype(np.float32, copy=False)


def judged_target(picture: Sample) -> NDArray[np.bool_]:
    """Tell which joints (21,) are visible and within the picture."""
    assert picture.points is not None
    assert picture.valid is not None
    return judged(picture.points, picture.valid, len(picture.image))


def joints_target(picture: Sample) -> Floats:
    """Return the joints (21, 3) in the camera's frame, mm."""
    return np.full((JOINTS, 3), np.nan, np.float32) if picture.joints is None else picture.joints


def camera_target(picture: Sample) -> Floats:
    """Return the camera (3, 3) that sees the joints at their points."""
    return np.full((3, 3), np.nan, np.float32) if picture.camera is None else picture.camera


def depths_target(picture: Sample) -> Floats:
    """Return how far the joints (21,) are behind the middle finger's base, pixels."""
    return to_depths(joints_target(picture), camera_target(picture)).astype(np.float32)


def right_target(picture: Sample) -> NDArray[np.uint8]:
    """Return 1 of a right hand, 0 of a left one, 255 of none."""
    return np.array({"left": 0, "right": 1}.get(picture.hands, IGNORED), np.uint8)


def hand_target(picture: Sample) -> NDArray[np.uint8]:
    """Return 1 of a hand, 0 of a place without one."""
    return np.array(picture.hands != "", np.uint8)


def canonical_of(picture: Sample) -> Canonical:
    """Return the hand in the frame in which all are alike."""
    return to_canonical(joints_target(picture), picture.hands == "right")


OF_SIDES = np.full(256, IGNORED, np.uint8)
OF_SIDES[[LEFT, RIGHT]] = 0, 1


def keep_joints(kept: Sample, sample: Sample, classes: Sequence[str]) -> Sample:
    """Keep all that tells of one hand."""
    return replace(
        kept,
        joints=sample.joints,
        points=sample.points,
        valid=sample.valid,
        camera=sample.camera,
        hands=sample.hands,
    )


def has_joints(reader: Reader) -> bool:
    """Tell whether a file has joints in space."""
    return reader.has("joints") and reader.has("camera")


TARGETS: dict[str, Target] = {
    "mask": Target(lambda kept, sample, _: replace(kept, mask=hands_of(sample)), mask_target, lambda _: True),
    "arm": Target(
        lambda kept, sample, classes: replace(kept, arms=arms_of(sample, classes)),
        arm_target,
        lambda reader: bool(arm_table(reader.header.classes).any()),
    ),
    "side": Target(
        lambda kept, sample, classes: replace(kept, sides=sides_of(sample, classes)), side_target, can_tell_sides
    ),
    "points": Target(keep_joints, points_target, lambda reader: reader.has("points")),
    "judged": Target(keep_joints, judged_target, lambda reader: reader.has("valid")),
    "joints": Target(keep_joints, joints_target, has_joints),
    "camera": Target(keep_joints, camera_target, has_joints),
    "depths": Target(keep_joints, depths_target, has_joints),
    "right": Target(keep_joints, right_target, lambda _: True),
    "canonical": Target(keep_joints, lambda picture: canonical_of(picture).joints.astype(np.float32), has_joints),
    "rotation": Target(keep_joints, lambda picture: canonical_of(picture).rotation.astype(np.float32), has_joints),
    # With the masks of hands and of people, so that places without hands can be found.
    "hand": Target(
        lambda kept, sample, classes: replace(kept, mask=hands_of(sample), arms=bodies_of(sample, classes)),
        hand_target,
        lambda _: True,
    ),
    "known": Target(keep_joints, pair_targets.known, has_joints),
    "grid_joints": Target(keep_joints, pair_targets.grid_joints, has_joints),
    "grid_valid": Target(keep_joints, pair_targets.grid_valid, has_joints),
    "root_depth": Target(keep_joints, pair_targets.root_depth, has_joints),
    "root_valid": Target(keep_joints, pair_targets.root_valid, has_joints),
    "interacting": Target(keep_joints, pair_targets.interacting, lambda _: True),
    "handedness": Target(keep_joints, pair_targets.handedness, lambda _: True),
    "handedness_valid": Target(keep_joints, pair_targets.handedness_valid, lambda _: True),
    "parts": Target(pair_targets.keep_parts, pair_targets.parts, pair_targets.can_tell_parts),
    "parts_valid": Target(pair_targets.keep_parts, pair_targets.parts_valid, pair_targets.can_tell_parts),
}
OF_PIXELS = ("mask", "arm", "side")  # those of photos
