"""What poses are judged on: the photos of prepared files that tell where the joints of both hands are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import EvalConfig
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.evaluate.sources import advice, prepared_path, split_of, spread, what_there_is
from handseg_cli.io.far import reader_of
from handseg_cli.io.hdf5 import Reader
from handseg_cli.loading.hands import one_hand
from handseg_cli.loading.mix import LEAST_JOINTS
from handseg_cli.paths import home
from handseg_cli.pose.skeleton import ORDERS, SIDES, Order, Side, reorder
from handseg_cli.pose.space import pinhole
from handseg_cli.sample import Image, Sample

OURS, RHD = reorder("rhd", "ours"), reorder("ours", "rhd")

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class TrueHand:
    """A labelled hand, joints ours in order: `points` (21, 2) pixels, `joints` (21, 3) mm in the camera's frame.

    `judged` (21,) are the joints whose point is labelled, visible and in the photo; of `joints` NaN is not known.
    """

    side: str
    points: Floats
    joints: Floats
    judged: Bits

    @property
    def counts(self) -> bool:
        """Tell whether so much of it is to be seen that it has to be found."""
        return bool(np.count_nonzero(self.judged) >= LEAST_JOINTS)


@dataclass(frozen=True)
class PoseShot:
    """A photo (H, W, 3) with its camera (3, 3) and its hands, of which some may hardly be in view."""

    key: str
    group: str
    image: Image
    camera: Floats
    hands: tuple[TrueHand, ...]


@dataclass(frozen=True)
class PoseSource:
    """One split of one prepared file; `about` tells which split it is, to be found again by anyone."""

    name: str
    split: str
    places: Sequence[int]
    reader: Reader = field(repr=False)
    about: dict[str, str | int]

    def key(self, place: int) -> str:
        """Name a sample by its key, or by its number where that is damaged."""
        try:
            return self.reader.encoded(place).key
        except DatasetError:
            return f"sample {place}"

    def read(self, place: int) -> PoseShot:
        """Read a photo and what is labelled in it."""
        sample, order = self.reader[place], ORDERS[self.reader.header.dataset]
        size = (sample.image.shape[0], sample.image.shape[1])
        camera = pinhole(size) if sample.camera is None else sample.camera.astype(np.float64)
        hands = [true_hand(sample, order, side) for side in SIDES[order]]
        shown = tuple(hand for hand in hands if hand.judged.any())
        return PoseShot(sample.key, sample.group or sample.key, sample.image, camera, shown)


def true_hand(sample: Sample, order: Order, side: Side) -> TrueHand:
    """Return one of the two hands of a sample, of whose joints perhaps none is judged."""
    hand = one_hand(sample, order, side)
    assert hand.points is not None
    assert hand.valid is not None
    height, width = sample.image.shape[:2]
    points: NDArray[Any] = hand.points[OURS].astype(np.float64)
    inside = ((points >= 0) & (points < (width, height))).all(axis=1)  # not so with NaN
    joints = np.full((len(points), 3), np.nan) if hand.joints is None else hand.joints[OURS].astype(np.float64)
    return TrueHand(hand.hands, points, joints, hand.valid[OURS] & inside)


def find_pose_sources(config: EvalConfig) -> list[PoseSource]:
    """Return each split of each prepared file; an error that tells what to do if one is missing or has no joints."""
    folder = home(config.root) / "prepared"
    if not config.dataset_names:
        raise ConfigError(f"no dataset: give --datasets with {what_there_is(folder)} that has joints")
    return [pose_source(name, split, config) for name in config.dataset_names for split in config.split]


def pose_source(name: str, split: str, config: EvalConfig) -> PoseSource:
    """Return one split of a prepared file by its path or the name of its dataset."""
    folder = home(config.root) / "prepared"
    path = prepared_path(name, folder)
    if isinstance(path, Path) and not path.is_file():
        raise DatasetError(f"{name}: there is no {path}; {advice(name, folder)}")
    reader = reader_of(path, config.root)
    if reader.header.dataset not in ORDERS or not (reader.has("points") and reader.has("valid")):
        raise DatasetError(f"{path}: tells of no joints whose order is known, as {', '.join(ORDERS)} do")
    places, about = split_of(reader, split)
    return PoseSource(path.stem, split, spread(places, config.limit), reader, about)
