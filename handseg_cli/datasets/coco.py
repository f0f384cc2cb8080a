"""COCO JSON files of people's own: polygons and run lengths, packed or not, in one file or in several."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.own import (
    CITATION,
    LICENCE,
    below,
    folder_of,
    places,
    read_image,
    read_json,
    require_size,
    split_in,
    walk,
)
from handseg_cli.datasets.own_classes import Side, are_places, filled, hand_classes, labelled
from handseg_cli.datasets.rle import fill_runs, unpack_counts
from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Mask, Sample

EXPECTED = "COCO JSON files (images, annotations, categories) beside their photos or beside images/"


@dataclass(frozen=True)
class Region:
    """One hand that was outlined: (N, 2) polygons or run lengths, or the flaw that keeps it from being drawn."""

    where: str
    side: Side = ""
    polygons: tuple[NDArray[np.float32], ...] = ()
    counts: str | tuple[Any, ...] = ()
    size: Any = None  # [height, width] of the run lengths
    flaw: str = ""


@dataclass
class Labels:
    """What the files tell of one photo."""

    where: str
    split: str
    size: tuple[int, int] | None = None  # (height, width)
    regions: list[Region] = field(default_factory=list)


class Coco:
    """The photos that COCO files list, also those without annotations; crowds count as hands like any other region."""

    archives: tuple[Archive, ...] = ()
    licence = LICENCE
    citation = CITATION
    page = "https://cocodataset.org/#format-data"
    labels: tuple[str, ...] = ("hand", "sides")

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos of a JSON file, or of all in a folder; DatasetError for a path that leaves the folder."""
        root, files = _json_files(raw)
        photos: dict[Path, Labels] = {}
        for path in files:
            _collect(path, read_json(path), root, photos)
        if not photos:
            raise DatasetError(f"{raw}: holds no COCO file that lists photos; expected {EXPECTED}")
        if not any(os.path.isfile(photo) for photo in photos):
            there = f"none of its {len(photos)} photos is there, such as {next(iter(photos))}"
            raise DatasetError(f"{raw}: {there}; expected {EXPECTED}")
        place = places(photos, root)
        for photo, labels in photos.items():
            at = place[photo]
            yield Entry(at.key, photo, None, at.group, labels.split or at.split, labels)

    def read(self, entry: Entry) -> Sample:
        """Read a photo and draw its regions."""
        labels: Labels = entry.detail
        flaw = next((region for region in labels.regions if region.flaw), None)
        if flaw is not None:
            raise DatasetError(f"{flaw.where}: {flaw.flaw}; mend or remove it")
        image = read_image(entry)
        height, width = image.shape[:2]
        if labels.size is not None:
            require_size(labels.size, (height, width), labels.where)
        return labelled(entry, image, _layers(labels.regions, (height, width)))


def _layers(regions: list[Region], size: tuple[int, int]) -> Iterator[tuple[Side, Mask]]:
    yield from filled(((region.side, points) for region in regions for points in region.polygons), size)
    for region in regions:
        if not region.counts:
            continue
        if region.size != [*size]:
            found = region.size if isinstance(region.size, list) else []
            whole = len(found) == 2 and all(type(side) is int for side in found)
            require_size((found[0], found[1]) if whole else (0, 0), size, region.where)
        try:
            counts = unpack_counts(region.counts) if isinstance(region.counts, str) else region.counts
            yield region.side, fill_runs(counts, size)
        except ValueError as error:
            raise DatasetError(f"{region.where}: {error}; mend or remove it") from error


def _json_files(raw: Path) -> tuple[Path, list[Path]]:
    """Return the folder that no path may leave, and the JSON files."""
    if os.path.isfile(raw):
        # `annotations/hands.json` speaks of photos in `images/` beside its folder.
        return (raw.parent.parent if raw.parent.name == "annotations" else raw.parent), [raw]
    root = folder_of(raw, EXPECTED)
    return root, [folder / name for folder, names in walk(root) for name in names if name.lower().endswith(".json")]


