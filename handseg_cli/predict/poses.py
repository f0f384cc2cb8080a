"""From photos to the joints of their hands: a net that marks hands finds them, another looks at each from near."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.images import Photo
from handseg_cli.pose.skeleton import bones
from handseg_cli.pose.window import Window
from handseg_cli.predict.finding import found_hands, window_around
from handseg_cli.predict.from_near import FromNear
from handseg_cli.predict.posers import Answer, Poser
from handseg_cli.sample import Hand, Image, Mask, Pose, Prediction
from handseg_cli.tasks.sides import SURE

MOST = 16  # windows that a net sees at once
HAND = 0.5  # from this score on, what looked like a hand in the mask is one
HIDDEN = 0.15  # of the smallest hand that was found: what has fewer pixels is a rest of one
NEW = 0.7  # of the joints of such a hand lie there at least
FLESH = 0.4  # of the palm's length: how thick fingers and arms are drawn to be, with some room
BEYOND = 1 << 14  # pixels: no joint is drawn farther off
MIDDLE = 9  # the base of the middle finger
PALM = (0, 1, 5, 9, 13, 17)  # wrist, thumb and the bases of the fingers
BONES = bones("ours").tolist()
SAME = 0.2  # of the larger side of a hand: two whose joints are, on average, nearer to each other are one

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """A hand that was found, and the window that is to be looked at for its joints."""

    hand: Hand
    window: Window


@dataclass(frozen=True)
class Scene:
    """A photo (H, W, 3) uint8 RGB, the hands that were found in it, and the camera (3, 3) that took it.

    `prediction` has the mask in which they were found, if so.
    """

    image: Image
    found: Sequence[Found]
    camera: Floats
    prediction: Prediction | None = None


@dataclass(frozen=True)
class PosePredictor(FromNear):
    """`poser` tells the joints of each hand that was found."""

    poser: Poser

    def segment(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Tell the joints of the hands in photos, which are decoded at their full size."""
        predictions = self.finder.segment(photos)
        start = time.perf_counter()
        scenes = [
            self.scene(photo.image, prediction, self.camera(photo))
            for photo, prediction in zip(photos, predictions, strict=True)
        ]
        poses = self.search(scenes)
        seconds = (time.perf_counter() - start) / max(1, len(photos))
        return [told(prediction, found, seconds) for prediction, found in zip(predictions, poses, strict=True)]

    def scene(self, image: Image, prediction: Prediction, camera: Floats) -> Scene:
        """Return a photo with the hands that its mask shows."""
        return Scene(image, self.windows(found_hands(prediction)), camera, prediction)

    def search(self, scenes: Sequence[Scene]) -> list[tuple[Pose, ...]]:
        """Tell the joints of all hands in some photos, of those too that others hid at first."""
        return [self._with_hidden(scene, kept(poses)) for scene, poses in zip(scenes, self.pose(scenes), strict=True)]

    def _with_hidden(self, scene: Scene, poses: tuple[Pose, ...]) -> tuple[Pose, ...]:
        rest = unexplained(scene, poses)
        if rest is None:
            return poses
        (more,) = self.pose([replace(scene, found=self.windows(rest.hands))])
        return kept([*poses, *(pose for pose in more if lies_on(rest.mask, pose))])

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


def unexplained(scene: Scene, poses: Sequence[Pose]) -> Prediction | None:
    """Return a prediction with what no pose explains of its mask: where hands touch, one window showed both."""
    if scene.prediction is None or not poses:
        return None
    rest = scene.prediction.mask.copy()
    for pose in poses:
        erase(rest, pose)
    least = HIDDEN * min(pose.hand.pixels for pose in poses)
    hands = tuple(hand for hand in found_hands(replace(scene.prediction, mask=rest)) if hand.pixels >= least)
    return replace(scene.prediction, mask=rest, hands=hands) if hands else None


def lies_on(rest: Mask, pose: Pose) -> bool:
    """Tell whether a pose is of what was not explained (H, W), not of a hand beside it once more."""
    height, width = rest.shape
    x, y = np.clip(np.rint(pose.points), 0, (width - 1, height - 1)).astype(int).T
    return bool(rest[y, x].mean() >= 255 * NEW)


def erase(mask: Mask, pose: Pose) -> None:
    """Take the flesh round the bones of a hand out of a mask (H, W)."""
    points = np.clip(np.rint(pose.points), -BEYOND, BEYOND).astype(np.int32)
    thick = max(1, round(FLESH * float(np.linalg.norm(pose.points[MIDDLE] - pose.points[0]))))
    for parent, child in BONES:
        cv2.line(mask, points[parent].tolist(), points[child].tolist(), 0, thick)
    palm = cv2.convexHull(points[list(PALM)])
    cv2.fillPoly(mask, [palm], 0)
    cv2.polylines(mask, [palm], isClosed=True, color=0, thickness=thick)


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
