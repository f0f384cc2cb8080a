"""A prepared file of pictures with hands drawn as bones, whose joints are known in the picture and in space.

Every third picture shows both hands, the others one. A hand is a fan of fingers, bent and turned by chance, whose mask
is what is drawn of it; its thumb is at the side that tells left from right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey
from handseg_cli.pose.camera import project
from handseg_cli.pose.skeleton import PARENTS, SIDES, Order, Side, reorder_both
from handseg_cli.sample import Image, Mask

Joints = NDArray[np.float32]

SIZE = (120, 160)  # (height, width)
SPLITS = ("train", "train", "train", "val", "test")
CLASSES = ("background", "left hand", "right hand", "person")
CAMERA = np.array([[150, 0, 80], [0, 150, 60], [0, 0, 1]], np.float32)
COLOURS = ((235, 190, 160), (240, 80, 80), (240, 210, 60), (90, 220, 90), (80, 160, 250), (220, 110, 240))


class Photo(NamedTuple):
    """A picture and its labels: parts by CLASSES, joints (42, 3) ours in order, left hand first."""

    image: Image
    parts: Mask
    joints: Joints


def build(path: Path, count: int = 15, seed: int = 0, dataset: Literal["synthetic", "interhand"] = "synthetic") -> None:
    """Write the file, with joints in the order of a dataset."""
    rng = np.random.default_rng(seed)
    order: Order = "interhand" if dataset == "interhand" else "rhd"
    write(path, Header(dataset, "parts", CLASSES), [sample(number, rng, order) for number in range(count)])


def sample(number: int, rng: np.random.Generator, order: Order = "rhd") -> Encoded:
    """Return one picture with its labels."""
    sides: tuple[Side, ...] = ("left", "right") if number % 3 == 0 else (("right",), ("left",))[number % 3 - 1]
    photo = drawn(sides, rng)
    rows = reorder_both("ours", order)
    joints = photo.joints[rows]
    # As InterHand2.6M has those that are not there.
    known = np.asarray(np.isfinite(joints).all(axis=1))
    joints = np.where(known[:, None], joints, np.float32(0 if order == "interhand" else np.nan))
    points = project(joints, CAMERA).astype(np.float32)
    inside = known & (points > 0).all(axis=1) & (points < np.array(SIZE[::-1]) - 1).all(axis=1)
    return Encoded(
        key=f"{number:03}",
        image=encode_jpeg(photo.image),
        size=SIZE,
        original=SIZE,
        mask=encode_grey(np.isin(photo.parts, (1, 2)).astype(np.uint8) * np.uint8(255), 1),
        parts=encode_grey(photo.parts),
        joints=np.ascontiguousarray(joints, "<f4").tobytes(),
        points=np.ascontiguousarray(points, "<f4").tobytes(),
        valid=inside.astype(np.uint8).tobytes(),
        camera=CAMERA.tobytes(),
        hands="both" if len(sides) == 2 else sides[0],
        group=f"person{number}",
        split=SPLITS[number % len(SPLITS)],
    )


def drawn(sides: tuple[Side, ...], rng: np.random.Generator) -> Photo:
    """Draw a picture of hands."""
    coarse = rng.integers(0, 110, (4, 5, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    parts, joints = np.zeros(SIZE, np.uint8), np.full((2, 21, 3), np.nan, np.float32)
    cv2.rectangle(image, (2, 2), (40, 20), (150, 60, 160), -1)
    cv2.rectangle(parts, (2, 2), (40, 20), (3,), -1)
    for place, side in enumerate(sides):
        number = SIDES["ours"].index(side)
        middle = (-90.0 + 180 * place if len(sides) == 2 else 0.0, 0.0)
        joints[number] = hand = posed(side, rng) + np.array([*middle, 500], np.float32)
        at = np.rint(project(hand, CAMERA)).astype(int).tolist()
        for child, parent in enumerate(PARENTS):
            if parent >= 0:
                cv2.line(image, at[parent], at[child], COLOURS[0 if parent == 0 else 1 + (child - 1) // 4], 3)
                cv2.line(parts, at[parent], at[child], (1 + number,), 7)
    return Photo(image, parts, joints.reshape(42, 3))


def posed(side: Side, rng: np.random.Generator) -> Joints:
    """Return the joints (21, 3) of a hand around the origin, mm, ours in order."""
    joints = np.zeros((21, 3))
    for finger in range(5):
        turn, bend = np.radians(-50 + 25 * finger), rng.uniform(0, 0.5)
        along, at = 70.0 if finger else 35.0, np.zeros(3)
        for joint in range(4):
            lift = bend * joint
            at = at + along * np.array([np.sin(turn) * np.cos(lift), -np.cos(turn) * np.cos(lift), -np.sin(lift)])
            joints[1 + 4 * finger + joint] = at
            along = 28.0 - 4 * joint
    joints *= 0.8
    joints[:, 0] *= 1 if side == "right" else -1
    # The thumb of a right hand seen from its back is left of it: turns about the line of sight change nothing of that.
    angle, tilt = rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4)
    about_z = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return np.asarray((joints + np.array([0, 55, 0])) @ about_x.T @ about_z.T + rng.normal(0, 8, 3), np.float32)
