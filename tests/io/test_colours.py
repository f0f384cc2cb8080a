from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.io.images import Photo, read_photo

Array = NDArray[Any]
LIMIT = 1_000_000


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def read(data: bytes, **options: Any) -> Photo:
    return read_photo(data, "x", **{"max_pixels": LIMIT, **options})


def scene(height: int = 48, width: int = 64) -> Array:
    """Make a smooth photo whose four corners differ, so that every turn of it shows and JPEG keeps it well."""
    y, x = np.mgrid[0:height, 0:width]
    planes = (x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 90 // (width + height))
    return np.stack(planes, -1).astype(np.uint8)


def near(a: Array, b: Array, within: int) -> bool:
    return a.shape == b.shape and int(np.abs(a.astype(int) - b).max()) <= within


MODES = ["1", "L", "LA", "P", "RGB", "RGBA"]


@pytest.mark.parametrize("mode", MODES)
def test_png_of_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.fromarray(scene()).convert(mode)
    photo = read(encode(image, "PNG"))
    assert photo.image.dtype == np.uint8
    assert np.array_equal(photo.image, np.asarray(image.convert("RGB")))


def test_transparent_parts_are_white_and_half_ones_are_mixed() -> None:
    image = Image.new("RGBA", (3, 1), (10, 20, 30, 255))
    image.putpixel((1, 0), (10, 20, 30, 0))
    image.putpixel((2, 0), (0, 0, 0, 128))
    assert read(encode(image, "PNG")).image.tolist() == [[[10, 20, 30], [255, 255, 255], [127, 127, 127]]]


def test_wholly_transparent_photo_shows_its_colours() -> None:
    assert np.all(read(encode(Image.new("RGBA", (4, 4), (10, 20, 30, 0)), "PNG")).image == (10, 20, 30))


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_palette_transparency_is_white(transparency: int | bytes) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert read(encode(image, "PNG", transparency=transparency)).image.tolist() == [[[255] * 3, [40, 50, 60]]]


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (10, 20, 30)), ("L", 77)])
def test_one_transparent_colour_is_white(mode: str, colour: Any) -> None:
    image = Image.new(mode, (2, 1), colour)
    image.putpixel((1, 0), 0)
    photo = read(encode(image, "PNG", transparency=colour))
    assert photo.image.tolist() == [[[255] * 3, [0, 0, 0]]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [16, 12, 10])
def test_deep_greys_are_scaled_and_not_clipped(kind: str, bits: int) -> None:
    ramp = np.linspace(0, 2**bits - 1, 256).round().astype(np.uint16)[None].repeat(2, 0)
    photo = read(encode(Image.fromarray(ramp), kind))
    assert near(photo.image[..., 1], np.arange(256)[None].repeat(2, 0), 1)


def test_16_bit_rgb_png_keeps_its_brightness() -> None:
    values = np.array([[[0, 32768, 65535], [256, 512, 1024]]], np.uint16)
    rows = b"\0" + values.astype(">u2").tobytes()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    assert read(data).image.tolist() == [[[0, 128, 255], [1, 2, 4]]]


@pytest.mark.parametrize("offset", [0.0, -3.0, 1e6])
def test_floats_use_the_whole_range(offset: float) -> None:
    values = np.linspace(0, 1, 256, dtype=np.float32)[None] * (1 if offset == 0 else 1000) + np.float32(offset)
    photo = read(encode(Image.fromarray(values.astype(np.float32)), "TIFF"))
    assert near(photo.image[0, :, 0], np.arange(256), 1)


def test_floats_that_are_no_numbers_do_no_harm() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    assert read(encode(Image.fromarray(values), "TIFF")).image.shape == (1, 4, 3)


@pytest.mark.parametrize("value", [0.0, 7.0, 300.0, -300.0])
def test_even_floats_do_no_harm(value: float) -> None:
    assert np.ptp(read(encode(Image.fromarray(np.full((2, 2), value, np.float32)), "TIFF")).image) == 0


def test_signed_integers_are_lifted_over_zero() -> None:
    values = np.array([[-1000, 0, 1000]], np.int32)
    left, middle, right = read(encode(Image.fromarray(values), "TIFF")).image[0, :, 0]
    assert left == 0 < middle < right


def test_cmyk_jpeg_of_adobe_is_not_a_negative() -> None:
    image = Image.fromarray(scene())
    photo = read(encode(image.convert("CMYK"), "JPEG", quality=95))
    assert near(photo.image, scene(), 14)


def test_ycck_jpeg_of_adobe_is_not_a_negative() -> None:
    # Adobe's files hold the YCbCr of the negative. Pillow writes CMYK, inverted, and no YCCK: so it gets those planes
    # inverted once more, and then the colour transform, the last byte of Adobe's segment, is set to YCCK.
    planes = [
        plane.point(lambda value: 255 - value) for plane in Image.fromarray(255 - scene()).convert("YCbCr").split()
    ]
    data = encode(Image.merge("CMYK", [*planes, Image.new("L", (64, 48), 0)]), "JPEG", quality=95)
    at = data.index(b"Adobe") + 11
    assert near(read(data[:at] + b"\2" + data[at + 1 :]).image, scene(), 14)


@pytest.mark.parametrize("options", [{}, {"pixels": 100}])
def test_grey_jpeg_becomes_rgb(options: dict[str, Any]) -> None:
    photo = read(encode(Image.new("L", (64, 48), 99), "JPEG"), **options)
    assert np.all(photo.image == 99)
