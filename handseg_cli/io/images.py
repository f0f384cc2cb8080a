"""Photos of any format into (H, W, 3) uint8 RGB arrays, turned as they are displayed.

What a file is, its content tells and not its suffix. Nothing that a file claims is believed before it is bounded.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import simplejpeg
from PIL import _imaging
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError
from PIL.Image import Image as Pillow
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from handseg_cli.errors import HandsegError, ImageError
from handseg_cli.io.colours import to_rgb
from handseg_cli.io.exif import read_focal, read_orientation
from handseg_cli.registry import resolve
from handseg_cli.sample import Image

IMAGE_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp"),
        *("tif", "tiff", "bmp", "dib", "gif", "heic", "heif", "hif", "avif"),
    )
)

# Pillow warns of every odd EXIF tag, and one of its decoders logs; neither is for the user of a batch tool. A filter
# at the end of the list gives way to any that the program around us has set, unlike `catch_warnings`, which is not
# safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\.", append=True)
logging.getLogger("PIL").addHandler(logging.NullHandler())
# libtiff writes a line to standard error for each bad row of a photo. It is linked into Pillow's module or next to it.
with contextlib.suppress(OSError, AttributeError):
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)

# Photos have some hundred segments; a file of millions would cost minutes and gigabytes before the first pixel.
MAX_READS = 1_000_000
# Encoders write about 10 scans of a progressive JPEG. A hostile file of some kilobytes holds thousands, and each
# goes over the whole photo: 75 ms at 100 megapixels.
MAX_SCANS = 100

# What hostile files were seen to raise in Pillow (`data_scripts/fuzz_images.py`), what Pillow itself guards its
# headers against, and a warning that the program around us has made an error.
DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, RuntimeError),
    *(struct.error, LookupError, TypeError, OverflowError),
    Warning,
)

STRIP = 250_000  # pixels that are copied out of Pillow at a time

# How a photo is turned for each orientation that EXIF knows.
TURNS: dict[int, Callable[[Image], object]] = {
    1: lambda image: image,
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


@dataclass(frozen=True)
class Photo:
    """A decoded photo: (h, w, 3) uint8 RGB, read-only and perhaps reduced; `size` is its full (height, width).

    `focal` is the focal length of its camera in pixels of its full size, 0 where it does not say.
    """

    image: Image
    size: tuple[int, int]
    focal: float = 0.0


def sniff(head: bytes) -> str | None:
    """Name the image format that the first 64 bytes of a file tell, None for a file that is no image of ours."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    # Two letters are too little evidence in a folder of texts: the size of the header that follows is known, too.
    if head.startswith(b"BM") and head[14:18] in {bytes([n, 0, 0, 0]) for n in (12, 40, 52, 56, 64, 108, 124)}:
        return "bmp"
    return _sniff_heif(head)


def _sniff_heif(head: bytes) -> str | None:
    if head[4:8] != b"ftyp":
        return None
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(len(head), head[3]), 4))}
    if brands & {b"avif", b"avis"}:
        return "avif"
    if head[8:12] in {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}:
        return "heic"
    return None


