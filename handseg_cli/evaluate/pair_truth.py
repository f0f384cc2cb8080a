"""What pairs of hands are judged on: photos of prepared files that tell where the joints of both are in space."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import EvalConfig
from handseg_cli.errors import DatasetError
from handseg_cli.evaluate.pose_truth import PoseSource, find_pose_sources
from handseg_cli.loading.geometry import carried
from handseg_cli.loading.hands import two_hands
from handseg_cli.loading.pair_targets import can_tell_parts, keep_parts, parts
from handseg_cli.loading.pairs import square_of
from handseg_cli.pose.pairs import PARTS
from handseg_cli.pose.skeleton import JOINTS, ORDERS
from handseg_cli.pose.space import pinhole
from handseg_cli.predict.pair_net import PairNet, PairWindow
from handseg_cli.sample import Mask, Sample

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairShot:
    """A photo with the joints of both hands, InterHand2.6M's in order, and its camera (3, 3).

    The sample's parts, where it has them, have DIGIT's numbers.
    """

    sample: Sample
    camera: Floats

    def window(self, net: PairNet) -> PairWindow:
        """Return the window around all true hands."""
        return PairWindow(square_of(self.sample), net.size)

    def parts(self, window: PairWindow) -> Mask | None:
        """Return the true parts in a window as a net tells them, (size / 2, size / 2), None where unknown."""
        if self.sample.parts is None:
            return None
        return parts(carried(self.sample, window.cut(self.sample.image), window.matrix, PARTS))


def find_pair_sources(config: EvalConfig) -> list[PoseSource]:
    """Return each split of each prepared file, of which photos count that have a joint which is to be judged."""
    return [judgeable(source) for source in find_pose_sources(config)]


def judgeable(source: PoseSource) -> PoseSource:
    """Leave out the photos of a source without any joint; DatasetError if it knows of none in space."""
    reader = source.reader
    if not reader.has("joints"):
        raise DatasetError(f"{reader.path}: tells of no joints in space, as rhd, interhand and synthetic files do")
    counted = np.flatnonzero(reader.valid(2 * JOINTS).any(axis=1))
    return replace(source, places=[*sorted({*source.places} & {*counted.tolist()})])


def read_pair(source: PoseSource, place: int) -> PairShot:
    """Read a photo and what is labelled in it."""
    reader = source.reader
    sample = reader[place]
    height, width = sample.image.shape[:2]
    camera = pinhole((height, width)) if sample.camera is None else sample.camera.astype(np.float64)
    both = two_hands(sample, ORDERS[reader.header.dataset])
    bare = replace(both, parts=None)
    return PairShot(keep_parts(bare, sample, reader.header.classes) if can_tell_parts(reader) else bare, camera)
