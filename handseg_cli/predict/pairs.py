"""From photos to pairs of hands: a net that marks hands finds them, another looks at those that belong together."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.images import Photo
from handseg_cli.io.part_colours import OF_LEFT, OF_RIGHT
from handseg_cli.pose.distance import distance
from handseg_cli.pose.pairs import BINS, STRIDE, Box, in_space, moved, to_millimetres
from handseg_cli.pose.skeleton import JOINTS, SIDES, bones, reorder
from handseg_cli.pose.space import BONES_MM
from handseg_cli.predict.finding import found_hands
from handseg_cli.predict.from_near import FromNear
from handseg_cli.predict.pair_net import PairAnswer, PairNet, PairWindow
from handseg_cli.predict.part_masks import lay
from handseg_cli.predict.poses import is_same
from handseg_cli.sample import Hand, Image, Mask, Pair, Pose, Prediction

MOST = 8  # windows that a net sees at once
NEAR = 0.5  # of their size: a left and a right hand that are not farther from each other belong together
THERE = 0.5  # more likely than that, a hand is there

ORDER = SIDES["interhand"]
OURS = reorder("interhand", "ours")
BONES = bones("interhand")
NUMBERS = {"right": OF_RIGHT, "left": OF_LEFT}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairScene:
    """A photo (H, W, 3) uint8 RGB, the windows of it that are to be looked at, and the camera (3, 3) that took it."""

    image: Image
    windows: Sequence[PairWindow]
    camera: Floats


@dataclass(frozen=True)
class PairPredictor(FromNear):
    """`net` tells of two hands that belong together."""

    net: PairNet

    def segment(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Tell of the hands in photos, which are decoded at their full size."""
        predictions = self.finder.segment(photos)
        start = time.perf_counter()
        scenes = [
            PairScene(photo.image, self.windows(found_hands(each)), self.camera(photo))
            for photo, each in zip(photos, predictions, strict=True)
        ]
        answers = self.answers(scenes)
        seconds = (time.perf_counter() - start) / max(1, len(photos))
        return [told(*each, seconds) for each in zip(predictions, scenes, answers, strict=True)]

    def windows(self, hands: Sequence[Hand]) -> list[PairWindow]:
        """Return the windows around hands, those that belong together in one, that of the largest first."""
        return [self.net.window(box_around(group)) for group in together(hands)]

    def answers(self, scenes: Sequence[PairScene]) -> list[list[PairAnswer]]:
        """Return what the net says of each window of some photos."""
        looks = [window.cut(scene.image) for scene in scenes for window in scene.windows]
        said = iter([each for at in range(0, len(looks), MOST) for each in self.net(np.stack(looks[at : at + MOST]))])
        return [[next(said) for _ in scene.windows] for scene in scenes]


def together(hands: Sequence[Hand]) -> list[tuple[Hand, ...]]:
    """Return hands by twos that belong together, the nearest first, and the others alone; the largest first.

    Of two that are known to be left, or to be right, each is alone.
    """
    free, groups = list(hands), list[tuple[Hand, ...]]()
    near = sorted(((gap(*two), two) for two in combinations(hands, 2)), key=lambda each: each[0])
    for apart, two in near:
        if apart <= NEAR and (two[0].side != two[1].side or not two[0].side) and all(hand in free for hand in two):
            groups.append(two)
            for hand in two:
                free.remove(hand)
    groups += [(hand,) for hand in free]
    return sorted(groups, key=lambda group: -sum(hand.pixels for hand in group))


def gap(one: Hand, other: Hand) -> float:
    """Return how far the boxes of two hands are from each other, in means of their longer sides."""
    between = np.maximum(np.array(one.box[:2]) - other.box[2:], np.array(other.box[:2]) - one.box[2:])
    longer = [max(hand.box[2] - hand.box[0], hand.box[3] - hand.box[1]) for hand in (one, other)]
    return math.hypot(*np.maximum(between, 0).tolist()) / (sum(longer) / 2)


def box_around(hands: Sequence[Hand]) -> Box:
    """Return the box around hands: left, top, width and height."""
    boxes = np.array([hand.box for hand in hands], np.float64)
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return left, top, right - left, bottom - top


