"""Outlines of hands, drawn by people: filled into masks, and read from the XML files of LabelMe.

What people draw leaves the photo, stops after two points, or holds no numbers; none of that may stop a dataset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from handseg_cli.datasets.raw import read_file
from handseg_cli.errors import DatasetError
from handseg_cli.sample import Mask

Points = NDArray[np.float64]  # (N, 2), x and y in pixels

# Pillow walks along each edge pixel by pixel, also where it is out of sight: what lies farther off, in photos, is a
# slip of the pen and is moved nearer.
FARTHEST = 10


@dataclass(frozen=True)
class Outline:
    """One thing that was outlined, under the name that its annotator gave it."""

    name: str
    points: Points


@dataclass(frozen=True)
class Drawing:
    """The outlines of one photo, and the (height, width) that it is said to have, if it is."""

    outlines: tuple[Outline, ...]
    size: tuple[int, int] | None = None


def clean(points: Any) -> Points:
    """Return the finite vertices of a polygon as (N, 2) floats, none at all where they enclose nothing."""
    array = np.asarray(points)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "fiu":
        return np.empty((0, 2))
    finite: Points = array[np.isfinite(array).all(axis=1)].astype(np.float64)
    return finite if len(finite) >= 3 else np.empty((0, 2))


def rasterise(polygons: Iterable[Any], size: tuple[int, int]) -> Mask:
    """Fill and outline (N, 2) polygons of pixels on a (height, width) canvas: their union, uint8, 255 inside."""
    height, width = size
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    for points in map(clean, polygons):
        if len(points):
            far = FARTHEST * np.array([width, height])
            draw.polygon(np.clip(points, -far, far).ravel().tolist(), fill=255, outline=255)
    return np.array(canvas)


def rasterise_sides(left: Iterable[Any], right: Iterable[Any], size: tuple[int, int]) -> Mask:
    """Fill polygons of left and of right hands: (H, W) uint8, 1 left, 2 right, 3 where both are."""
    return rasterise(left, size) & np.uint8(1) | rasterise(right, size) & np.uint8(2)


def read_drawing(path: Path, name: str) -> Drawing:
    """Read an XML file of LabelMe that belongs to the dataset `name`; what was deleted there stays out."""
    try:
        root = ElementTree.fromstring(read_file(path, name))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        what = f"is no XML that can be read ({error})"
        raise DatasetError(f"{path}: {what}; run `handseg download {name}` again or leave it out") from error
    things = [thing for thing in root.iter("object") if _text(thing, "deleted") not in ("1", "true")]
    # Some tools put several polygons into one object.
    outlines = (Outline(_text(thing, "name"), _points(ring)) for thing in things for ring in thing.iter("polygon"))
    return Drawing(tuple(outlines), _size(root))


def fitted(drawing: Drawing, size: tuple[int, int]) -> tuple[Outline, ...]:
    """Scale the outlines from the size their photo is said to have to the (height, width) it has."""
    if drawing.size in (None, size):
        return drawing.outlines
    assert drawing.size is not None
    scale = np.array([size[1] / drawing.size[1], size[0] / drawing.size[0]])
    return tuple(Outline(outline.name, outline.points * scale) for outline in drawing.outlines)


def _text(element: ElementTree.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _number(text: str) -> float:
    """Read a number; what is none is no place either."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _points(ring: ElementTree.Element) -> Points:
    return clean([[_number(_text(point, "x")), _number(_text(point, "y"))] for point in ring.iter("pt")])


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    sides = [_number(_text(root, f".//imagesize/{tag}")) for tag in ("nrows", "ncols")]
    return (int(sides[0]), int(sides[1])) if all(1 <= side < 1e6 for side in sides) else None
