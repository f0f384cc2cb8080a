"""JPEG files of overlays, with a comment that tells how they were made."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image as Pillow

from handseg_cli.errors import ImageError, OutputError
from handseg_cli.io.inputs import read_head
from handseg_cli.sample import Image

LARGEST_SIDE = 65_500  # libjpeg's own limit

# Two segments of the largest size: what stands before a comment, and the comment.
HEAD = 1 << 17

START_OF_SCAN, COMMENT = 0xDA, 0xFE


def encode(image: Image, comment: str = "", quality: int = 90) -> bytes:
    """Encode (H, W, 3) uint8 RGB with its colours in full resolution, so that thin lines stay crisp."""
    height, width = image.shape[:2]
    if max(height, width) > LARGEST_SIDE:
        raise OutputError(f"a JPEG holds at most {LARGEST_SIDE:,} pixels a side; ask for --kind mask or cutout")
    stream = io.BytesIO()
    note = comment.encode()[:65_000]
    Pillow.fromarray(image).save(stream, "JPEG", quality=quality, subsampling=0, comment=note)
    return stream.getvalue()


def read_comment(path: Path) -> str:
    """Read the first comment before the pixels of a JPEG file; "" from whatever cannot be read."""
    try:
        head = read_head(path, HEAD)
    except ImageError:
        return ""
    at = 2
    while head.startswith(b"\xff\xd8\xff") and len(head) >= at + 4:
        mark, kind, length = struct.unpack_from(">BBH", head, at)
        if mark != 0xFF or kind == START_OF_SCAN:
            break
        if kind == COMMENT:
            return head[at + 4 : at + 2 + length].decode(errors="replace")
        at += 2 + length
    return ""
