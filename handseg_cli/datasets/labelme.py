"""JSON files of the labelme tool, one for each photo: polygons, rectangles, circles and masks with a label each."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.own import (
    CITATION,
    LICENCE,
    folder_of,
    inside,
    is_photo,
    places,
    read_image,
    read_json,
    require_size,
    walk,
)
from handseg_cli.datasets.own_classes import Side, are_places, filled, hand_classes, labelled
from handseg_cli.datasets.own_masks import decode_mask
from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Mask, Sample

EXPECTED = "JSON files of labelme (shapes, imagePath) beside their photos"
# These have no inside.
LINES = frozenset({"point", "points", "line", "linestrip"})
LEAST = {"polygon": 1, "rectangle": 2, "circle": 2, "mask": 2}  # points
CORNERS = 90  # of the polygon that stands for a circle


@dataclass(frozen=True)
class Shape:
    """One shape as (N, 2) points in pixels, or the flaw that keeps it from being drawn.

    `patch` is the base64 PNG of a mask whose corners the points are.
    """

    label: str
    points: NDArray[np.float64]
    patch: str = ""
    flaw: str = ""


@dataclass(frozen=True)
class Sheet:
    """What one file tells: the (height, width) of its photo, the shapes, and the sides of those labels that are hands.

    With a `flaw` nothing else of it can be trusted.
    """

    size: tuple[int, int] | None = None
    shapes: tuple[Shape, ...] = ()
    sides: dict[str, Side] | None = None
    flaw: str = ""


class LabelMe:
    """Photos that have a file of the labelme tool; photos without one are nobody's labels yet."""

    archives: tuple[Archive, ...] = ()
    licence = LICENCE
    citation = CITATION
    page = "https://github.com/wkentaro/labelme"
    labels: tuple[str, ...] = ("hand", "sides")

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the JSON files of the tool; a broken one is listed, too, and fails when it is read."""
        root = folder_of(raw, EXPECTED)
        found: dict[Path, tuple[Path, Sheet]] = {}
        for folder, names in walk(root):
            for name in names:
                if name.lower().endswith(".json"):
                    found |= _open(folder / name, root, names)
        if not found:
            raise DatasetError(f"{root}: holds no file of labelme; expected {EXPECTED}")
        labels = {shape.label for _, sheet in found.values() for shape in sheet.shapes}
        sides = hand_classes({label: label for label in sorted(labels)}, str(root))
        place = places(found, root)
        for path, (photo, sheet) in found.items():
            at = place[path]
            shapes = tuple(shape for shape in sheet.shapes if shape.label in sides)
            yield Entry(at.key, photo, path, at.group, at.split, replace(sheet, shapes=shapes, sides=sides))

    def read(self, entry: Entry) -> Sample:
        """Read a photo and draw the shapes of its hands."""
        sheet: Sheet = entry.detail
        flaw = next((shape.flaw for shape in sheet.shapes if shape.flaw), sheet.flaw)
        if flaw:
            raise DatasetError(flaw)
        image = read_image(entry)
        height, width = image.shape[:2]
        if sheet.size is not None:
            require_size(sheet.size, (height, width), str(entry.labels))
        return labelled(entry, image, _layers(sheet, (height, width), str(entry.labels)))


def _layers(sheet: Sheet, size: tuple[int, int], where: str) -> Iterator[tuple[Side, Mask]]:
    sides = sheet.sides or {}
    yield from filled(((sides[shape.label], shape.points) for shape in sheet.shapes if not shape.patch), size)
    yield from ((sides[shape.label], _pasted(shape, size, where)) for shape in sheet.shapes if shape.patch)


def _pasted(shape: Shape, size: tuple[int, int], where: str) -> Mask:
    """Put the mask of a shape into a layer of the photo's (height, width)."""
    try:
        data = base64.b64decode(shape.patch, validate=True)
    except ValueError as error:
        raise DatasetError(f"{where}: a mask of {shown(shape.label)} is no base64 ({error}); save it again") from error
    patch = decode_mask(data, f"{where} (mask of {shown(shape.label)})")
    left, top = (int(value) for value in np.clip(shape.points.min(axis=0), 0, max(size)))
    layer = np.zeros(size, np.uint8)
    part = layer[top : top + patch.shape[0], left : left + patch.shape[1]]
    if part.shape != patch.shape:
        raise DatasetError(f"{where}: a mask of {shown(shape.label)} runs out of the photo; save it again")
    part[:] = patch
    return layer


def _open(path: Path, root: Path, names: list[str]) -> dict[Path, tuple[Path, Sheet]]:
    """Read one JSON file into its photo and sheet; nothing for a file of another kind."""
    beside = [path.with_name(name) for name in names if is_photo(name) and Path(name).stem == path.stem]
    photo = beside[0] if beside else path.with_suffix(".jpg")
    try:
        value = read_json(path)
        if not isinstance(value, dict) or not isinstance(value.get("shapes"), list):
            return {}
        named = inside(root, path.parent, value.get("imagePath"), f"{path} imagePath")
        # Photos and labels that were moved together keep their names.
        photo = named if os.path.isfile(named) or not beside else photo
        shapes = [shape for each in value["shapes"] for shape in _shapes(each, str(path))]
        return {path: (photo, Sheet(_size(value), tuple(shapes)))}
    except DatasetError as error:
        return {path: (photo, Sheet(flaw=str(error)))}


def _size(value: dict[str, Any]) -> tuple[int, int] | None:
    height, width = value.get("imageHeight"), value.get("imageWidth")
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _shapes(value: Any, where: str) -> Iterator[Shape]:
    """Yield the shape of one record unless it has no inside."""
    if not isinstance(value, dict) or not isinstance(value.get("label"), str):
        raise DatasetError(f"{where}: has a shape without a label; save it again in labelme")
    label, kind = value["label"], value.get("shape_type") or "polygon"
    if isinstance(kind, str) and kind in LINES:
        return
    try:
        points = np.asarray(value.get("points"), np.float64)
    except (TypeError, ValueError, OverflowError):
        points = np.empty(0)
    flaw = ""
    if points.ndim != 2 or points.shape[1] != 2 or not are_places(points):
        flaw = "has points that are no pairs of pixels"
    elif not isinstance(kind, str) or kind not in LEAST:
        flaw = f"has the shape {shown(str(kind))[:40]}, which cannot be filled"
    elif len(points) < LEAST[kind]:
        flaw = "has too few points"
    if flaw:
        yield Shape(label, points, flaw=f"{where}: a shape of {shown(label)[:80]} {flaw}; draw it again as a polygon")
    elif kind == "mask":
        yield Shape(label, points, str(value.get("mask")))
    else:
        yield Shape(label, _outline(str(kind), points))


def _outline(kind: str, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N, 2) polygon of a shape: two corners make a rectangle, centre and rim a circle."""
    if kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = points
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if kind == "circle":
        angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        radius = np.hypot(*(points[1] - points[0]))
        return np.asarray(points[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return points
