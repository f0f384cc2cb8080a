"""A sample as the prepared file keeps it: pictures as JPEG and PNG, the rest as little-endian numbers and UTF-8.

Only this file says what the columns of a prepared file are. Nothing that a cell claims is believed unchecked.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import simplejpeg
from isal import isal_zlib
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.io.images import MAX_SCANS
from handseg_cli.io.png import GREY, LEFT, SIGNATURE, UNFILTERED, encode_grey16
from handseg_cli.sample import Image, Mask, Sample

SIDES = ("", "left", "right", "both")
SPLITS = ("", "train", "val", "test")

MAX_PIXELS = 100_000_000
JPEG_SIDE = 65_500  # libjpeg's own limit

START_OF_SCAN, BASELINE = 0xDA, (0xC0, 0xC1)
PLAIN_SEGMENTS = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})  # tables, comments and applications' own

DEPTH_STEPS = 10  # a millimetre
QUALITY = 95  # of photos that are scaled: what is lost beyond 4:4:4 at 95 is below the noise of cameras


@dataclass(frozen=True)
class Column:
    """One kind of value: a cell is so many rows of `width` numbers, exactly one where `fixed`."""

    name: str
    dtype: str = "u1"
    width: int = 1
    fixed: bool = False
    later: bool = False  # came after files had been made without it: where it is empty, their digests stay as they are

    @property
    def row_bytes(self) -> int:
        """Return how many bytes a row takes."""
        return np.dtype(self.dtype).itemsize * self.width


COLUMNS = (
    Column("key"),
    Column("group"),
    Column("split", fixed=True),
    Column("hands", fixed=True),
    Column("size", "<u4", 2, fixed=True),
    Column("original", "<u4", 2, fixed=True),
    Column("image"),
    Column("mask"),
    Column("sides"),
    Column("parts"),
    Column("joints", "<f4", 3),
    Column("points", "<f4", 2),
    Column("valid"),
    Column("camera", "<f4", 3),
    Column("depth", later=True),
)

Cells = Mapping[str, bytes]


@dataclass(frozen=True)
class Encoded:
    """One sample as bytes. What its dataset does not tell is empty; sizes are (height, width)."""

    key: str
    image: bytes  # JPEG
    size: tuple[int, int]
    original: tuple[int, int]  # of the photo before it was scaled
    mask: bytes = b""  # PNG, 1 bit a pixel
    sides: bytes = b""  # PNG, 8 bits, as `Sample.sides`
    parts: bytes = b""
    joints: bytes = b""  # rows of float32
    points: bytes = b""
    valid: bytes = b""  # a byte each
    camera: bytes = b""
    depth: bytes = b""  # PNG, 16 bits, tenths of a millimetre
    hands: str = ""
    group: str = ""
    split: str = ""

    def cells(self) -> dict[str, bytes]:
        """Return the bytes of each column."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            "key": self.key.encode(errors="replace"),
            "group": self.group.encode(errors="replace"),
            "split": bytes([SPLITS.index(self.split)]),
            "hands": bytes([SIDES.index(self.hands)]),
            "size": struct.pack("<II", *self.size),
            "original": struct.pack("<II", *self.original),
        }


def from_cells(cells: Cells) -> Encoded:
    """Make a sample of the bytes of its columns; DatasetError where they make none."""
    try:
        height, width = struct.unpack("<II", cells["size"])
        before = struct.unpack("<II", cells["original"])
        split, hands = SPLITS[cells["split"][0]], SIDES[cells["hands"][0]]
        key, group = cells["key"].decode(), cells["group"].decode()
    except (struct.error, LookupError, ValueError) as error:
        raise DatasetError(f"its text or its numbers are damaged ({error}); prepare the dataset again") from error
    raw = {name: cells.get(name, b"") for name in ("image", "mask", "sides", "parts", "depth", *NUMBERS)}
    return Encoded(
        key, size=(height, width), original=(before[0], before[1]), hands=hands, group=group, split=split, **raw
    )


def digest_of(cells: Cells) -> bytes:
    """Return the sha256 of one sample: the lengths of its cells, each followed by its bytes."""
    digest = hashlib.sha256()
    for column in COLUMNS:
        cell = cells.get(column.name, b"")
        if column.later and not cell:
            continue
        digest.update(struct.pack("<Q", len(cell)))
        digest.update(cell)
    return digest.digest()


NUMBERS = ("joints", "points", "valid", "camera")


def decode(encoded: Encoded) -> Sample:
    """Decode a sample, its picture (H, W, 3) uint8 RGB; DatasetError for one that is damaged."""
    size = encoded.size
    if not (0 < size[0] <= JPEG_SIDE and 0 < size[1] <= JPEG_SIDE and size[0] * size[1] <= MAX_PIXELS):
        raise _damaged(f"it claims {size[1]} x {size[0]} pixels")
    camera = _numbers(encoded.camera, 3)
    if camera is not None and camera.shape != (3, 3):
        raise _damaged("its camera is no 3 x 3 matrix")
    return Sample(
        key=encoded.key,
        image=decode_jpeg(encoded.image, size),
        mask=decode_grey(encoded.mask, size) if encoded.mask else None,
        sides=decode_grey(encoded.sides, size) if encoded.sides else None,
        parts=decode_grey(encoded.parts, size) if encoded.parts else None,
        joints=_numbers(encoded.joints, 3),
        points=_numbers(encoded.points, 2),
        valid=np.frombuffer(encoded.valid, np.uint8) != 0 if encoded.valid else None,
        camera=camera,
        depth=decode_depth(encoded.depth, size) if encoded.depth else None,
        hands=encoded.hands,
        group=encoded.group,
        split=encoded.split,
    )


