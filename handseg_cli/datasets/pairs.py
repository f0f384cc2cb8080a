"""A CSV file of photos and masks: image,mask[,group][,split] with or without a header, paths relative to the file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.own import CITATION, LICENCE, folder_of, inside, places, read_text, split_of
from handseg_cli.datasets.own_masks import masked
from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Sample

EXPECTED = "one CSV file of image,mask[,group][,split]"
COLUMNS = ("image", "mask", "group", "split")
MAX_CSV = 64 << 20


@dataclass(frozen=True)
class Row:
    """One line of the file, cells stripped; `where` names it in messages."""

    where: str
    image: str
    mask: str
    group: str
    split: str


class Pairs:
    """The rows of a CSV file, or of the only one in a folder."""

    archives: tuple[Archive, ...] = ()
    licence = LICENCE
    citation = CITATION
    page = "handseg prepare --help"
    labels: tuple[str, ...] = ("hand",)

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the rows; DatasetError naming the line for a path that leaves the file's folder or is there twice."""
        path = raw if os.path.isfile(raw) else _only_csv(raw)
        root = path.parent
        rows: dict[Path, Row] = {}
        for row in read_rows(path):
            photo = inside(root, root, row.image, row.where)
            if photo in rows:
                first = rows[photo].where
                raise DatasetError(f"{row.where}: names {shown(row.image)} again, after {first}; leave one")
            rows[photo] = row
        if not rows:
            raise DatasetError(f"{path}: has no rows; expected lines of image,mask[,group][,split]")
        place = places(rows, root)
        for photo, row in rows.items():
            mask = inside(root, root, row.mask, row.where) if row.mask else None
            at = place[photo]
            reason = "" if mask else f"{row.where}: has no mask; write its path into the second column"
            yield Entry(at.key, photo, mask, row.group or at.group, row.split or at.split, reason)

    def read(self, entry: Entry) -> Sample:
        """Read a photo and its mask, 255 wherever the mask's picture is not black."""
        return masked(entry)


def read_rows(path: Path) -> Iterator[Row]:
    """Read the rows of a CSV file, separated by commas, semicolons or tabs."""
    text = read_text(path, MAX_CSV)
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    columns: tuple[str, ...] = ()
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not columns and {"image", "mask"} <= {cell.lower() for cell in cells}:
                columns = tuple(cell.lower() for cell in cells)
                continue
            columns = columns or _unnamed(cells)
            yield _row(dict(zip(columns, cells, strict=False)), f"{path} line {reader.line_num}")
    except csv.Error as error:
        raise DatasetError(f"{path} line {reader.line_num}: is no CSV ({error}); write the file again") from error


def _unnamed(cells: list[str]) -> tuple[str, ...]:
    """Name the columns of a file without a header by its first row; of three, a split may be the last."""
    return ("image", "mask", "split") if len(cells) == 3 and split_of(cells[2]) else COLUMNS


def _row(cells: dict[str, str], where: str) -> Row:
    if "mask" not in cells:
        raise DatasetError(f"{where}: has one column; expected image,mask[,group][,split]")
    split = cells.get("split", "")
    if split and not split_of(split):
        raise DatasetError(f"{where}: its split is {shown(split)[:80]}; it is train, val, test or empty")
    return Row(where, cells["image"], cells["mask"], shown(cells.get("group", "")), split_of(split))


def _only_csv(raw: Path) -> Path:
    files = sorted(folder_of(raw, EXPECTED).glob("*.csv"))
    if len(files) != 1:
        raise DatasetError(f"{raw}: holds {len(files)} CSV files; expected {EXPECTED}, or name the file itself")
    return files[0]
