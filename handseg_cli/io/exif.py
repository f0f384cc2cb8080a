"""What a camera has noted in a photo: which way up it was held, and how far it sees. Places and names are not read."""

from __future__ import annotations

import math
import struct

ORIENTATION, PRIVATE = 0x0112, 0x8769  # the latter: where the directory of what follows lies
WIDTH, HEIGHT, FOCAL_35 = 0xA002, 0xA003, 0xA405
SHORT, LONG = 3, 4
FILM = math.hypot(36, 24)  # mm, the diagonal of what FOCAL_35 compares the camera with
CROPPED = 0.02  # from this difference of their shapes on, a photo is not all that the camera saw


def read_orientation(exif: bytes) -> int:
    """Find the orientation in a block of EXIF, 1 to 8; 1 where it is missing or makes no sense."""
    value = entries(block_of(exif)).get(ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1


def read_focal(exif: bytes, size: tuple[int, int]) -> float:
    """Find the focal length in a block of EXIF, in pixels of its photo of (height, width), turned or not.

    0 where it is missing, or the photo is a part of what the camera saw.
    """
    block = block_of(exif)
    notes = entries(block, entries(block).get(PRIVATE, 0))
    noted = sorted((notes.get(WIDTH, 0), notes.get(HEIGHT, 0)))
    low, high = sorted(size)
    if 0 not in noted and abs(math.log(low / high * noted[1] / noted[0])) > CROPPED:
        return 0.0
    return notes.get(FOCAL_35, 0) / FILM * math.hypot(low, high)


def block_of(exif: bytes) -> bytes:
    """Return a block of EXIF without the mark that it has in a JPEG."""
    return exif.removeprefix(b"Exif\0\0")


def entries(block: bytes, start: int | None = None) -> dict[int, int]:
    """Return the whole numbers in a directory, the first or one that begins at `start`, as far as it is sound."""
    found: dict[int, int] = {}
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or start == 0:
        return found
    try:
        if start is None:
            (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(order + "HHI", block, at)
            if number == 1 and kind in (SHORT, LONG):
                (found[tag],) = struct.unpack_from(order + ("H" if kind == SHORT else "I"), block, at + 8)
    except struct.error:
        pass
    return found