def told(prediction: Prediction, scene: PairScene, answers: Sequence[PairAnswer], seconds: float) -> Prediction:
    """Return what is told of a photo: poses and parts of hands, the largest first, and the windows they are from."""
    parts = np.zeros(prediction.mask.shape, np.uint8)
    poses: list[tuple[int, Pose]] = []  # with the number of their window
    for number, (window, answer) in enumerate(zip(scene.windows, answers, strict=True)):
        found = [
            pose for pose in posed(window, answer, scene.camera) if not any(is_same(pose, other) for _, other in poses)
        ]
        sides = [pose.hand.side for pose in found]
        laid, corner = lay(parts, window, answer.parts, [side in sides for side in ORDER])
        poses += [(number, measured(pose, laid, corner)) for pose in found]
    poses.sort(key=lambda each: -each[1].hand.pixels)
    places = [number for number, _ in poses]
    return replace(
        prediction,
        hands=tuple(pose.hand for _, pose in poses),
        tells_sides=True,
        poses=tuple(pose for _, pose in poses),
        parts=parts,
        pairs=tuple(
            pair_of(*each, [at for at, place in enumerate(places) if place == number])
            for number, each in enumerate(zip(scene.windows, answers, strict=True))
        ),
        seconds=prediction.seconds | {"pose": seconds},
    )


def pair_of(window: PairWindow, answer: PairAnswer, hands: Sequence[int]) -> Pair:
    """Return what is told of a window as a whole."""
    left, top, width, height = window.square
    right, other = np.round(answer.chances, 4).tolist()
    return Pair((left, top, left + width, top + height), right, other, tuple(hands))


def posed(window: PairWindow, answer: PairAnswer, camera: Floats) -> list[Pose]:
    """Return the hands of a window that are there, each with its joints in the photo and before the camera."""
    is_there = answer.chances > THERE
    if not is_there.any():
        return []
    points = moved(answer.joints[:, :2] * STRIDE, np.linalg.inv(window.matrix)).reshape(2, JOINTS, 2)
    joints = before_camera(window, answer, camera, usual_depths(window, answer, camera)).reshape(2, JOINTS, 3)
    poses = []
    for place in np.flatnonzero(is_there).tolist():
        sure = round(float(answer.chances[place]), 4)
        hand = Hand((0, 0, 0, 0), 0, sure, ORDER[place], sure)
        poses.append(Pose(hand, points[place][OURS].astype(np.float32), joints[place][OURS].astype(np.float32)))
    return poses


def before_camera(window: PairWindow, answer: PairAnswer, camera: Floats, root_depths: Floats) -> Floats:
    """Return joints (42, 3), mm in the frame of a photo's camera (3, 3), of wrists (2,) that far along its axis."""
    return in_space(answer.joints, root_depths, window.matrix @ camera, window.size)


def usual_depths(window: PairWindow, answer: PairAnswer, camera: Floats) -> Floats:
    """Return how far (2,) the wrists are along the axis of a photo's camera, mm, if hands there have a usual size.

    Of two hands the depth between them is as the net says, and their sizes are usual together; of a hand that is not
    there nothing is known, and its place is what the other's leads to.
    """
    is_there = answer.chances > THERE
    between = np.array([0.0, float(to_millimetres(np.array(answer.root_depth), BINS))])
    depths = to_millimetres(answer.joints[:, 2], window.size // STRIDE) + np.repeat(between, JOINTS)
    counted = np.flatnonzero(is_there if is_there.any() else ~is_there)
    of_hands = np.concatenate([BONES + JOINTS * place for place in counted.tolist()])
    points = answer.joints[:, :2] * STRIDE
    length = BONES_MM * len(counted)
    away = distance(points, depths, of_hands, length, window.matrix @ camera)
    return np.asarray(away + between, np.float64)


def measured(pose: Pose, laid: Mask, corner: tuple[int, int]) -> Pose:
    """Return a hand with its box and pixels by parts (h, w), whose corner (x, y) is that; without any, by joints."""
    numbers = NUMBERS[pose.hand.side]
    own = cv2.inRange(laid, (numbers.start,), (numbers.stop - 1,))
    left, top, width, height = cv2.boundingRect(own)
    x, y = left + corner[0], top + corner[1]
    box = (x, y, x + width, y + height)
    if not width:
        low, high = np.floor(pose.points.min(axis=0)).astype(int), np.floor(pose.points.max(axis=0)).astype(int) + 1
        box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    return replace(pose, hand=replace(pose.hand, box=box, pixels=cv2.countNonZero(own)))