def encode_jpeg(image: Image) -> bytes:
    """Encode (H, W, 3) uint8 RGB with its colours in full resolution."""
    if max(image.shape) > JPEG_SIDE:
        raise DatasetError(f"a side of its photo has more than {JPEG_SIDE:,} pixels; prepare it with a --size")
    data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=QUALITY, colorsubsampling="444")
    return data


def decode_jpeg(data: bytes, size: tuple[int, int]) -> Image:
    """Decode a sound JPEG of the (height, width) that is expected, (H, W, 3) uint8 RGB."""
    try:
        if simplejpeg.decode_jpeg_header(data)[:2] != size:
            raise _damaged("its photo has another size than it should")
        # Each scan of a progressive photo goes over all of it: thousands would take minutes.
        if has_many_scans(data):
            raise _damaged(f"its photo has more than {MAX_SCANS} scans")
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB"), dtype=np.uint8)
    except ValueError as error:
        raise _damaged(f"its photo cannot be decoded, {error}") from error


def has_many_scans(data: bytes) -> bool:
    """Tell whether a JPEG has more scans than any camera writes."""
    # Looking through all of it takes a tenth of the time of decoding, and most have one scan, as their header tells.
    return not _has_one_scan(data) and data.count(b"\xff\xda") > MAX_SCANS


def _has_one_scan(data: bytes) -> bool:
    """Tell whether a JPEG is a plain one, and its first scan has all of its layers."""
    at, layers = 2, 0
    while len(data) >= at + 10:
        mark, kind, length = struct.unpack_from(">BBH", data, at)
        if kind == START_OF_SCAN:
            return layers > 0 and data[at + 4] == layers
        if kind in BASELINE:
            layers = data[at + 9]
        elif mark != 0xFF or kind not in PLAIN_SEGMENTS:
            return False
        at += 2 + length
    return False


def encode_depth(depth: NDArray[np.float32]) -> bytes:
    """Encode depth (H, W) in mm as tenths of a millimetre: from 6553.5 mm on it is that, and nothing at all is 0."""
    tenths = np.clip(np.nan_to_num(depth, posinf=0) * DEPTH_STEPS, 0, 65535)
    return encode_grey16(np.round(tenths).astype(np.uint16))


def decode_depth(data: bytes, size: tuple[int, int]) -> NDArray[np.float32]:
    """Decode what `encode_depth` wrote, (H, W) float32 mm, inf where there is nothing."""
    (height, width) = size
    # Each byte is the difference to that of the same weight in the pixel before.
    halves = np.cumsum(_rows(data, size, 16, LEFT).reshape(height, width, 2), axis=1, dtype=np.uint8)
    tenths = halves.view(">u2")[..., 0].astype(np.float32)
    return np.where(tenths > 0, tenths / np.float32(DEPTH_STEPS), np.float32(np.inf))


def decode_grey(data: bytes, size: tuple[int, int]) -> Mask:
    """Decode a PNG that `handseg_cli.io.png.encode_grey` wrote without text or filter, (H, W) uint8.

    Other PNGs are refused. In return it takes a fifth of the time of libpng, and no more memory than the size tells.
    """
    bits = 1 if data[24:25] == b"\x01" else 8
    rows = _rows(data, size, bits, UNFILTERED)
    return rows.copy() if bits == 8 else np.unpackbits(rows, axis=1, count=size[1]) * np.uint8(255)


def _rows(data: bytes, size: tuple[int, int], bits: int, filtered: int) -> NDArray[np.uint8]:
    """Unpack the rows of a grey PNG of our own, whose filter is known, as bytes (H, bytes of a row)."""
    height, width = size
    # The signature, the header's chunk of 25 bytes, and the length and name of the one chunk of pixels.
    whole = len(data) > 57 and data.startswith(SIGNATURE) and data[37:41] == b"IDAT"
    if not whole or data[16:29] != struct.pack(">IIBBBBB", width, height, bits, GREY, 0, 0, 0):
        raise _damaged("one of its masks is no PNG of the size that it should have")
    row = 1 + (width * bits + 7) // 8
    (length,) = struct.unpack_from(">I", data, 33)
    try:
        pixels = isal_zlib.decompressobj().decompress(data[41 : 41 + length], height * row + 1)
    except isal_zlib.error as error:  # type: ignore[misc]
        raise _damaged(f"one of its masks cannot be decoded, {error}") from error
    if len(pixels) != height * row or pixels[::row].strip(bytes([filtered])):
        raise _damaged("one of its masks is cut off or filtered")
    return np.frombuffer(pixels, np.uint8).reshape(height, row)[:, 1:]


def _numbers(data: bytes, width: int) -> NDArray[np.float32] | None:
    if not data:
        return None
    if len(data) % (4 * width):
        raise _damaged("its joints or points are cut off")
    return np.frombuffer(data, "<f4").reshape(-1, width).astype(np.float32)


def _damaged(what: str) -> DatasetError:
    return DatasetError(f"{what}; prepare the dataset again")
