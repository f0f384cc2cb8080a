from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.errors import ImageError
from handseg_cli.io import images
from handseg_cli.io.images import Photo, read_photo, sniff

LIMIT = 1_000_000


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def read(data: bytes, **options: Any) -> Photo:
    return read_photo(data, "x", **{"max_pixels": LIMIT, **options})


def scene(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Make a smooth photo whose four corners differ, so that every turn of it shows and JPEG keeps it well."""
    y, x = np.mgrid[0:height, 0:width]
    planes = (x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 90 // (width + height))
    return np.stack(planes, -1).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PPM", "TGA", "ICO", "PDF", "EPS", "PCX", "SGI", "JPEG2000"])
def test_formats_that_are_not_ours_are_refused(kind: str) -> None:
    data = encode(Image.fromarray(scene()), kind)
    assert sniff(data) is None
    with pytest.raises(ImageError, match="holds no photo"):
        read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"Dear diary, today", "holds no photo"),
        (b"BM, said he, was", "holds no photo"),
        (b"\xff\xd8\xff", "JPEG data is damaged"),
        (b"\x89PNG\r\n\x1a\n", "PNG data is damaged"),
    ],
)
def test_what_is_no_photo_is_refused_by_name_and_with_a_next_step(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=rf"^a/b\.jpg: .*{reason}.*; .*again"):
        read_photo(data, "a/b.jpg", max_pixels=LIMIT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_truncated_photos_are_refused(kind: str, share: float) -> None:
    data = encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)), kind)
    with pytest.raises(ImageError, match=r"damaged|no photo"):
        read(data[: int(len(data) * share)])


def huge_png() -> bytes:
    data = bytearray(encode(Image.new("L", (8, 8)), "PNG"))
    data[16:24] = struct.pack(">II", 50_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def huge_jpeg() -> bytes:
    data = bytearray(encode(Image.new("RGB", (8, 8)), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(data)


@pytest.mark.parametrize("make", [huge_png, huge_jpeg])
def test_bombs_are_refused_before_they_are_decoded(make: Callable[[], bytes]) -> None:
    data = make()
    started = time.perf_counter()
    with pytest.raises(ImageError, match=r"over the limit of 1,000,000; .*--max-pixels \d{10}"):
        read(data)
    assert time.perf_counter() - started < 0.5


def test_limit_counts_pixels_exactly() -> None:
    data = encode(Image.new("RGB", (100, 10)), "PNG")
    assert read(data, max_pixels=1000).size == (10, 100)
    with pytest.raises(ImageError, match="--max-pixels 1000"):
        read(data, max_pixels=999)


def test_frame_that_outgrows_its_photo_is_refused() -> None:
    # Pillow gives the photo the size of its frame, and has a limit of its own there.
    data = bytearray(encode(Image.new("L", (8, 8)), "GIF"))
    at = data.index(b",\0\0\0\0\x08\0\x08\0")
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(ImageError, match="179 million pixels; scale it down"):
        read(bytes(data))


def test_pillows_global_limit_is_neither_used_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read(encode(Image.new("RGB", (64, 64)), "PNG")).size == (64, 64)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_text_bomb_in_a_png_is_refused() -> None:
    body = b"k\0\0" + zlib.compress(bytes(64 << 20))
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    data = encode(Image.new("RGB", (8, 8)), "PNG")
    with pytest.raises(ImageError, match="too large"):
        read(data[:33] + chunk + data[33:])


def test_flood_of_segments_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_READS", 1000)
    data = encode(Image.new("RGB", (8, 8)), "JPEG")
    assert read(data).size == (8, 8)
    with pytest.raises(ImageError, match="segments"):
        read(data[:2] + b"\xff\xfe\0\2" * 2000 + data[2:])


@pytest.mark.parametrize("progressive", [True, False])
def test_flood_of_scans_is_refused(progressive: bool) -> None:
    data = encode(Image.new("RGB", (64, 64), "grey"), "JPEG", progressive=progressive)
    if not progressive:
        # The header of a scan with one of the three colours: more scans must follow it.
        at = data.index(b"\xff\xda")
        data = data[:at] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + data[at + 14 :]
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageError, match="scans"):
        read(data[:-2] + scan * 200 + b"\xff\xd9")


def test_missing_heif_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"^x: HEIC .*pip install 'handseg\[heic\]'"):
        read(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def test_damaged_metadata_says_nothing_on_standard_error() -> None:
    # What Pillow warns of, logs, or libtiff prints must not reach the terminal, so it takes a process to see it.
    program = """
import io, sys
from PIL import Image
from handseg_cli.errors import ImageError
from handseg_cli.io.images import read_photo
rgb = Image.new("RGB", (64, 48))
for kind, options in (("JPEG", {}), ("PNG", {}), ("TIFF", {"compression": "group4"}), ("TIFF", {})):
    exif = Image.Exif()
    exif[0x010F] = "m" * 40
    stream = io.BytesIO()
    (rgb.convert("1") if options else rgb).save(stream, kind, **options, **({} if options else {"exif": exif}))
    for at in range(8, len(stream.getvalue()), 7):
        data = bytearray(stream.getvalue())
        data[at] = 0xFF
        try:
            read_photo(bytes(data), "x", max_pixels=10**6)
        except ImageError:
            pass
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
