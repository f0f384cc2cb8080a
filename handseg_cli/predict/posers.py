"""What tells where the joints of a hand are in a window around it: our own net, or the chain of the third system."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import CheckpointError
from handseg_cli.loading.windows import GREY, seen
from handseg_cli.pose.canonical import MIDDLE, ROOT
from handseg_cli.pose.depths import from_depths
from handseg_cli.pose.score_maps import peaks
from handseg_cli.pose.skeleton import JOINTS, reorder
from handseg_cli.pose.space import placed, sized
from handseg_cli.pose.window import SIZE, Window, around_joints, true_window
from handseg_cli.runtime.session import ArraySession, Batch, Session
from handseg_cli.sample import Image

OURS = reorder("rhd", "ours")  # nets tell joints in RHD's order
MAPS = 32  # pixels of a side of the score maps that the lifting net sees

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
Size = tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """One hand in its window: `points` (21, 2) in pixels of that, `joints` (21, 3) mm in the camera's frame.

    `right` is the chance that it is a right hand, `score` that it is a hand at all; NaN is not told.
    """

    points: Floats
    joints: Floats
    right: float
    score: float


class Poser(Protocol):
    """A pose model; may be called from several threads at once."""

    size: int  # pixels of a side of the windows

    def cut(self, image: Image, window: Window) -> Image:
        """Return what a window shows of a photo (H, W, 3): (size, size, 3) uint8."""
        ...

    def true_window(self, points: Floats, judged: Bits, photo: Size) -> Window:
        """Return the window around a labelled hand (21, 2), RHD's in order, as in training without any chance."""
        ...

    def __call__(self, windows: Batch, cameras: Floats, sides: Sequence[str]) -> list[Answer]:
        """Find the joints in windows (B, size, size, 3), each with its camera (3, 3) and the hand's side or ""."""
        ...


class Handpose:
    """Our net, which tells all by itself: points, depths, side, and whether it is a hand."""

    def __init__(self, session: Session, size: int) -> None:
        self.session = session
        self.size = size

    def cut(self, image: Image, window: Window) -> Image:
        """Return what a window shows of a photo."""
        return seen(image, window.matrix, self.size)

    def true_window(self, points: Floats, judged: Bits, photo: Size) -> Window:
        """Return the window around the labelled joints."""
        return around_joints(points, judged, self.size)

    def __call__(self, windows: Batch, cameras: Floats, sides: Sequence[str]) -> list[Answer]:
        """Find the joints; the side that another net tells is not needed."""
        outputs, count = self.session.run(windows), len(windows)
        points, depths = checked(outputs, "points", (count, JOINTS, 2)), checked(outputs, "depths", (count, JOINTS))
        right, score = (chance(checked(outputs, name, (count, 1))[:, 0]) for name in ("right", "score"))
        answers = []
        for at, camera in enumerate(cameras):
            joints = sized(from_depths(points[at], depths[at], camera)[OURS])
            answers.append(Answer(points[at][OURS], joints, float(right[at]), float(score[at])))
        return answers


class Hand3d:
    """The third system: score maps of the joints, and from these the hand in 3D; it has to be told the side.

    Where nobody tells, it is taken to be a left hand, as the authors' own demonstration does. `palm`: as in the
    published weights the middle of the palm is in the wrist's place, and windows are cut as TensorFlow does it.
    """

    def __init__(self, posenet: Session, poselift: ArraySession, size: int, palm: bool) -> None:
        self.posenet = posenet
        self.poselift = poselift
        self.size = size
        self.palm = palm

    def cut(self, image: Image, window: Window) -> Image:
        """Return what a window shows of a photo."""
        if not self.palm or window.scale <= 0.5:  # TensorFlow would leave out pixels of what it shrinks
            return seen(image, window.matrix, self.size)
        return np.asarray(np.rint(window.crop(image, GREY)), np.uint8)

    def true_window(self, points: Floats, judged: Bits, photo: Size) -> Window:
        """Return the window around the labelled joints."""
        if not self.palm:
            return around_joints(points, judged, self.size)
        window = true_window(points, judged, photo)
        return replace(window, scale=window.scale * self.size / SIZE, size=self.size)

    def __call__(self, windows: Batch, cameras: Floats, sides: Sequence[str]) -> list[Answer]:
        """Find the joints, each where its score map peaks, between the pixels of that."""
        maps = checked(self.posenet.run(windows), "score_maps", (len(windows), JOINTS, MAPS, MAPS)).astype(np.float32)
        side = np.array([(each != "right", each == "right") for each in sides], np.float32)
        lifted = self.poselift.feed({"score_maps": maps, "side": side})["joints"].astype(np.float64)
        answers = []
        for at, camera in enumerate(cameras):
            points, joints = peaks(maps[at], between=True)[0] * (self.size / MAPS), lifted[at]
            if self.palm:
                points, joints = wrist_rooted(points), wrist_rooted(joints)
            points = points[OURS]
            answers.append(Answer(points, placed(joints[OURS], points, camera), math.nan, math.nan))
        return answers


def wrist_rooted(values: Floats) -> Floats:
    """Return joints (21, ...) with the wrist where the middle of the palm was, half way to the middle finger."""
    rooted = values.copy()
    rooted[ROOT] = 2 * values[ROOT] - values[MIDDLE]
    return rooted


def checked(outputs: dict[str, NDArray[np.float32]], name: str, shape: tuple[int, ...]) -> Floats:
    """Return an output of a net as floats, if it is there in this shape and finite."""
    found = outputs.get(name)
    if found is None or found.shape != shape or not np.isfinite(found).all():
        what = "none" if found is None else f"{found.shape}, or numbers that are none"
        raise CheckpointError(f"the pose model tells {what} for {name}, not finite {shape}; export it again")
    return found.astype(np.float64)


def chance(logits: Floats) -> Floats:
    """Return the probabilities (B,) of logits."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits), np.float64)
