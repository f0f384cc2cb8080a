"""Where the arrays of a prepared file lie, and its attributes: all of HDF5 that there is to it.

The arrays are plain and each in one piece, so that their bytes can be written and read past HDF5. A file is believed
only after every array has been found whole, of its type, and inside the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, NamedTuple

import h5py
import numpy as np
from h5py import h5a, h5d, h5p, h5s, h5t

from handseg_cli import __version__
from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import COLUMNS, Column

FORMAT = 1
NAME = "handseg prepared"

MOST_SAMPLES = 100_000_000
MOST_TEXT = 1 << 20  # bytes of one attribute

OFFSETS = Column("offsets", "<u8")


@dataclass(frozen=True)
class Header:
    """The attributes of a prepared file."""

    dataset: str
    labels: str  # hand, hand+arm, sides, parts or joints
    classes: tuple[str, ...] = ()
    size: int = 0  # most pixels of a side, 0 if nothing was scaled
    split: str = "group"
    seed: int = 0
    licence: str = ""
    citation: str = ""
    page: str = ""
    skipped: int = 0
    reasons: tuple[str, ...] = ()  # the first of the skipped samples, each with its reason
    plan: str = ""  # sha256 over the settings and the raw files that it was made of
    digest: str = ""  # sha256 over the samples and what they mean
    handseg: str = __version__


class Region(NamedTuple):
    """Where an array lies in the file, in bytes."""

    start: int
    length: int


@dataclass(frozen=True)
class Content:
    """What an open prepared file holds."""

    header: Header
    count: int
    regions: dict[str, Region] = field(repr=False)


def digest_over(header: Header, digests: Iterable[bytes]) -> str:
    """Return the digest of a prepared file from those of its samples, in their order."""
    meaning = {name: getattr(header, name) for name in ("dataset", "labels", "classes", "size", "split", "seed")}
    digest = hashlib.sha256(json.dumps({"format": FORMAT, **meaning}, sort_keys=True).encode())
    for each in digests:
        digest.update(each)
    return digest.hexdigest()


def offsets_of(column: Column) -> str:
    """Name the array that tells where the cells of a column begin, in rows; it has one more than there are samples."""
    return f"{column.name}_offsets"


def lay_out(stream: BinaryIO, header: Header, count: int, sizes: Mapping[str, int]) -> dict[str, Region]:
    """Write the HDF5 around the arrays, given the bytes of each column, and return where each array is to go."""
    regions = {}
    # A fixed version and no times: equal input makes equal bytes.
    with h5py.File(stream, "w", libver=("v110", "v110")) as file:
        for column in (column for column in COLUMNS if column.name in sizes):
            regions[column.name] = _create(file, column.name, column, sizes[column.name] // column.row_bytes)
            if not column.fixed:
                regions[offsets_of(column)] = _create(file, offsets_of(column), OFFSETS, count + 1)
        for name, value in {"format": NAME, "version": FORMAT, "samples": count, **asdict(header)}.items():
            _put_attribute(file, name, value)
    return regions


def read_content(stream: BinaryIO) -> Content:
    """Find the header and the arrays; DatasetError or one of h5py's errors where anything is not as it should be."""
    size = stream.seek(0, os.SEEK_END)
    with h5py.File(stream, "r") as file:
        if not _is_ours(file):
            raise DatasetError("is no prepared file; make one with `handseg prepare`")
        version = _attribute(file, "version")
        if version != FORMAT:
            raise DatasetError(f"is of format {version} and this handseg reads {FORMAT}; prepare the dataset again")
        count = int(_attribute(file, "samples"))
        if not 0 < count <= MOST_SAMPLES:
            raise ValueError(f"it claims {count} samples")
        regions = {}
        for column in COLUMNS:
            if column.fixed:
                regions[column.name] = _find(file, column.name, column, size, rows=count)
            elif column.name in file or column.name in ("key", "image"):
                regions[column.name] = _find(file, column.name, column, size)
                regions[offsets_of(column)] = _find(file, offsets_of(column), OFFSETS, size, rows=count + 1)
        return Content(_header(file), count, regions)


def is_prepared(stream: BinaryIO) -> bool:
    """Tell whether a file says that it is a prepared one, of any version; one of h5py's errors where it is damaged."""
    with h5py.File(stream, "r") as file:
        return _is_ours(file)


def _is_ours(file: Any) -> bool:
    return "format" in file.attrs and _attribute(file, "format") == NAME


def _create(file: Any, name: str, column: Column, rows: int) -> Region:
    """Make room for an array without writing it."""
    how = h5p.create(h5p.DATASET_CREATE)
    how.set_layout(h5d.CONTIGUOUS)
    how.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5d.FILL_TIME_NEVER)
    how.set_obj_track_times(False)
    shape = (rows,) if column.width == 1 else (rows, column.width)
    kind = h5t.py_create(np.dtype(column.dtype), logical=True)
    array = h5d.create(file.id, name.encode(), kind, h5s.create_simple(shape), dcpl=how)
    return Region(array.get_offset(), rows * column.row_bytes)


def _find(file: Any, name: str, column: Column, size: int, rows: int | None = None) -> Region:
    """Return where an array lies, after making sure that it is what its column says, and all of it in the file."""
    # Other links lead to other files, or in circles.
    if not isinstance(file.get(name, getlink=True), h5py.HardLink) or not isinstance(file[name], h5py.Dataset):
        raise ValueError(f"its {name} is no array")
    array = file[name]
    shape: tuple[int, ...] = array.shape or ()
    width = () if column.width == 1 else (column.width,)
    if array.dtype != np.dtype(column.dtype) or len(shape) != 1 + len(width) or shape[1:] != width:
        raise ValueError(f"its {name} has another type or shape")
    if rows not in (None, shape[0]):
        raise ValueError(f"its {name} has another length than it should")
    start, length = array.id.get_offset(), shape[0] * column.row_bytes
    is_plain = array.id.get_create_plist().get_layout() == h5d.CONTIGUOUS and start is not None
    if not is_plain or start + length > size:
        raise ValueError(f"its {name} is not in one piece, or not all in the file")
    return Region(start, length)


def _header(file: Any) -> Header:
    values = {name: _attribute(file, name) for name in Header.__dataclass_fields__}
    texts = {name: str(value) for name, value in values.items()}
    lists = {name: tuple(map(str, json.loads(texts[name]))) for name in ("classes", "reasons")}
    numbers = {name: int(texts[name]) for name in ("size", "seed", "skipped")}
    return Header(**{**texts, **lists, **numbers})  # type: ignore[arg-type]


def _put_attribute(file: Any, name: str, value: object) -> None:
    """Write a number, or a text of fixed length; a list is written as JSON."""
    if isinstance(value, int):
        file.attrs.create(name, value, dtype="<i8")
        return
    text = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode(errors="replace")
    file.attrs.create(name, np.bytes_(text), dtype=h5py.string_dtype("utf-8", max(len(text), 1)))


def _attribute(file: Any, name: str) -> int | str:
    """Read a number or a text that `_put_attribute` wrote; ValueError for anything else."""
    found = h5a.open(file.id, name.encode())
    text = h5py.check_string_dtype(found.dtype)
    is_plain = text.length is not None if text is not None else found.dtype.kind == "i"
    if found.shape != () or not is_plain or found.get_storage_size() > MOST_TEXT:
        raise ValueError(f"its attribute {name} is of another kind")
    value = file.attrs[name]
    return bytes(value).decode() if text is not None else int(value)
