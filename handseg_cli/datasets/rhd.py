"""The Rendered Handpose Dataset, version 1.1: 20 rendered characters, with masks of the 32 parts of their hands.

Training 20500 and 28140 and evaluation 1012 and 1324, whose labels others found to be wrong, are left out. Nothing
tells which character a photo shows: each photo is its own group, and only the official split keeps characters apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.raw import find_root, is_there, missing, read_image, read_levels
from handseg_cli.errors import DatasetError
from handseg_cli.io.pickles import load
from handseg_cli.sample import Mask, Sample

NAME = "rhd"
JOINTS = 42  # 21 of the left hand, then 21 of the right: wrist, then each finger from its tip to the palm
SPLITS = {"training": "train", "evaluation": "test"}
BAD = {"training": (20500, 28140), "evaluation": (1012, 1324)}

# Part 0 is background and 1 the person; each hand has three parts a finger, tip first from the thumb on, and the palm.
LEFT, RIGHT = (2, 17), (18, 33)
SIDES = np.array([0, 0, *[1] * 16, *[2] * 16], np.uint8)
FINGERS = ("thumb", "index", "middle", "ring", "little")
OF_A_HAND = (*(f"{finger} {place}" for finger in FINGERS for place in ("tip", "middle", "base")), "palm")


@dataclass(frozen=True, slots=True)
class Pose:
    """What the annotations tell of one photo."""

    joints: NDArray[np.float32]  # (42, 3) in the camera's frame, mm
    points: NDArray[np.float32]  # (42, 2) pixels
    visible: NDArray[np.bool_]  # (42,)
    camera: NDArray[np.float32]  # (3, 3)


class Rhd:
    """41 256 photos for training and 2 726 for evaluation, 320 x 320, left after those with wrong labels."""

    archives = (
        Archive(
            name="RHD_v1-1.zip",
            url="https://lmb.informatik.uni-freiburg.de/data/RenderedHandpose/RHD_v1-1.zip",
            size=7_080_690_299,
        ),
    )
    licence = "research only, no commercial use"
    citation = "Zimmermann, Brox: Learning to Estimate 3D Hand Pose from Single RGB Images, ICCV 2017"
    page = "https://lmb.informatik.uni-freiburg.de/resources/datasets/RenderedHandposeDataset.en.html"
    labels = ("hand", "sides", "parts", "joints")
    parts = ("background", "person", *(f"{side} {part}" for side in ("left", "right") for part in OF_A_HAND))

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos of training, then of evaluation, each by number."""
        root = find_root(raw, ("RHD_published_v2", "RHD_v1-1/RHD_published_v2"), ("training",), NAME)
        for part, split in SPLITS.items():
            folder = root / part
            for number, pose in _poses(folder / f"anno_{part}.pickle"):
                if number in BAD[part]:
                    continue
                key, file = f"{part}/{number:05d}", f"{number:05d}.png"
                yield Entry(key, folder / "color" / file, folder / "mask" / file, key, split, pose)

    def read(self, entry: Entry) -> Sample:
        """Read one photo, its parts as in the file, and the joints of both hands, left hand first."""
        assert entry.labels is not None
        pose: Pose = entry.detail
        image = read_image(entry.image, NAME)
        parts = _read_parts(entry.labels, image.shape[:2])
        left, right = (bool(((parts >= first) & (parts <= last)).any()) for first, last in (LEFT, RIGHT))
        return Sample(
            entry.key,
            image,
            mask=np.where(parts > 1, np.uint8(255), np.uint8(0)),
            sides=SIDES[parts],
            parts=parts,
            joints=pose.joints,
            points=pose.points,
            valid=pose.visible,
            camera=pose.camera,
            hands="both" if left and right else "left" if left else "right" if right else "",
            group=entry.group,
            split=entry.split,
        )


def _poses(path: Path) -> Iterator[tuple[int, Pose]]:
    """Yield the annotations of a file by number."""
    if not is_there(path):
        raise missing(path, NAME)
    records = load(path)
    if not isinstance(records, dict) or not all(isinstance(number, int) and number >= 0 for number in records):
        raise DatasetError(f"{path}: is no dict of annotations by number; run `handseg download {NAME}` again")
    for number in sorted(records):
        # What has been passed on need not be kept: half of the memory.
        yield number, _pose(records.pop(number), f"{path}: {number:05d}")


def _pose(record: object, where: str) -> Pose:
    try:
        fields = [np.asarray(record[name], np.float64) for name in ("xyz", "uv_vis", "K")]  # type: ignore[index]
    except (LookupError, ValueError, TypeError) as error:
        raise DatasetError(f"{where} lacks xyz, uv_vis or K; run `handseg download {NAME}` again") from error
    joints, seen, camera = fields
    whole = all(np.abs(field).max(initial=0) < 1e9 for field in fields)  # not so with NaN
    if not whole or (joints.shape, seen.shape, camera.shape) != ((JOINTS, 3), (JOINTS, 3), (3, 3)):
        raise DatasetError(f"{where} does not have {JOINTS} joints and a camera; run `handseg download {NAME}` again")
    numbers = [values.astype(np.float32) for values in (joints * 1000, seen[:, :2], camera)]
    return Pose(numbers[0], numbers[1], seen[:, 2] == 1, numbers[2])


def _read_parts(path: Path, size: tuple[int, int]) -> Mask:
    levels = read_levels(path, NAME, size, indices=True)
    if levels.lossy or levels.values.max() >= len(SIDES):
        raise DatasetError(f"{path}: its pixels are not the numbers of parts, 0 to {len(SIDES) - 1}; unpack it again")
    return levels.values