def sniff_video(head: bytes) -> bool:
    """Tell whether the first 400 bytes of a file are those of an MP4, MOV, AVI, Matroska, WebM or MPEG video."""
    if head[4:8] == b"ftyp":
        # The same container holds photos (HEIC, AVIF, Canon's raw CR3) and sound.
        return _sniff_heif(head) is None and head[8:12] not in {b"crx ", b"M4A ", b"M4B "}
    if head[4:8] in {b"moov", b"mdat", b"wide"} or head.startswith((b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3")):
        return True
    if head.startswith(b"RIFF"):
        return head[8:12] == b"AVI "
    # A transport stream repeats its sync byte with every packet of 188 bytes; Blu-ray puts 4 bytes before each.
    return len(head) > 388 and any(set(head[at :: 188 + at]) == {0x47} for at in (0, 4))


def read_photo(data: bytes, name: str, *, max_pixels: int, pixels: int | None = None) -> Photo:
    """Decode the bytes of a photo, `name` for messages; a JPEG at 1/2, 1/4 or 1/8 that still has `pixels` pixels."""
    return PhotoFile(data, name, max_pixels).read(pixels)


class PhotoFile:
    """The bytes of a photo of which only the header has been read; `pixels` tells how many it has."""

    def __init__(self, data: bytes, name: str, max_pixels: int) -> None:
        self.data = data
        self.name = name
        kind = sniff(data[:64])
        if kind is None:
            what = "holds no photo" if data else "is empty"
            formats = "JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC or AVIF"
            raise ImageError(f"{name}: {what} ({formats}); remove it or copy it again")
        self.kind = kind
        with self._explained():
            stream = _Stream(data)
            self.image = _open_heic(stream) if kind == "heic" else READERS[kind](stream)
            width, height = self.image.size
            self.pixels = width * height
            if self.pixels > max_pixels:
                advice = f"if it is to be trusted, give --max-pixels {self.pixels}"
                raise ImageError(f"it claims {width} x {height} pixels, over the limit of {max_pixels:,}; {advice}")

    def read(self, pixels: int | None = None) -> Photo:
        """Decode the photo, once; a JPEG at 1/2, 1/4 or 1/8 that still has `pixels` pixels."""
        with self._explained():
            width, height = self.image.size
            if isinstance(self.image, JpegImageFile):
                _prepare_jpeg(self.image, self.data, pixels)
            rgb = _pixels(self.image, self.data, (height, width))
            # Pillow turns a TIFF by itself. Some PNGs hold their EXIF after the pixels, so it is looked at only now.
            exif = self.image.info.get("exif") or b""
            orientation = 1 if self.kind == "tiff" else read_orientation(exif)
            turned = np.asarray(TURNS[orientation](rgb), dtype=np.uint8)
            turned.flags.writeable = False
            size = (width, height) if orientation > 4 else (height, width)
            return Photo(turned, size, read_focal(exif, size))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what decoders raise into messages that name the photo and say what to do."""
        try:
            yield
        except ImageError as error:
            raise ImageError(f"{self.name}: {error}") from error
        except MemoryError as error:
            raise ImageError(f"{self.name}: needs more memory than there is; scale it down") from error
        except DecompressionBombError as error:
            # WebP and GIF are measured by Pillow alone.
            raise ImageError(f"{self.name}: has more than Pillow's 179 million pixels; scale it down") from error
        except DAMAGE as error:
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            what = f"its {self.kind.upper()} data is damaged or of a rare kind"
            raise ImageError(f"{self.name}: {what} ({reason}); copy or save it again") from error


def _pixels(image: ImageFile, data: bytes, size: tuple[int, int]) -> Image:
    """Return the (H, W, 3) RGB pixels of a photo of which the header has been read."""
    if isinstance(image, JpegImageFile) and image.mode in ("RGB", "L"):
        # The library that Pillow has too, and the same pixels, at half the time: nothing is packed or copied.
        # It is asked for sound files only; of all that it stumbles over or warns of, Pillow is the judge.
        with contextlib.suppress(ValueError):
            if simplejpeg.decode_jpeg_header(data)[:2] == size:
                least = {"min_height": image.height, "min_width": image.width}
                return np.asarray(simplejpeg.decode_jpeg(data, "RGB", **least), dtype=np.uint8)
    image.load()
    return _array(to_rgb(image))


def _array(image: Pillow) -> Image:
    """Copy an RGB image out of Pillow by strips: all at once it takes four times as long and twice the memory."""
    width, height = image.size
    array = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        array[top : top + rows] = np.asarray(image.crop((0, top, width, min(top + rows, height))))
    return array


class _Stream(io.BytesIO):
    """The bytes of a file, of which only so many pieces may be read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > MAX_READS:
            raise OSError(f"over {MAX_READS:,} segments")
        return super().read(size)


class _JpegFile(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Leave the EXIF alone: reading all of it for the density takes twice as long as all of the header."""


# Plugins are called one by one, not through `PIL.Image.open`: only the format that was recognised can be met, and
# the limit for all of the process, `PIL.Image.MAX_IMAGE_PIXELS`, stays as the program around us has set it.
READERS: dict[str, Callable[[io.BytesIO], ImageFile]] = {
    "avif": AvifImageFile,
    "bmp": BmpImageFile,
    "gif": GifImageFile,
    "jpeg": _JpegFile,
    "png": PngImageFile,
    "tiff": TiffImageFile,
    "webp": WebPImageFile,
}


def _open_heic(stream: io.BytesIO) -> ImageFile:
    try:
        reader = cast(Callable[[io.BytesIO], ImageFile], resolve("pillow_heif:HeifImageFile"))
    except HandsegError as error:
        raise ImageError(f"HEIC {error}") from error
    return reader(stream)


def _prepare_jpeg(image: JpegImageFile, data: bytes, pixels: int | None) -> None:
    assert image.fp is not None
    # Just read: the header of the first scan. Only where that has all of the layers may there be no second one.
    interleaved = data[image.fp.tell() - 4 - 2 * image.layers] == image.layers
    if (image.info.get("progressive") or not interleaved) and data.count(b"\xff\xda") > MAX_SCANS:
        raise ImageError(f"it has more than {MAX_SCANS} scans, which no camera writes; save it again")
    # In one piece: Python's lock is taken once and not after each 64 KiB.
    image.decodermaxblock = len(data)
    width, height = image.size
    for scale in (8, 4, 2):
        if pixels is not None and (width // scale) * (height // scale) >= max(pixels, 1):
            image.draft(None, (width // scale, height // scale))
            return
