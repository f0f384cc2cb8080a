"""From photos to the joints of their hands: a net that marks hands finds them, another looks at each from near."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.images import Photo
from handseg_cli.pose.space import pinhole
from handseg_cli.pose.window import Window
from handseg_cli.predict.finding import found_hands, window_around
from handseg_cli.predict.posers import Answer, Poser
from handseg_cli.predict.predictor import Predictor, checked
from handseg_cli.sample import Hand, Image, Pose, Prediction
from handseg_cli.tasks.sides import SURE

MOST = 16  # windows that a net sees at once
HAND = 0.5  # from this score on, what looked like a hand in the mask is one
SAME = 0.2  # of the larger side of a hand: two whose joints are, on average, nearer to each other are one

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """A hand that was found, and the window that is to be looked at for its joints."""

    hand: Hand
    window: Window


@dataclass(frozen=True)
class Scene:
    """A photo (H, W, 3) uint8 RGB, the hands that were found in it, and the camera (3, 3) that took it."""

    image: Image
    found: Sequence[Found]
    camera: Floats


@dataclass(frozen=True)
class PosePredictor:
    """Two opened nets: `finder` marks hands, `poser` tells their joints. May be called from several threads at once.

    `focal` is the focal length of the camera in pixels of the photo, 0 for what the photo says, or else a usual one.
    """

    finder: Predictor
    poser: Poser
    focal: float = 0.0

    @property
    def needs_full(self) -> bool:
        """Tell that photos have to be decoded at their full size: hands are looked at from near."""
        return True

    @property
    def pixels(self) -> int:
        """Return how many pixels of a photo the net that finds hands looks at."""
        return self.finder.pixels

    def __call__(self, image: Image) -> Prediction:
        """Tell the joints of the hands in one photo: (H, W, 3) uint8 RGB, or (H, W) uint8 grey, of any size."""
        image = checked(image)
        return self.segment([Photo(image, (image.shape[0], image.shape[1]))])[0]

    def segment(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Tell the joints of the hands in photos, which are decoded at their full size."""
        predictions = self.finder.segment(photos)
        start = time.perf_counter()
        scenes = [
            Scene(photo.image, self.windows(found_hands(prediction)), pinhole(photo.size, self.focal or photo.focal))
            for photo, prediction in zip(photos, predictions, strict=True)
        ]
        poses = [kept(each) for each in self.pose(scenes)]
        seconds = (time.perf_counter() - start) / max(1, len(photos))
        return [told(prediction, found, seconds) for prediction, found in zip(predictions, poses, strict=True)]

    def windows(self, hands: Sequence[Hand]) -> list[Found]:
        """Return the windows around hands."""
        return [Found(hand, window_around(hand, self.poser.size)) for hand in hands]

    def pose(self, scenes: Sequence[Scene]) -> list[list[Pose]]:
        """Tell the joints of all that was found in some photos."""
        answers = iter(self._answers([(scene, found) for scene in scenes for found in scene.found]))
        return [[posed(found, next(answers)) for found in scene.found] for scene in scenes]

    def _answers(self, looks: Sequence[tuple[Scene, Found]]) -> list[Answer]:
        answers = []
        for at in range(0, len(looks), MOST):
            some = looks[at : at + MOST]
            windows = np.stack([self.poser.cut(scene.image, found.window) for scene, found in some])
            cameras = np.stack([found.window.matrix @ scene.camera for scene, found in some])
            answers += self.poser(windows, cameras, [found.hand.side for _, found in some])
        return answers


def posed(found: Found, answer: Answer) -> Pose:
    """Return a hand with its joints in the photo, and the side that the net tells of it."""
    hand = found.hand
    if not math.isnan(answer.score):
        hand = replace(hand, confidence=round(answer.score, 4))
    if not math.isnan(answer.right):
        sure = round(max(answer.right, 1 - answer.right), 4)
        hand = replace(hand, side="" if sure < SURE else "right" if answer.right > 0.5 else "left", certainty=sure)
    points = found.window.to_photo(answer.points).astype(np.float32)
    return Pose(hand, points, answer.joints.astype(np.float32))


def kept(poses: Sequence[Pose]) -> tuple[Pose, ...]:
    """Return the poses that are of hands, and of two of the same hand the first."""
    chosen: list[Pose] = []
    for pose in poses:
        if pose.hand.confidence >= HAND and not any(is_same(pose, other) for other in chosen):
            chosen.append(pose)
    return tuple(chosen)


def is_same(pose: Pose, other: Pose) -> bool:
    """Tell whether two poses are of one hand, in whose mask there was a gap."""
    apart = np.linalg.norm(pose.points - other.points, axis=1).mean()
    return bool(apart < SAME * np.ptp(other.points, axis=0).max())


def told(prediction: Prediction, poses: tuple[Pose, ...], seconds: float) -> Prediction:
    """Return what is told of a photo, with the hands whose joints are told in place of those of the mask."""
    return replace(
        prediction,
        hands=tuple(pose.hand for pose in poses),
        tells_sides=True,
        poses=poses,
        seconds=prediction.seconds | {"pose": seconds},
    )
