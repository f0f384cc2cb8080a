"""TensorBoard's event files: numbers and pictures over steps. A few bytes of protocol buffers need no library.

A file is a row of records: length, its masked CRC-32C, an Event message, and the message's masked CRC-32C.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from handseg_cli.io.files import explained

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
CASTAGNOLI = 0x82F63B78


class Events:
    """An event file that grows; what was added is on disk when a method returns."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"events.out.tfevents.{time.time_ns() // 1_000_000_000:010d}.handseg"
        self._add(field(3, b"brain.Event:2"))

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Add numbers by name."""
        self._add(key(2, VARINT) + varint(step) + summary([value(name, number(v)) for name, v in values.items()]))

    def picture(self, step: int, name: str, png: bytes, size: tuple[int, int]) -> None:
        """Add a PNG of a size (height, width)."""
        shape = key(1, VARINT) + varint(size[0]) + key(2, VARINT) + varint(size[1]) + key(3, VARINT) + varint(3)
        self._add(key(2, VARINT) + varint(step) + summary([value(name, field(4, shape + field(4, png)))]))

    def _add(self, content: bytes) -> None:
        event = key(1, FIXED64) + struct.pack("<d", time.time()) + content
        length = struct.pack("<Q", len(event))
        record = length + struct.pack("<I", masked(length)) + event + struct.pack("<I", masked(event))
        with explained(self.path), self.path.open("ab") as stream:
            stream.write(record)


def summary(values: list[bytes]) -> bytes:
    """Return the Summary of an Event."""
    return field(5, b"".join(field(1, each) for each in values))


def value(name: str, content: bytes) -> bytes:
    """Return one named value of a Summary."""
    return field(1, name.encode()) + content


def number(simple: float) -> bytes:
    """Return a number as the content of a value."""
    return key(2, FIXED32) + struct.pack("<f", simple)


def field(place: int, content: bytes) -> bytes:
    """Return a field that holds text, bytes or a message."""
    return key(place, BYTES) + varint(len(content)) + content


def key(place: int, kind: int) -> bytes:
    """Return what comes before the content of a field."""
    return varint(place << 3 | kind)


def varint(whole: int) -> bytes:
    """Return a whole number of 0 or more, seven bits a byte."""
    data = bytearray()
    while whole > 127:
        data.append(whole & 127 | 128)
        whole >>= 7
    return bytes([*data, whole])


def masked(data: bytes) -> int:
    """Return the CRC-32C of some bytes, masked as records want it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def table() -> list[int]:
    """Return the CRC-32C of each byte."""
    rest = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        rest = np.where(rest & 1, rest >> 1 ^ np.uint32(CASTAGNOLI), rest >> 1)
    return [int(each) for each in rest]


TABLE = table()