def _collect(path: Path, value: Any, root: Path, photos: dict[Path, Labels]) -> None:
    """Add what one file, if it is COCO's, tells to the photos; a photo in two files has the regions of both."""
    lists = ("images", "annotations", "categories")
    if not isinstance(value, dict) or not all(isinstance(value.get(name), list) for name in lists):
        return
    classes = _classes(path, value["categories"])
    bases = _bases(path, root)
    split = split_in(path.stem) or split_in("" if path.parent == root else path.parent.name)
    by_id: dict[object, Labels] = {}
    for number, record in enumerate(value["images"], 1):
        where = f"{path.relative_to(root)} image {number}"
        if not isinstance(record, dict) or not _is_id(record.get("id")) or not isinstance(record.get("file_name"), str):
            raise DatasetError(f"{where}: lacks its id or file_name; write or export the file again")
        photo = _photo(record["file_name"], bases, root, where)
        labels = photos.setdefault(photo, Labels(where, split))
        if split and labels.split and split != labels.split:
            raise DatasetError(f"{where}: {photo} is in {split} and, by {labels.where}, in {labels.split}; remove one")
        labels.split = labels.split or split
        labels.size = _size(record) or labels.size
        by_id[record["id"]] = labels
    for number, annotation in enumerate(value["annotations"], 1):
        where = f"{path.relative_to(root)} annotation {number}"
        if not isinstance(annotation, dict) or not _is_id(annotation.get("image_id")):
            raise DatasetError(f"{where}: lacks its image_id; write or export the file again")
        found = by_id.get(annotation["image_id"])
        if found is not None:
            found.regions.extend(_region(annotation, classes, where))


def _is_id(value: object) -> bool:
    return isinstance(value, int | str)


def _classes(path: Path, categories: list[Any]) -> dict[object, Side | None]:
    """Return the side of each category that is a hand, and None for each that is none."""
    names = {}
    for number, category in enumerate(categories, 1):
        if not isinstance(category, dict) or not _is_id(category.get("id")):
            raise DatasetError(f"{path} category {number}: lacks its id; write or export the file again")
        names[category["id"]] = str(category.get("name"))
    # Some tools list a group of categories as one more that nothing belongs to.
    parents = {
        str(each.get("supercategory")) for each in categories if str(each.get("name")) != each.get("supercategory")
    }
    used = {key: name for key, name in names.items() if name not in parents}
    hands: Mapping[object, Side] = hand_classes(used or names, str(path))
    return {key: hands.get(key) for key in names}


def _size(record: dict[str, Any]) -> tuple[int, int] | None:
    height, width = record.get("height"), record.get("width")
    if isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0:
        return height, width
    return None


def _bases(path: Path, root: Path) -> list[Path]:
    """Return the folders in which the photos of a file may lie, the likeliest first."""
    here, word = path.parent, path.stem.rpartition("_")[2]
    tops = (here, here.parent)
    every = [base for top in tops for base in (top / "images", top / "images" / word, top / word, top)]
    return [base for base in every if base.is_relative_to(root) and os.path.isdir(base)]


def _photo(text: str, bases: list[Path], root: Path, where: str) -> Path:
    """Find the photo that a file names; the folder where it was is looked into first from then on."""
    paths = [(base, path) for base in bases if (path := below(root, base, text)) is not None]
    if not paths:
        raise DatasetError(f"{where}: {shown(text)[:200]} is not below {root}; write a relative path that is")
    for base, path in paths:
        if os.path.isfile(path):
            bases.remove(base)
            bases.insert(0, base)
            return path
    return paths[0][1]


def _region(annotation: dict[str, Any], classes: dict[object, Side | None], where: str) -> Iterator[Region]:
    """Yield what an annotation outlines if that is a hand."""
    key = annotation.get("category_id")
    if not _is_id(key) or key not in classes:
        yield Region(where, flaw="its category_id is not among the categories")
        return
    side = classes[key]
    if side is None:
        return
    shape, region = annotation.get("segmentation"), Region(where, side)
    if isinstance(shape, dict) and isinstance(shape.get("counts"), str | list) and shape["counts"]:
        counts = shape["counts"]
        yield replace(region, counts=counts if isinstance(counts, str) else tuple(counts), size=shape.get("size"))
    elif isinstance(shape, list) and shape:
        yield _polygons(region, shape)
    else:
        yield replace(region, flaw="is a hand without an outline (a box alone does not tell its pixels)")


def _polygons(region: Region, shape: list[Any]) -> Region:
    try:
        arrays = [np.asarray(polygon, np.float64) for polygon in shape]
    except (TypeError, ValueError, OverflowError):
        arrays = []
    if not arrays or any(array.ndim != 1 or array.size % 2 for array in arrays):
        return replace(region, flaw="its polygons are no lists of x1, y1, x2, y2 ...")
    if not all(map(are_places, arrays)):
        return replace(region, flaw="its polygons have numbers that are no pixels (NaN, infinity or far away)")
    return replace(region, polygons=tuple(array.astype(np.float32).reshape(-1, 2) for array in arrays))
