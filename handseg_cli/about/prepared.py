"""What `handseg show FILE` says of a prepared file, and a contact sheet of its samples."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from handseg_cli.errors import OutputError
from handseg_cli.io.draw import contact_sheet, overlay
from handseg_cli.io.encoded import COLUMNS, SPLITS
from handseg_cli.io.files import write_atomic
from handseg_cli.io.hdf5 import Reader
from handseg_cli.sample import Image, Mask, Sample

Row = dict[str, object]

LOOKED_AT = 200  # samples, enough for a share of the pixels
SHEET_COLUMNS = 6
TILE = 200  # pixels, the height of a photo on the sheet


def prepared(path: Path) -> list[Row]:
    """Return one row of what a prepared file holds, its counts and its attributes; DatasetError if it is none."""
    with Reader(path) as reader:
        # As lists, which tables and JSON have a form for.
        header = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(reader.header).items()
        }
        groups = reader.groups()
        splits: Row = {}
        for name in SPLITS:
            indices = reader.indices(name)
            if len(indices):
                people = len({groups[at] for at in indices} - {""})
                splits[name or "none"] = f"{len(indices):,} samples, {people:,} groups"
        holds = [column.name for column in COLUMNS if reader.has(column.name) and not column.fixed]
        row: Row = {"name": str(path), "samples": len(reader), "splits": splits, "holds": holds}
        row["hands"] = hand_share([reader[at] for at in places(len(reader), LOOKED_AT)])
        return [{**row, "bytes": path.stat().st_size, **header}]


def places(length: int, count: int) -> list[int]:
    """Choose at most `count` samples from all over a file of so many."""
    return [round(place) for place in np.linspace(0, length - 1, min(count, length))]


def hand_share(samples: list[Sample]) -> str:
    """Say how much of the photos is hand: of nearly none or nearly all of it, labels are seldom right."""
    shares = [np.count_nonzero(labels) / labels.size for labels in map(labels_of, samples) if labels is not None]
    if not shares:
        return "no masks"
    empty = sum(share == 0 for share in shares)
    return f"{np.mean(shares):.1%} of the pixels, and none in {empty} of {len(shares)} samples looked at"


def labels_of(sample: Sample) -> Mask | None:
    """Return the labels that tell hands from the rest, None where there are none."""
    return next((each for each in (sample.mask, sample.sides, sample.parts) if each is not None), None)


def write_sheet(path: Path, output: Path, count: int = 24) -> int:
    """Draw samples from all over a prepared file, their hands tinted, as one PNG, and return how many."""
    require_png(output)
    with Reader(path) as reader:
        samples = [reader[at] for at in places(len(reader), count)]
    captions = [f"{sample.key}  {sample.split}".rstrip() for sample in samples]
    tiles = [drawn(sample) for sample in samples]
    write_png(output, contact_sheet(tiles, min(SHEET_COLUMNS, len(samples)), TILE, captions))
    return len(samples)


def require_png(output: Path) -> None:
    """Raise OutputError unless a path is that of a PNG file."""
    if output.suffix.lower() != ".png":
        raise OutputError(f"{output}: a contact sheet is a PNG file; give it a name that ends in .png")


def write_png(output: Path, sheet: Image) -> None:
    """Write a contact sheet, (H, W, 3) uint8 RGB."""
    write_atomic(output, cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes())


def drawn(sample: Sample) -> Image:
    """Return the photo of a sample with its labels tinted and its points dotted, (H, W, 3) uint8 RGB."""
    labels = labels_of(sample)
    picture = sample.image.copy()
    if labels is not None:
        picture = overlay(picture, (labels > 0).astype(np.uint8) * np.uint8(255))
    if sample.points is not None:
        trusted = sample.points if sample.valid is None else sample.points[: len(sample.valid)][sample.valid]
        height, width = picture.shape[:2]
        for x, y in trusted[np.isfinite(trusted).all(axis=1)]:
            # OpenCV takes whole numbers of 32 bits; what lies outside is not seen anyway.
            if 0 <= x < width and 0 <= y < height:
                cv2.circle(picture, (round(float(x)), round(float(y))), max(2, height // 100), (255, 214, 0), -1)
    return picture
