"""YOLO segmentation labels: a text file for each photo, a polygon a line, as class x1 y1 x2 y2 ... from 0 to 1."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.own import CITATION, LICENCE, folder_of, is_photo, places, read_image, read_text, walk
from handseg_cli.datasets.own_classes import Side, filled, hand_classes, labelled
from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Sample

EXPECTED = (
    "images/ and labels/ side by side (labels/a.txt for images/a.jpg), and data.yaml if there are several classes"
)
MAX_TEXT = 16 << 20
# Tools let outlines run out of the photo a little; numbers in the hundreds are pixels.
FAR = 2.0
Classes = dict[int, Side | None]  # the side of those that are hands, None for others


class Yolo:
    """Photos in `images/` and outlines in `labels/`; a photo without a file there, or with an empty one, shows none."""

    archives: tuple[Archive, ...] = ()
    licence = LICENCE
    citation = CITATION
    page = "https://docs.ultralytics.com/datasets/segment/"
    labels: tuple[str, ...] = ("hand", "sides")

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos of all `images/` that have a `labels/` in the same place."""
        root = folder_of(raw, EXPECTED)
        classes = find_classes(root)
        photos = {folder / name: _text_of(folder / name, root) for folder, name in _photos(root)}
        photos = {photo: text for photo, text in photos.items() if text is not None}
        if not any(text and os.path.isfile(text) for text in photos.values()):
            raise DatasetError(f"{root}: holds no photo with YOLO labels; expected {EXPECTED}")
        _require_one_photo_each(photos)
        place = places(photos, root)
        for photo, text in photos.items():
            at = place[photo]
            yield Entry(at.key, photo, text, at.group, at.split, classes)

    def read(self, entry: Entry) -> Sample:
        """Read a photo and fill its outlines."""
        image = read_image(entry)
        outlines = read_outlines(entry.labels, entry.detail) if entry.labels and os.path.lexists(entry.labels) else []
        height, width = image.shape[:2]
        inside = ((side, points * (width, height)) for side, points in outlines)
        return labelled(entry, image, filled(inside, (height, width)))


def _photos(root: Path) -> Iterator[tuple[Path, str]]:
    for folder, names in walk(root):
        yield from ((folder, name) for name in names if is_photo(name))


def _text_of(photo: Path, root: Path) -> Path | None:
    """Return where the labels of a photo would be: the last images/ in its path is labels/; None if it has none."""
    names = list(photo.relative_to(root).parts)
    at = max((number for number, name in enumerate(names[:-1]) if name == "images"), default=-1)
    if at < 0 or not os.path.isdir(root.joinpath(*names[:at], "labels")):
        return None
    return root.joinpath(*names[:at], "labels", *names[at + 1 :]).with_suffix(".txt")


def _require_one_photo_each(photos: dict[Path, Path | None]) -> None:
    """Refuse photos that share one text file: it tells the outlines of one of them only."""
    seen: dict[Path | None, Path] = {}
    for photo, text in photos.items():
        if text in seen:
            raise DatasetError(f"{photo}: has the same labels as {seen[text]} ({text}); rename one of the photos")
        seen[text] = photo


def read_outlines(path: Path, classes: Classes) -> list[tuple[Side, NDArray[np.float64]]]:
    """Read the outlines of hands, each with its side, as (N, 2) from 0 to 1."""
    outlines: list[tuple[Side, NDArray[np.float64]]] = []
    for number, line in enumerate(read_text(path, MAX_TEXT).splitlines(), 1):
        if not line.strip():
            continue
        kind, points = _outline(line, f"{path} line {number}")
        if kind not in classes:
            raise DatasetError(f"{path} line {number}: class {kind} has no name; add it to the names in data.yaml")
        side = classes[kind]
        if side is not None:
            outlines.append((side, points))
    return outlines


def _outline(line: str, where: str) -> tuple[int, NDArray[np.float64]]:
    try:
        numbers = [float(word) for word in line.split()]
    except ValueError as error:
        raise DatasetError(f"{where}: is no row of numbers; write class x1 y1 x2 y2 ...") from error
    if not all(map(math.isfinite, numbers)) or numbers[0] != int(numbers[0]) or numbers[0] < 0:
        raise DatasetError(f"{where}: has numbers that are none (NaN, infinity, or a class that is not 0, 1 ...)")
    if len(numbers) == 5:
        raise DatasetError(f"{where}: is a box, not an outline; export the labels for segmentation")
    if len(numbers) < 7 or len(numbers) % 2 == 0:
        raise DatasetError(f"{where}: has {len(numbers)} numbers; write the class and three or more points")
    points = np.array(numbers[1:]).reshape(-1, 2)
    if np.abs(points).max() > FAR:
        raise DatasetError(f"{where}: has coordinates beyond 0 to 1; divide them by the width and height of the photo")
    return int(numbers[0]), points


def find_classes(root: Path) -> Classes:
    """Return the classes by the names in data.yaml, or whatever it is called; without names there is one, 0."""
    for path in sorted((*root.glob("*.yaml"), *root.glob("*.yml")), key=lambda path: (path.stem != "data", path.name)):
        names = parse_names(read_text(path, MAX_TEXT))
        if names:
            hands = hand_classes(names, str(path))
            return {kind: hands.get(kind) for kind in names}
    return {0: ""}


def parse_names(text: str) -> dict[int, str]:
    """Read the class names out of a data.yaml, in any of the four ways in which YAML writes a list or a mapping."""
    lines = [re.sub(r"(^|\s)#.*", "", line).rstrip() for line in text.splitlines()]
    start = next((number for number, line in enumerate(lines) if re.match(r"names\s*:", line)), None)
    if start is None:
        return {}
    rest = lines[start].partition(":")[2].strip()
    if rest:
        rest = " ".join([rest, *lines[start + 1 :]])
        items = _items(re.split(r"[]}]", rest, maxsplit=1)[0][1:])
    else:
        block = []
        for line in lines[start + 1 :]:
            if line and not re.match(r"\s|-", line):
                break
            block += [re.sub(r"^\s*-\s+", "", line).strip()] if line else []
        items = block
    pairs = [re.fullmatch(r"""["']?(\d{1,6})["']?\s*:\s+(.*)""", item) for item in items]
    if items and all(pairs):
        return {int(pair[1]): _unquoted(pair[2]) for pair in pairs if pair}
    return {number: _unquoted(item) for number, item in enumerate(items)}


def _items(inner: str) -> list[str]:
    found = re.findall(r"""\s*((?:\d+\s*:\s*)?(?:"[^"]*"|'[^']*'|[^,"'][^,]*))\s*(?:,|$)""", inner)
    return [item.strip() for item in found if item.strip()]


def _unquoted(item: str) -> str:
    return item[1:-1] if len(item) > 1 and item[0] == item[-1] and item[0] in "\"'" else shown(item)
