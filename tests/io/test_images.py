from __future__ import annotations

import io
import threading
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.io.images import Photo, read_photo

Array = NDArray[Any]
LIMIT = 1_000_000

# Where the first row and the first column of the stored picture are in the displayed one, in the EXIF standard's words.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


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


def displayed(stored: Array, orientation: int) -> Array:
    """Place every stored pixel by what EXIF says of its row and column."""
    row_side, column_side = SIDES[orientation]
    height, width = stored.shape[:2]
    upright = row_side in ("top", "bottom")
    result = np.zeros((height, width, 3) if upright else (width, height, 3), np.uint8)
    for row in range(height):
        for column in range(width):
            at = {"top": row, "left": row, "bottom": height - 1 - row, "right": height - 1 - row}[row_side]
            along = {"left": column, "top": column}.get(column_side, width - 1 - column)
            result[(at, along) if upright else (along, at)] = stored[row, column]
    return result


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def near(a: Array, b: Array, within: int) -> bool:
    return a.shape == b.shape and int(np.abs(a.astype(int) - b).max()) <= within


@pytest.mark.parametrize("orientation", SIDES)
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
def test_lossless_photos_are_turned_as_exif_says(kind: str, options: dict[str, Any], orientation: int) -> None:
    stored = scene()
    photo = read(encode(Image.fromarray(stored), kind, exif=exif(orientation), **options))
    expected = displayed(stored, orientation)
    assert np.array_equal(photo.image, expected)
    assert photo.size == expected.shape[:2]


@pytest.mark.parametrize("orientation", SIDES)
@pytest.mark.parametrize("pixels", [None, 10])
def test_jpegs_are_turned_as_exif_says_at_every_scale(orientation: int, pixels: int | None) -> None:
    stored = scene(96, 128)
    photo = read(encode(Image.fromarray(stored), "JPEG", exif=exif(orientation), quality=95), pixels=pixels)
    expected = displayed(stored, orientation)
    assert photo.size == expected.shape[:2]
    scale = 8 if pixels else 1
    assert near(photo.image, expected[scale // 2 :: scale, scale // 2 :: scale], 14)


@pytest.mark.parametrize("orientation", SIDES)
def test_avif_photos_are_turned_as_their_container_says(orientation: int) -> None:
    stored = scene()
    photo = read(encode(Image.fromarray(stored), "AVIF", exif=exif(orientation), quality=95))
    assert near(photo.image, displayed(stored, orientation), 40)


@pytest.mark.parametrize("orientation", SIDES)
def test_heic_photos_are_turned_once(orientation: int) -> None:
    # Both the container and the EXIF say so, as in the files of phones.
    heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    heif.from_pillow(Image.fromarray(scene())).save(stream, exif=exif(orientation).tobytes(), quality=95)
    expected = displayed(scene(), orientation)
    photo = read(stream.getvalue())
    assert photo.size == expected.shape[:2]
    assert near(photo.image, expected, 40)


@pytest.mark.parametrize(
    ("width", "height", "pixels", "expected"),
    [
        (1280, 720, 147_456, (360, 640)),
        (1280, 720, 57_600, (180, 320)),
        (1280, 720, 57_601, (360, 640)),
        (1280, 720, 10, (90, 160)),
        (1280, 720, None, (720, 1280)),
        (1280, 720, 10**7, (720, 1280)),
        (1001, 333, 10, (42, 126)),
        (7, 5, 1, (2, 2)),
        (1, 1, 1, (1, 1)),
    ],
)
def test_jpegs_are_reduced_only_as_far_as_pixels_allow(
    width: int, height: int, pixels: int | None, expected: tuple[int, int]
) -> None:
    photo = read(encode(Image.new("RGB", (width, height)), "JPEG"), pixels=pixels)
    assert (photo.image.shape[:2], photo.size) == (expected, (height, width))


def test_reduced_jpeg_shows_the_same_photo() -> None:
    data = encode(Image.fromarray(scene(480, 640)), "JPEG", quality=95)
    assert near(read(data, pixels=1000).image, read(data).image[4::8, 4::8], 6)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_deflate"}),
        ("TIFF", {"big_tiff": True}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_come_out_exactly(kind: str, options: dict[str, Any]) -> None:
    assert np.array_equal(read(encode(Image.fromarray(scene()), kind, **options)).image, scene())


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "MPO", "AVIF"])
def test_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("#c81414", "#14c814", "#1414c8")]
    photo = read(encode(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert near(photo.image, np.full((24, 32, 3), (200, 20, 20)), 8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_image_is_read_only(kind: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        read(encode(Image.new("RGB", (4, 4)), kind)).image[0] = 1


def test_content_and_not_the_name_tells_the_format() -> None:
    photo = read_photo(encode(Image.fromarray(scene()), "PNG"), "holiday.jpg", max_pixels=LIMIT)
    assert np.array_equal(photo.image, scene())


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 3}])
def test_jpegs_have_the_pixels_that_pillow_finds(mode: str, options: dict[str, Any]) -> None:
    data = encode(Image.fromarray(scene(51, 67)).convert(mode), "JPEG", **options)
    for pixels, scale in ((None, 1), (30 * 20, 2)):
        with Image.open(io.BytesIO(data)) as image:
            image.draft("", (67 // scale, 51 // scale))
            wanted = np.asarray(image.convert("RGB"))
        assert np.array_equal(read(data, pixels=pixels).image, wanted)


def test_a_jpeg_with_a_harmless_fault_is_read_as_pillow_does() -> None:
    data = encode(Image.fromarray(scene()), "JPEG")
    at = data.index(b"\xff\xdb")
    assert np.array_equal(read(data[:at] + b"stray" + data[at:]).image, read(data).image)


def test_progressive_jpeg_is_read() -> None:
    data = encode(Image.fromarray(scene()), "JPEG", progressive=True, quality=95)
    assert near(read(data).image, scene(), 14)


def test_lock_of_python_is_free_while_a_jpeg_is_decoded() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    data = encode(Image.fromarray(noise), "JPEG", quality=95)
    longest, stop = [0.0], threading.Event()

    def watch() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            now = time.perf_counter()
            longest[0] = max(longest[0], now - last)
            last = now

    thread = threading.Thread(target=watch)
    thread.start()
    started = time.perf_counter()
    read_photo(data, "x", max_pixels=10**8, pixels=1000)
    took = time.perf_counter() - started
    stop.set()
    thread.join()
    assert longest[0] < 0.8 * took
