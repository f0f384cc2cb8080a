"""Masks that people have drawn, in any image format: 0/255, 0/1, class numbers, palettes, colours, transparency."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.own import MAX_PIXELS, read_image, require_size
from handseg_cli.errors import DatasetError
from handseg_cli.io.exif import read_orientation
from handseg_cli.io.images import TURNS, PhotoFile
from handseg_cli.io.inputs import read_bytes
from handseg_cli.sample import Mask, Sample

# These formats blur: their black is not all 0.
LOSSY = frozenset({"jpeg", "webp", "heic", "avif"})
# A grey mask of more levels, up to bright ones, has soft borders or is a probability, and no numbers of classes.
MAX_CLASSES = 32


def read_mask(path: Path) -> Mask:
    """Read a (H, W) uint8 mask, 255 wherever the picture is not black or transparent."""
    return decode_mask(read_bytes(path), str(path))


def decode_mask(data: bytes, name: str) -> Mask:
    """Decode the bytes of a mask, `name` for messages, into (H, W) uint8, 255 on hands.

    Lossy and soft pictures count from half on, all others from 1 on. What is visible in a picture with
    transparency is a hand where it is coloured or, if all of it is black, everywhere.
    """
    file = PhotoFile(data, name, MAX_PIXELS)
    rgb = file.read().image  # turned, and reduced to 8 bits
    picture = file.image
    if picture.has_transparency_data:
        orientation = read_orientation(picture.info.get("exif") or b"") if file.kind != "tiff" else 1
        rgba = np.asarray(TURNS[orientation](np.array(picture.convert("RGBA"))), np.uint8)
        visible, coloured = rgba[..., 3] > 0, rgba[..., :3].any(axis=2)
        black_on_nothing = not visible.all() and not (visible & coloured).any()
        return _mask(visible if black_on_nothing else visible & coloured)
    # A maximum over the last of three axes takes NumPy four times as long.
    strongest = np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    if file.kind in LOSSY or _is_soft(rgb):
        return _mask(strongest >= 128)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        values = np.asarray(picture)  # class numbers may be lost with the lower of 16 bits
        return _mask(values > 0) if values.shape == strongest.shape else _mask(strongest > 0)
    return _mask(strongest > 0)


def _is_soft(rgb: Mask) -> bool:
    grey = rgb[..., 0]
    if grey.max() < 128 or np.count_nonzero(np.bincount(grey.ravel(), minlength=256)) <= MAX_CLASSES:
        return False
    return bool((rgb == grey[..., None]).all())


def _mask(hands: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Mask:
    return np.where(hands, np.uint8(255), np.uint8(0))


def masked(entry: Entry) -> Sample:
    """Read a photo and its mask; DatasetError where their sizes differ, or there is none as the detail says."""
    if entry.labels is None:
        raise DatasetError(entry.detail)
    image = read_image(entry)
    mask = read_mask(entry.labels)
    height, width = mask.shape
    require_size((height, width), image.shape[:2], f"{entry.labels} (mask of {entry.image})")
    return Sample(entry.key, image, mask, group=entry.group, split=entry.split)
