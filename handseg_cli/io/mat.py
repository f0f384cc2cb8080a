"""MATLAB files of version 5 and later (not 7.3, which is HDF5), of strangers: numbers, texts, cells and structs.

Nothing that a file claims is believed: every length is held against the bytes that are left before it is used, and
the bytes and arrays that come out are counted.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError

Array = NDArray[Any]

HEADER = 128  # bytes
MOST_BYTES = 1 << 28  # that come out of compressed elements, and of arrays, together
MOST_ARRAYS = 1_000_000  # EgoHands, the largest we know, has some 30 000
DEEPEST = 16  # arrays within arrays
MOST_SIDES = 32  # of one array

# Kinds of elements, and what numbers they hold.
MATRIX, COMPRESSED, UTF8, UTF16, UTF32 = 14, 15, 16, 17, 18
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", UTF8: "utf-8", UTF16: "utf-16", UTF32: "utf-32"}

# Classes of arrays, which may be kept as smaller numbers than they have.
CELL, STRUCT, CHAR, OPAQUE = 1, 2, 4, 17
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
OTHERS = {3: "an object", 5: "a sparse matrix", 16: "a function", OPAQUE: "an object"}
LOGICAL, COMPLEX = 2, 8


@dataclass
class Room:
    """How much may still come out of a file."""

    bytes: int = MOST_BYTES
    arrays: int = MOST_ARRAYS

    def take(self, count: int) -> None:
        """Count the bytes of one more array; DatasetError where that is too much."""
        self.bytes -= count
        self.arrays -= 1
        if self.bytes < 0 or self.arrays < 0:
            raise DatasetError("more comes out of it than any dataset holds")


@dataclass(frozen=True)
class Header:
    """What is said of an array before its content."""

    kind: int
    flags: int
    shape: tuple[int, ...]
    name: str

    @property
    def count(self) -> int:
        """Return how many values the array has."""
        return math.prod(self.shape)


class Elements:
    """The elements in a stretch of bytes, taken one after the other."""

    def __init__(self, data: memoryview, order: str, room: Room) -> None:
        self.left = data
        self.order = order  # "<" or ">"
        self.room = room

    def take(self) -> tuple[int, memoryview]:
        """Return the kind and the content of the next element; DatasetError where it is cut off."""
        if len(self.left) < 8:
            raise _cut()
        word, length = struct.unpack_from(f"{self.order}II", self.left)
        start, short = 8, word >> 16
        if short:  # up to four bytes stand in the place of the length
            start, word, length = 4, word & 0xFFFF, short
        if length > (4 if short else len(self.left) - start):
            raise _cut()
        content = self.left[start : start + length]
        # Only compressed elements are not filled up to a multiple of eight bytes.
        self.left = self.left[start + length if word == COMPRESSED else (start + length + 7) // 8 * 8 :]
        return word, content

    def numbers(self) -> Array:
        """Take an element of numbers."""
        kind, content = self.take()
        dtype = np.dtype(f"{self.order}{NUMBERS[kind]}") if kind in NUMBERS else None
        if dtype is None or len(content) % dtype.itemsize:
            raise DatasetError(f"it has an element of kind {kind} where numbers should be")
        return np.frombuffer(content, dtype)

    def inner(self, content: memoryview) -> Elements:
        """Return the elements within an element."""
        return Elements(content, self.order, self.room)

    def inflated(self, content: memoryview) -> Elements:
        """Return the elements within a compressed element."""
        stream = zlib.decompressobj()
        try:
            data = stream.decompress(content, self.room.bytes + 1)
        except zlib.error as error:
            raise DatasetError(f"its compressed data is damaged, {error}") from error
        self.room.take(len(data))
        if not stream.eof:
            raise _cut()
        return self.inner(memoryview(data))


def load(data: bytes, names: Collection[str]) -> dict[str, Array]:
    """Decode those variables of a file that are named; DatasetError with the reason where it cannot be read.

    As scipy.io.loadmat(mat_dtype=True) returns them: texts as an array with a string for each row, cells as an array
    of objects, structs as a structured array.
    """
    elements, found = Elements(memoryview(data)[HEADER:], order_of(data), Room()), {}
    while len(elements.left):
        kind, content = elements.take()
        if kind == COMPRESSED:
            kind, content = elements.inflated(content).take()
        if kind != MATRIX:
            raise DatasetError(f"it has an element of kind {kind} where a variable should be")
        body = elements.inner(content)
        header = header_of(body)
        if header.name in names:
            found[header.name] = array_of(header, body, 0)
    return found


def order_of(data: bytes) -> str:
    """Return the order of the bytes in a file, "<" or ">"; DatasetError unless it is of version 5."""
    mark = data[126:HEADER]
    order = {b"IM": "<", b"MI": ">"}.get(mark, "")
    if not order:
        raise DatasetError("it is no MATLAB file of version 5")
    (version,) = struct.unpack_from(f"{order}H", data, 124)
    if version != 0x0100:
        raise DatasetError("it is of another version of MATLAB's format; save it with -v7")
    return order


def header_of(body: Elements) -> Header:
    """Take what is said of an array before its content."""
    words = body.numbers()
    if words.dtype.kind != "u" or words.size != 2:
        raise DatasetError("an array of it says nothing of its class")
    kind, flags = int(words[0]) & 0xFF, int(words[0]) >> 8 & 0xFF
    sides = body.numbers() if kind != OPAQUE else np.zeros(2, np.int32)
    if sides.dtype.kind != "i" or not 2 <= sides.size <= MOST_SIDES or sides.min() < 0:
        raise DatasetError("an array of it has no shape")
    return Header(kind, flags, tuple(sides.tolist()), bytes(body.take()[1]).decode("latin-1"))


def matrix(elements: Elements, depth: int) -> Array:
    """Take an array from those in a cell or a struct."""
    kind, content = elements.take()
    if kind != MATRIX:
        raise DatasetError(f"it has an element of kind {kind} where an array should be")
    if not len(content):
        elements.room.take(0)
        return np.empty((0, 0))
    body = elements.inner(content)
    return array_of(header_of(body), body, depth)


def array_of(header: Header, body: Elements, depth: int) -> Array:
    """Decode the content of an array."""
    if depth > DEEPEST:
        raise DatasetError(f"its arrays lie more than {DEEPEST} deep in each other")
    if header.kind == CELL:
        return cells(header, body, depth)
    if header.kind == STRUCT:
        return structs(header, body, depth)
    if header.kind == CHAR:
        return texts(header, body)
    if header.kind not in CLASSES or header.flags & COMPLEX:
        what = OTHERS.get(header.kind, "complex" if header.kind in CLASSES else f"of class {header.kind}")
        raise DatasetError(f"an array of it is {what}, which cannot be read")
    values = body.numbers()
    dtype = np.dtype(CLASSES[header.kind])
    if values.size != header.count or not np.can_cast(values.dtype, dtype, "same_kind"):
        raise DatasetError("an array of it has other numbers than it says")
    body.room.take(header.count * dtype.itemsize)
    with np.errstate(all="ignore"):
        values = values.astype(dtype)
    return (values != 0 if header.flags & LOGICAL else values).reshape(header.shape, order="F")


def cells(header: Header, body: Elements, depth: int) -> Array:
    """Decode the arrays of a cell array."""
    _require(header, body, 1)
    flat = np.empty(header.count, object)
    for at in range(header.count):
        flat[at] = matrix(body, depth + 1)
    return flat.reshape(header.shape, order="F")


def structs(header: Header, body: Elements, depth: int) -> Array:
    """Decode the records of a struct array, each with an array for every field."""
    width = body.numbers()
    packed = bytes(body.take()[1])
    length = int(width[0]) if width.size == 1 and width.dtype.kind == "i" else 0
    if length <= 0 or len(packed) % length:
        raise DatasetError("a struct of it does not tell its fields")
    each = [packed[at : at + length] for at in range(0, len(packed), length)]
    names = [name.partition(b"\0")[0].decode("latin-1") for name in each]
    if len(set(names)) != len(names) or not all(names):
        raise DatasetError("a struct of it has two fields of one name, or one without")
    _require(header, body, len(names))
    flat = np.empty(header.count, [(name, object) for name in names])
    for at in range(header.count):
        flat[at] = tuple(matrix(body, depth + 1) for _ in names)
    return flat.reshape(header.shape, order="F")


def texts(header: Header, body: Elements) -> Array:
    """Decode a text, or several of one length, as an array of strings."""
    kind, content = body.take()
    coding = CODINGS.get(kind, "")
    if coding in ("utf-16", "utf-32"):
        coding += "-le" if body.order == "<" else "-be"
    try:
        letters = bytes(content).decode(coding)
    except (LookupError, UnicodeDecodeError) as error:
        raise DatasetError(f"a text of it cannot be read, {error}") from error
    if len(letters) != header.count:
        raise DatasetError("a text of it has another length than it says")
    body.room.take(4 * header.count)
    if not letters:
        return np.empty(0, "U1")
    grid = np.ascontiguousarray(np.array(list(letters)).reshape(header.shape, order="F"))
    return grid.view(f"U{header.shape[-1]}")[..., 0]


def _require(header: Header, body: Elements, fields: int) -> None:
    """Refuse more arrays than the bytes that are left can tell of; each takes eight at least."""
    if header.count > max(1, len(body.left) // (8 * max(1, fields))):
        raise _cut()


def _cut() -> DatasetError:
    return DatasetError("it is cut off, or a length in it is wrong")
