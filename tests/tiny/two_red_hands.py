"""A net of two hands without training, as ONNX: red is a left hand, purple a right one, around whose middle all lies.

Its windows have 64 pixels, so that its grid has 16.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey
from handseg_cli.pose.pairs import BINS, PARTS, STRIDE, to_millimetres
from handseg_cli.pose.skeleton import Side, reorder
from handseg_cli.sample import Image
from tests.tiny.red_hands import CAMERA, OFFSETS, SIDE, SIZE, packed

CARD = {"model": "digit", "arguments": {}, "task": "hands3d", "size": SIDE, "stride": 32}
GRID = SIDE // STRIDE
# InterHand2.6M's joints of one hand in pixels of the window, so tall that the window around it is as large as itself.
REACH = (OFFSETS * (SIDE / 1.25 / 24))[reorder("rhd", "interhand")].astype(np.float32)
UNITS = np.linspace(6, 10, 21, dtype=np.float32)
UNITS += GRID / 2 - UNITS[20]
BEHIND = 36.0  # bins: the left wrist is 25 mm behind the right one
PALMS = {"right": PARTS.index("right palm"), "left": PARTS.index("left palm")}
COLOURS = {"right": (255, 0, 255), "left": (255, 0, 0)}
DOT = 12  # pixels of a side of what is drawn for a hand


def model(shift: float = 0.0, behind: float = BEHIND) -> bytes:
    """Return the net; with a shift, joints are so many pixels of the window too far to the right."""
    middles = np.arange(SIDE, dtype=np.float32)
    steps = {"starts": [0, 0], "ends": [SIDE, SIDE], "axes": [1, 2], "twos": [2, 2]}
    values: dict[str, Any] = {
        "half": np.float32(128),
        "one": np.float32(1),
        "six": np.float32(6),
        "twelve": np.float32(12),
        "quarter": np.float32(1 / STRIDE),
        "none": np.float32(0),
        "sides": np.array([1, 2]),
        "first": np.array([1]),
        "last": np.array([2]),
        "red": np.array(0),
        "blue": np.array(2),
        "xs": middles[None, None],
        "ys": middles[None, :, None],
        "reach": (REACH + np.array([shift, 0], np.float32))[None] / np.float32(STRIDE),
        "units": UNITS[None, :, None],
        "behind": np.float32(behind),
        "ground": 0.5 * of_part(0),
        **{f"part_{side}": 9 * of_part(number) for side, number in PALMS.items()},
        **{name: np.array(each) for name, each in steps.items()},
    }
    nodes = [helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT)]

    def node(kind: str, output: str, *inputs: str, **more: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **more))
        return output

    for colour in ("red", "blue"):
        is_so = node("Greater", f"is_{colour}", node("Gather", f"{colour}_level", "floats", colour, axis=3), "half")
        node("Cast", f"{colour}_bits", is_so, to=TensorProto.FLOAT)
    node("Mul", "right", "red_bits", "blue_bits")
    node("Sub", "left", "red_bits", "right")
    for side in ("right", "left"):
        count = node("ReduceSum", f"{side}_count", side, "sides", keepdims=0)
        total = node("Max", f"{side}_total", count, "one")
        means = []
        for axis in ("xs", "ys"):
            weighted = node("Mul", f"{side}_{axis}", side, axis)
            mean = node(
                "Div",
                f"{side}_{axis}_mean",
                node("ReduceSum", f"{side}_{axis}_sum", weighted, "sides", keepdims=0),
                total,
            )
            means.append(node("Unsqueeze", f"{side}_{axis}_column", mean, "first"))
        place = node("Mul", f"{side}_grid", node("Concat", f"{side}_place", *means, axis=1), "quarter")
        points = node("Add", f"{side}_points", node("Unsqueeze", f"{side}_places", place, "first"), "reach")
        zero = node("Mul", f"{side}_zero", node("Unsqueeze", f"{side}_third", means[0], "last"), "none")
        depths = node("Add", f"{side}_units", zero, "units")
        node("Concat", f"{side}_joints", points, depths, axis=2)
        there = node("Unsqueeze", f"{side}_there", node("Min", f"{side}_least", count, "one"), "first")
        node("Sub", f"{side}_logit", node("Mul", f"{side}_twelve", there, "twelve"), "six")
        fine = node("Slice", f"{side}_fine", side, "starts", "ends", "axes", "twos")
        node("Mul", f"{side}_parts", node("Unsqueeze", f"{side}_map", fine, "first"), f"part_{side}")
    node("Concat", "joints", "right_joints", "left_joints", axis=1)
    node("Concat", "handedness", "right_logit", "left_logit", axis=1)
    node("Add", "parts", node("Add", "both_parts", "right_parts", "left_parts"), "ground")
    nothing = node("Sub", "nothing", "right_there", "right_there")
    node("Add", "root_depth", nothing, "behind")
    shapes: dict[str, list[Any]] = {"joints": ["n", 42, 3], "root_depth": ["n", 1], "handedness": ["n", 2]}
    return packed(nodes, values, shapes | {"parts": ["n", 33, SIDE // 2, SIDE // 2]}, [SIDE, SIDE], CARD)


def of_part(number: int) -> NDArray[np.float32]:
    """Return (1, 33, 1, 1) that is 1 for a part."""
    return np.asarray(np.arange(len(PARTS)) == number, np.float32)[None, :, None, None]


class Two(NamedTuple):
    """A photo of a prepared file: the wrists of a right and of a left hand, None of one that is not there."""

    right: tuple[int, int] | None = None
    left: tuple[int, int] | None = None
    split: str = "test"

    @property
    def wrists(self) -> dict[Side, tuple[int, int]]:
        """Return where the wrists are of the hands that are there."""
        both: Sequence[tuple[Side, tuple[int, int] | None]] = (("right", self.right), ("left", self.left))
        return {side: wrist for side, wrist in both if wrist is not None}


def photo(two: Two, size: tuple[int, int] = SIZE) -> Image:
    """Return a black photo of (height, width) with a square for each hand."""
    image = np.zeros((*size, 3), np.uint8)
    for side, (x, y) in two.wrists.items():
        image[y - DOT // 2 : y + DOT // 2, x - DOT // 2 : x + DOT // 2] = COLOURS[side]
    return image


def truth(two: Two) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (42, 2) and joints (42, 3) mm as the net tells them, shown the window around true hands."""
    points, depths = np.zeros((42, 2)), np.zeros(42)
    for side, wrist in two.wrists.items():
        rows = slice(0, 21) if side == "right" else slice(21, 42)
        points[rows] = np.array(wrist) - 0.5 + REACH
        behind = float(to_millimetres(np.array(BEHIND), BINS)) if side == "left" else 0.0
        depths[rows] = 600 + behind + to_millimetres(UNITS.astype(np.float64), GRID)
    rays = (points - CAMERA[:2, 2]) / CAMERA[[0, 1], [0, 1]]
    return points, np.column_stack([rays, np.ones(42)]) * depths[:, None]


def prepare(path: Path, photos: Sequence[Two], parts: bool = True) -> Path:
    """Write a prepared file as InterHand2.6M's is."""
    samples = []
    for number, two in enumerate(photos):
        image = photo(two)
        points, joints = truth(two)
        numbers = np.zeros(SIZE, np.uint8)
        for side in two.wrists:
            numbers[(image == COLOURS[side]).all(axis=2)] = PALMS[side]
        samples.append(
            Encoded(
                f"{number:03}",
                encode_jpeg(image),
                SIZE,
                SIZE,
                parts=encode_grey(numbers) if parts else b"",
                joints=joints.astype("<f4").tobytes(),
                points=points.astype("<f4").tobytes(),
                valid=(joints[:, 2] > 0).astype(np.uint8).tobytes(),
                camera=CAMERA.astype("<f4").tobytes(),
                hands="both" if len(two.wrists) == 2 else "".join(two.wrists),
                group=f"person{number % 3}",
                split=two.split,
            )
        )
    write(path, Header("interhand", "joints", PARTS if parts else ()), samples)
    return path
