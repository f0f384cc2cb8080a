"""Zips with stored or deflated members, also of more than 4 GiB, read by their directory in bounded memory."""

from __future__ import annotations

import io
import stat
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from handseg_cli.io.members import PIECE, DamageError, Member, Parts, as_name, exactly, member, pieces, told

LOCAL, CENTRAL, END, END64, FINDER64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
END_SIZE, COMMENT = 22, 0xFFFF
CENTRAL_FIELDS = struct.Struct("<4s4x2H4x3L3H4x2L")
ENCRYPTED, UTF8 = 0x2041, 0x800  # flags; the first is three of them
STORED, DEFLATED = 0, 8
LARGEST = (1 << 63) - 1  # place that a system can go to
NARROW, WIDE = 0xFFFF, 0xFFFFFFFF  # stand for numbers that need 64 bits
REFUSED = {stat.S_IFLNK: "a link", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device", stat.S_IFIFO: "a pipe"}


class Entry(NamedTuple):
    """What the directory says of a member; sizes and place in bytes, mode as Unix has it."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    place: int
    mode: int


def zip_members(stream: io.BufferedReader[Parts], directory: io.BufferedReader[Parts]) -> Iterator[Member]:
    """Yield the members of a zip in the order of its directory; both streams are of the same file."""
    for entry in entries(directory):
        name = as_name(entry.name, "utf-8" if entry.flags & UTF8 else "cp437")
        kind = stat.S_IFMT(entry.mode)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DamageError(f"{told(name)} is {REFUSED.get(kind, 'of an unknown kind')}")
        if entry.flags & ENCRYPTED:
            raise DamageError(f"{told(name)} is encrypted")
        if entry.method not in (STORED, DEFLATED):
            raise DamageError(f"{told(name)} is compressed by method {entry.method}, which is unknown here")
        yield member(name, kind == stat.S_IFDIR, entry.size, _content(stream, entry, name))


def entries(directory: io.BufferedReader[Parts]) -> Iterator[Entry]:
    """Yield what the directory of a zip says."""
    count, length, start = _find(directory)
    _go(directory, start)
    found = 0
    while length > 0:
        fields = CENTRAL_FIELDS.unpack(exactly(directory, CENTRAL_FIELDS.size))
        mark, flags, method, crc, packed, size, *lengths, attributes, place = fields
        if mark != CENTRAL:
            raise DamageError("its directory is broken")
        name, extra, _ = (exactly(directory, length) for length in lengths)
        size, packed, place = _wide(extra, [size, packed, place])
        yield Entry(name, flags, method, crc, packed, size, place, attributes >> 16)
        length -= CENTRAL_FIELDS.size + sum(lengths)
        found += 1
    if length or found & NARROW != count & NARROW:  # not all write 64 bits where 16 cannot count the members
        raise DamageError("its directory has another length than it should")


def _find(file: io.BufferedReader[Parts]) -> tuple[int, int, int]:
    """Return how many members the directory has, its bytes and its place: what the last record in the file says."""
    end = file.seek(0, io.SEEK_END)
    tail_at = file.seek(max(0, end - END_SIZE - COMMENT))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or at + END_SIZE > len(tail):
        raise DamageError("it has no directory, so it is cut short")
    count, length, start = struct.unpack_from("<10xH2L", tail, at)
    finder = tail[max(0, at - 20) : at]
    if (count == NARROW or WIDE in (length, start)) and finder.startswith(FINDER64):
        _go(file, struct.unpack_from("<8xQ", finder)[0])
        mark, count, length, start = struct.unpack("<4s28x3Q", exactly(file, 56))
        if mark != END64:
            raise DamageError("its directory is broken")
    if start + length > tail_at + at:
        raise DamageError("its directory lies outside of it")
    return count, length, start


def _go(file: io.BufferedReader[Parts], place: int) -> None:
    if place > LARGEST:
        raise DamageError("it points outside of itself")
    file.seek(place)


def _wide(extra: bytes, numbers: list[int]) -> list[int]:
    """Return size, packed size and place, read from the extra field where 32 bits do not suffice."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]  # perhaps cut off
            rest = iter(struct.iter_unpack("<Q", field[: len(field) // 8 * 8]))
            return [next(rest, (number,))[0] if number == WIDE else number for number in numbers]
        at += 4 + length
    return numbers


def _content(stream: io.BufferedReader[Parts], entry: Entry, name: str) -> Iterator[bytes]:
    """Read one member, whose size and checksum must be what the directory says."""
    _go(stream, entry.place)
    mark, name_length, extra_length = struct.unpack("<4s22x2H", exactly(stream, 30))
    if mark != LOCAL or exactly(stream, name_length) != entry.name:
        raise DamageError(f"{told(name)} is not where the directory says")
    exactly(stream, extra_length)
    packed = pieces(stream, entry.packed)
    size = crc = 0
    for piece in _inflated(packed) if entry.method == DEFLATED else packed:
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        yield piece
    if (size, crc) != (entry.size, entry.crc):
        raise DamageError(f"{told(name)} has another size or checksum than it should")


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for rest in packed:
            while rest:
                yield engine.decompress(rest, PIECE)
                if engine.unused_data:
                    raise DamageError("a member goes on after its end")
                rest = engine.unconsumed_tail
        yield engine.flush()  # few bytes: what the last ones stood for
    except zlib.error as error:
        raise DamageError(str(error)) from error
    if not engine.eof:
        raise DamageError("a member is cut short")
