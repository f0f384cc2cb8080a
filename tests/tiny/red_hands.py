"""Nets without training, as ONNX: what is red is a hand, and around its middle lies a pose of known shape."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.hdf5 import write
from handseg_cli.io.layout import Header
from handseg_cli.io.png import encode_grey
from handseg_cli.pose.canonical import MIDDLE
from handseg_cli.pose.skeleton import Side
from handseg_cli.sample import Image

SIDE = 64  # pixels of a window
CARD = {"model": "handpose", "arguments": {}, "task": "pose", "size": SIDE, "stride": 32}

SIZE = (240, 320)  # (height, width) of photos
CAMERA = np.array([[280, 0, 160], [0, 280, 120], [0, 0, 1]], np.float64)

# In RHD's order, pixels of the window from the wrist on: fingers side by side, each from tip to base.
FINGERS = [[(4 * finger - 8, 5 * place - 24) for place in range(4)] for finger in range(5)]
OFFSETS = np.array([(0, 0), *(place for finger in FINGERS for place in finger)], np.float32)
DEPTHS = np.linspace(-8, 8, 21, dtype=np.float32)
DEPTHS -= DEPTHS[MIDDLE]


def model() -> bytes:
    """Return a pose model to which a hand is a right one if it is blue as well, and none after all if it is green."""
    middles = np.arange(SIDE, dtype=np.float32)
    values = {
        "half": np.float32(128),
        "one": np.float32(1),
        "six": np.float32(6),
        "twelve": np.float32(12),
        "both": np.array([1, 2]),
        "last": np.array([1]),
        "xs": middles[None, None],
        "ys": middles[None, :, None],
        "offsets": OFFSETS[None],
        "depths_of_one": DEPTHS[None],
        **{colour: np.array(number) for number, colour in enumerate(("red", "green", "blue"))},
    }
    nodes = [helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT)]

    def node(kind: str, output: str, *inputs: str, **more: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **more))
        return output

    for colour in ("red", "green", "blue"):
        level = node("Gather", f"{colour}_level", "floats", colour, axis=3)
        is_so = node("Greater", f"is_{colour}", level, "half")
        node("Cast", f"{colour}_bits", is_so, to=TensorProto.FLOAT)
    total = node("Max", "total", node("ReduceSum", "counted", "red_bits", "both", keepdims=0), "one")
    means = {}
    for name, weight in (("x", "xs"), ("y", "ys"), ("right", "blue_bits"), ("green", "green_bits")):
        weighted = node("Mul", f"{name}_weighted", "red_bits", weight)
        mean = node("Div", f"{name}_mean", node("ReduceSum", f"{name}_sum", weighted, "both", keepdims=0), total)
        means[name] = node("Unsqueeze", f"{name}_column", mean, "last")
    place = node("Concat", "place", means["x"], means["y"], axis=1)
    node("Add", "points", node("Unsqueeze", "places", place, "last"), "offsets")
    node("Add", "depths", node("Sub", "nothing", means["x"], means["x"]), "depths_of_one")
    node("Sub", "right", node("Mul", "right_12", means["right"], "twelve"), "six")
    node("Sub", "score", "six", node("Mul", "green_12", means["green"], "twelve"))
    shapes = {"points": ["n", 21, 2], "depths": ["n", 21], "right": ["n", 1], "score": ["n", 1]}
    return packed(nodes, values, shapes, [SIDE, SIDE], CARD)


def finder(steepness: float = 20.0) -> bytes:
    """Return a net of masks to which all that is red is hand."""
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["floats", "red"], ["level"], axis=3),
        helper.make_node("Mul", ["level", "share"], ["shares"]),
        helper.make_node("Sub", ["shares", "half"], ["logits"]),
        helper.make_node("Unsqueeze", ["logits", "first"], ["mask"]),
    ]
    share, half = np.float32(steepness / 255), np.float32(steepness / 2)
    values = {"red": np.array(0), "share": share, "half": half, "first": np.array([1])}
    card = {"model": "lite", "arguments": {}, "task": "hands", "size": 128, "stride": 32}
    return packed(nodes, values, {"mask": ["n", 1, "h", "w"]}, ["h", "w"], card)


def packed(
    nodes: list[onnx.NodeProto], values: dict[str, Any], shapes: dict[str, list[Any]], sides: list[Any], card: object
) -> bytes:
    """Return nodes as a model with a card, which takes photos of such sides."""
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", *sides, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(made, {"card": json.dumps(card)})
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def build(folder: Path) -> None:
    """Write pose.onnx and finder.onnx."""
    (folder / "pose.onnx").write_bytes(model())
    (folder / "finder.onnx").write_bytes(finder())


def photo(*hands: tuple[int, int], size: tuple[int, int] = SIZE, colour: tuple[int, int, int] = (255, 0, 0)) -> Image:
    """Return a black photo of (height, width) with a hand, 40 pixels square, around each (x, y)."""
    image = np.zeros((*size, 3), np.uint8)
    for x, y in hands:
        image[y - 20 : y + 20, x - 20 : x + 20] = colour
    return image


class Labelled(NamedTuple):
    """A photo of a prepared file: hands of a side around each (x, y), and how far the labels of all are off."""

    hands: Sequence[tuple[int, int, Side]]
    off: float = 0.0  # pixels to the right
    split: str = "test"


def truth(x: int, y: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (21, 2) and joints (21, 3) mm of the hand around a place, RHD's order, as the model tells them."""
    scale = SIDE / (40 * 1.25)
    points = np.array([x - 0.5, y - 0.5]) + OFFSETS / scale
    depth = 600 * (1 + DEPTHS / (scale * CAMERA[0, 0]))
    rays = (points - CAMERA[:2, 2]) / CAMERA[0, 0]
    return points, np.column_stack([rays, np.ones(21)]) * depth[:, None]


def prepare(path: Path, photos: Sequence[Labelled], dataset: str = "synthetic") -> Path:
    """Write a prepared file of photos with RHD's joints."""
    samples = []
    for number, each in enumerate(photos):
        image = np.zeros((*SIZE, 3), np.uint8)
        points, joints = np.full((42, 2), np.nan), np.full((42, 3), np.nan)
        for x, y, side in each.hands:
            image = np.maximum(image, photo((x, y), size=SIZE, colour=(255, 0, 255 if side == "right" else 0)))
            rows = slice(21, 42) if side == "right" else slice(21)
            points[rows], joints[rows] = truth(x, y)
        points[:, 0] += each.off
        samples.append(
            Encoded(
                f"{number:03}",
                encode_jpeg(image),
                SIZE,
                SIZE,
                encode_grey(image[..., 0], 1),
                joints=joints.astype("<f4").tobytes(),
                points=points.astype("<f4").tobytes(),
                valid=np.isfinite(points).all(axis=1).astype(np.uint8).tobytes(),
                camera=CAMERA.astype("<f4").tobytes(),
                group=f"person{number % 3}",
                split=each.split,
            )
        )
    write(path, Header(dataset, "joints"), samples)
    return path
