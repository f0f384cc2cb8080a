"""Tars and zips written byte by byte, so that they may say anything."""

from __future__ import annotations

import struct
import zlib

END = bytes(1024)
WIDE = 0xFFFFFFFF


def tar(name: bytes, data: bytes = b"", kind: bytes = b"0", size: bytes = b"", link: bytes = b"") -> bytes:
    """Return the blocks of one member; `size` is the field as it is to stand there."""
    start = name[:100].ljust(100, b"\0") + b"0006777\0" + bytes(16) + (size or b"%011o\0" % len(data)) + bytes(12)
    end = kind + link.ljust(100, b"\0") + b"ustar\x0000" + bytes(247)
    checksum = b"%06o\0 " % (sum(start) + sum(end) + 8 * ord(" "))
    return start + checksum + end + data + bytes(-len(data) % 512)


def pax(key: bytes, value: bytes) -> bytes:
    """Return a record about the next member."""
    rest = b" %s=%s\n" % (key, value)
    length = next(length for length in range(5000) if length == len(b"%d" % length) + len(rest))
    return tar(b"pax", b"%d%s" % (length, rest), b"x")


def deflated(data: bytes) -> bytes:
    engine = zlib.compressobj(9, wbits=-15)
    return engine.compress(data) + engine.flush()


def local(name: bytes, data: bytes, packed: bytes) -> bytes:
    """Return what stands before a deflated member of a zip."""
    fields = (0x14, 0, 8, 0, 0, zlib.crc32(data), len(packed), len(data), len(name), 0)
    return struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name


class Zip:
    """A zip in the making, whose directory may say anything."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.directory = bytearray()
        self.count = 0

    def add(self, name: bytes, data: bytes = b"x", packed: bytes | None = None, **told: int) -> Zip:
        """Add a member, stored unless its packed bytes are given; fields that are told are put in the directory."""
        say = {"method": 0 if packed is None else 8, "flags": 0, "crc": zlib.crc32(data), "size": len(data), "mode": 0}
        body = data if packed is None else packed
        say |= {"length": len(body), "place": len(self.data), "place64": 0, **told}
        extra = struct.pack("<2HQ", 1, 8, say["place64"]) if say["place64"] else b""
        start = (0x314, 20, say["flags"], say["method"], 0, 0, say["crc"], say["length"], say["size"])
        end = (len(name), len(extra), 0, 0, 0, say["mode"] << 16, say["place"])
        self.directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", *start, *end) + name + extra
        self.data += local(name, b"", b"") + body
        self.count += 1
        return self

    def whole(self, count: int = 0, length: int = 0) -> bytes:
        """Return all bytes; the last record may lie about the directory."""
        count = count or self.count
        fields = (0, 0, count, count, length or len(self.directory), len(self.data), 0)
        return bytes(self.data + self.directory) + struct.pack("<4s4H2LH", b"PK\5\6", *fields)

    def wide(self, place: int = 0, mark: bytes = b"PK\6\6") -> bytes:
        """Return all bytes with a last record that refers to one of 64 bits; that may be said to be elsewhere."""
        end = len(self.data) + len(self.directory)
        fields = (44, 45, 45, 0, 0, self.count, self.count, len(self.directory), len(self.data))
        record = struct.pack("<4sQ2H2L4Q", mark, *fields) + struct.pack("<4sLQL", b"PK\6\7", 0, place or end, 1)
        return (
            bytes(self.data + self.directory)
            + record
            + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, WIDE, WIDE, 0)
        )


def quoting(count: int, size: int) -> bytes:
    """Return a zip bomb of overlapping members: each holds the next one, quoted (Fifield, WOOT 2019)."""
    bomb, data = Zip(), bytes(size)
    packed = deflated(data)
    ends = []
    for number in range(count):
        name = b"%03d" % number
        header = local(name, data, packed)
        ends.append((name, zlib.crc32(data), len(data), len(packed), len(header) + len(packed)))
        data = header + data
        packed = b"\0" + struct.pack("<2H", len(header), len(header) ^ 0xFFFF) + header + packed
    whole = packed[5:]
    for name, crc, long, length, end in ends:
        bomb.add(name, b"", b"", crc=crc, size=long, length=length, place=len(whole) - end)
    bomb.data = bytearray(whole)
    return bomb.whole()


FINE = tar(b"fine", b"fine")
