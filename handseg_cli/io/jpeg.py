"""JPEG files: overlays with a comment that tells how they were made, and photos rid of what cameras add to them."""

from __future__ import annotations

import io
import re
import struct

from PIL import Image as Pillow

from handseg_cli.errors import OutputError
from handseg_cli.sample import Image

LARGEST_SIDE = 65_500  # libjpeg's own limit

# Two segments of the largest size: what stands before a comment, and the comment.
HEAD = 1 << 17

START_OF_SCAN, END, COMMENT = 0xDA, 0xD9, 0xFE

# What pixels are made of: frames with Huffman codes, tables, scans, and restarts.
PIXELS = frozenset({0xC0, 0xC1, 0xC2, 0xC4, START_OF_SCAN, 0xDB, 0xDD})
NOTES = frozenset({COMMENT, *range(0xE0, 0xF0)})
# Notes that colours depend on; with their lengths, which leave no room for a preview.
COLOURS = {0xE0: b"\0\x10JFIF\0", 0xEE: b"\0\x0eAdobe"}

MARK = re.compile(rb"\xff+([^\x00\xff])")
SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # no stuffed or filled byte, and no restart


def encode(image: Image, comment: str = "", quality: int = 90) -> bytes:
    """Encode (H, W, 3) uint8 RGB with its colours in full resolution, so that thin lines stay crisp."""
    height, width = image.shape[:2]
    if max(height, width) > LARGEST_SIDE:
        raise OutputError(f"a JPEG holds at most {LARGEST_SIDE:,} pixels a side; ask for --kind mask or cutout")
    stream = io.BytesIO()
    note = comment.encode()[:65_000]
    Pillow.fromarray(image).save(stream, "JPEG", quality=quality, subsampling=0, comment=note)
    return stream.getvalue()


def comment_of(head: bytes) -> str:
    """Return the first comment before the pixels, from the first bytes of a JPEG file."""
    at = 2
    while head.startswith(b"\xff\xd8\xff") and len(head) >= at + 4:
        mark, kind, length = struct.unpack_from(">BBH", head, at)
        if mark != 0xFF or kind == START_OF_SCAN:
            break
        if kind == COMMENT:
            return head[at + 4 : at + 2 + length].decode(errors="replace")
        at += 2 + length
    return ""


def stripped(data: bytes) -> bytes | None:
    """Return a JPEG without its notes (comments, EXIF with the place, previews) and without what follows its end.

    The pixels stay as they are. None for a file of another structure than cameras and programs write.
    """
    kept, at = [b"\xff\xd8"], 2
    while data.startswith(kept[0]) and (mark := MARK.match(data, at)):
        kind, begin = mark[1][0], mark.end()
        if kind == END:
            return b"".join([*kept, b"\xff\xd9"])
        end = _end_of_segment(data, begin, kind)
        if end is None:
            return None
        if kind in PIXELS or (kind in COLOURS and data.startswith(COLOURS[kind], begin)):
            kept += [bytes((0xFF, kind)), data[begin:end]]
        at = end
    return None


def _end_of_segment(data: bytes, begin: int, kind: int) -> int | None:
    """Return where a segment ends whose length is at `begin`, a scan with its pixels; None where nobody knows."""
    end = begin + int.from_bytes(data[begin : begin + 2])
    if kind not in PIXELS | NOTES or end < begin + 2 or end > len(data):
        return None
    if kind != START_OF_SCAN:
        return end
    mark = SCAN_END.search(data, end)
    return mark.start() if mark else None
