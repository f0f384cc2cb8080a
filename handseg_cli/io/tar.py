"""Tars read forward: ustar, the long names of GNU and the records of POSIX, for files and folders alone.

Python's own reader believes the size of a record, is slow to death with some, and keeps every member in memory.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from handseg_cli.io.members import PIECE, DamageError, Member, as_name, exactly, member, pieces, told, up_to

BLOCK = 512  # bytes that everything is padded to
RECORD = 1 << 20  # most bytes of a record about the member after it
RECORDS = 8  # most of them about one member
TRAILING = 16 << 20  # most bytes after the end, blanks that once filled a tape
FILES, FOLDER, LONG_NAME, LONG_LINK, ABOUT_NEXT, ABOUT_ALL = b"0\x007", b"5", b"L", b"K", b"x", b"g"
REFUSED = {b"1": "a link", b"2": "a link", b"3": "a device", b"4": "a device", b"6": "a pipe", b"S": "a sparse file"}


def tar_members(stream: io.BufferedIOBase) -> Iterator[Member]:
    """Yield the members of a tar in their order."""
    about: dict[bytes, bytes] = {}  # what records say of the member after them
    records = spent = 0
    while any(header := exactly(stream, BLOCK)):
        if not is_header(header):
            raise DamageError("the header of a member is wrong")
        kind, size = header[156:157], _number(header[124:136])
        if kind in (LONG_NAME, LONG_LINK, ABOUT_NEXT, ABOUT_ALL):
            about |= _record(stream, kind, size)
            records, spent = records + 1, spent + size
            if records > RECORDS:
                raise DamageError("there are too many records about one member")
            continue
        name = as_name(about.get(b"path") or _short_name(header), "utf-8")
        if kind not in FILES + FOLDER:
            raise DamageError(f"{told(name)} is {REFUSED.get(kind, 'of an unknown kind')}")
        if any(key.startswith(b"GNU.sparse.") for key in about):
            raise DamageError(f"{told(name)} is a sparse file")
        size = _decimal(about[b"size"]) if b"size" in about else size
        yield member(name, kind == FOLDER, size, pieces(stream, size))._replace(records=spent)
        exactly(stream, -size % BLOCK)
        about, records, spent = {}, 0, 0
    _read_to_end(stream)


def is_header(block: bytes) -> bool:
    """Tell whether a block's checksum, in which its own field counts as blanks, is right."""
    field = block[148:156].strip(b" \0")
    if len(block) < BLOCK or not re.fullmatch(rb"[0-7]+", field):
        return False
    return sum(block) - sum(block[148:156]) + 8 * ord(" ") == int(field, 8)


def _short_name(header: bytes) -> bytes:
    prefix = _until_nul(header[345:500]) if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" * bool(prefix) + _until_nul(header[:100])


def _number(field: bytes) -> int:
    """Read a size: octal digits or, as GNU writes a large one, a bit and then a binary number."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise DamageError("the size of a member is no number")
    return int(digits or b"0", 8)


def _decimal(digits: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,19}", digits):
        raise DamageError("a number in a record about a member is none")
    return int(digits)


def _record(stream: io.BufferedIOBase, kind: bytes, size: int) -> dict[bytes, bytes]:
    """Read what stands before a member; what is about links or about all members is of no use here."""
    if size > RECORD:
        raise DamageError(f"a record about a member has {size} bytes")
    data = exactly(stream, size + -size % BLOCK)[:size]
    if kind == LONG_NAME:
        return {b"path": _until_nul(data)}
    return dict(_pairs(data)) if kind == ABOUT_NEXT else {}


def _pairs(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    r"""Read lines of "length key=value\n", whose length counts itself."""
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + 9)
        end = at + _decimal(data[at : max(blank, at)])
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if not blank + 1 < end <= len(data) or data[end - 1 : end] != b"\n" or not equals:
            raise DamageError("a record about a member is wrong")
        yield key, value
        at = end


def _until_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _read_to_end(stream: io.BufferedIOBase) -> None:
    """Read the rest, as the checksum of what is compressed stands at its very end."""
    rest = 0
    while piece := up_to(stream, PIECE):
        rest += len(piece)
        if rest > TRAILING or piece.strip(b"\0"):
            raise DamageError("it goes on after its end")
