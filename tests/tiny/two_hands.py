"""A prepared file of pictures with hands drawn as bones, all parts of which are known, as InterHand2.6M's are.

Pictures 0, 3, 6 ... show both hands, one a little behind the other, those between them a right one and a left one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey
from handseg_cli.pose.camera import project
from handseg_cli.pose.pairs import PARTS
from handseg_cli.pose.skeleton import FINGERS, ORDERS, PARENTS, SIDES, Side, reorder_both
from handseg_cli.sample import Image, Mask
from handseg_cli.synth.labels import NAMES
from tests.tiny.posed import CAMERA, COLOURS, SIZE, SPLITS, Joints, posed

Dataset = Literal["synthetic", "interhand"]
CLASSES: dict[Dataset, tuple[str, ...]] = {"synthetic": NAMES, "interhand": PARTS}
SHOWN: tuple[tuple[Side, ...], ...] = (("left", "right"), ("right",), ("left",))


def build(path: Path, count: int = 15, seed: int = 0, dataset: Dataset = "interhand") -> None:
    """Write the file, with joints in the order and parts in the numbers of a dataset."""
    rng = np.random.default_rng(seed)
    samples = [sample(number, rng, dataset) for number in range(count)]
    write(path, Header(dataset, "parts", CLASSES[dataset]), samples)


def sample(number: int, rng: np.random.Generator, dataset: Dataset) -> Encoded:
    """Return one picture with its labels."""
    sides = SHOWN[number % 3]
    joints = np.full((2, 21, 3), np.nan, np.float32)
    for place, side in enumerate(sides):
        apart = (-85.0 + 170 * place if len(sides) == 2 else 0.0, 0.0, 500.0 + 40 * place)
        joints[SIDES["ours"].index(side)] = posed(side, rng) + np.array(apart, np.float32)
    image, parts = drawn(joints, rng, CLASSES[dataset])
    order = ORDERS[dataset]
    rows = joints.reshape(42, 3)[reorder_both("ours", order)]
    known = np.asarray(np.isfinite(rows).all(axis=1))
    # As InterHand2.6M has those that are not there.
    rows = np.where(known[:, None], rows, np.float32(0 if order == "interhand" else np.nan))
    points = project(rows, CAMERA)
    inside = known & (points > 0).all(axis=1) & (points < np.array(SIZE[::-1]) - 1).all(axis=1)
    return Encoded(
        key=f"{number:03}",
        image=encode_jpeg(image),
        size=SIZE,
        original=SIZE,
        parts=encode_grey(parts),
        joints=np.ascontiguousarray(rows, "<f4").tobytes(),
        points=np.ascontiguousarray(np.nan_to_num(points) if order == "interhand" else points, "<f4").tobytes(),
        valid=inside.astype(np.uint8).tobytes(),
        camera=CAMERA.tobytes(),
        hands="both" if len(sides) == 2 else sides[0],
        group=f"person{number}",
        split=SPLITS[number % len(SPLITS)],
    )


def drawn(joints: Joints, rng: np.random.Generator, classes: tuple[str, ...]) -> tuple[Image, Mask]:
    """Draw hands (2, 21, 3), left first, that are not NaN, and their parts by number."""
    coarse = rng.integers(0, 110, (4, 5, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    parts = np.zeros(SIZE, np.uint8)
    for side, hand in zip(("left", "right"), joints, strict=True):
        if np.isnan(hand).any():
            continue
        at = np.rint(project(hand, CAMERA)).astype(int).tolist()
        for child, parent in enumerate(PARENTS):
            if parent >= 0:
                finger, place = divmod(child - 1, 4)
                name = f"{FINGERS[finger]} {('', 'base', 'middle', 'tip')[place]}" if place else "palm"
                cv2.line(image, at[parent], at[child], COLOURS[0 if parent == 0 else 1 + finger], 3)
                cv2.line(parts, at[parent], at[child], (classes.index(f"{side} {name}"),), 5)
    return image, parts
