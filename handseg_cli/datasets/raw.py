"""The files of a raw folder: where they lie, what to say where they do not, photos and masks as arrays.

What a mask's levels mean is for each dataset to say: one file's 1 is another's noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.io.colours import to_uint8
from handseg_cli.io.images import DAMAGE, IMAGE_SUFFIXES, PhotoFile, read_photo
from handseg_cli.io.inputs import read_bytes
from handseg_cli.sample import Image, Mask

MAX_PIXELS = 100_000_000

# JPEG leaves noise of up to 37 around hands that were drawn with 255.
HALF = 128


@dataclass(frozen=True)
class Levels:
    """A mask as its file has it: (H, W) uint8, the brightest channel where it is coloured; lossy if it was a JPEG."""

    values: Mask
    lossy: bool

    def mask(self, least: int | None = None) -> Mask:
        """Return 255 where a level is at least `least`, or by what the file holds: two values only, or 128 and more."""
        if self.lossy:
            hands = self.values >= HALF
        elif least is not None:
            hands = self.values >= least
        else:
            used = np.flatnonzero(np.bincount(self.values.ravel(), minlength=256))
            # Exactly two values are background and hand, whether 0 and 255 or 0 and 1.
            hands = self.values == used[1] if len(used) == 2 else self.values >= HALF
        return hands.astype(np.uint8) * np.uint8(255)


def missing(path: Path, name: str) -> DatasetError:
    """Make the error for a file or folder that the dataset `name` should have."""
    return DatasetError(f"{path}: is missing; run `handseg download {name}` again, or name the folder that holds it")


def is_there(path: Path) -> bool:
    """Tell whether a file or folder is there; DatasetError where the system does not let us look."""
    try:
        return path.exists()
    except (OSError, ValueError) as error:
        raise _closed(path, error) from error


def find_root(raw: Path, places: tuple[str, ...], marks: tuple[str, ...], name: str) -> Path:
    """Return the first of `raw` and the `places` in it that holds one of the `marks`."""
    for root in (raw, *(raw / place for place in places)):
        if any(is_there(root / mark) for mark in marks):
            return root
    raise missing(raw / places[0] / marks[0], name)


def list_names(folder: Path, name: str) -> list[str]:
    """List what a folder of the dataset `name` holds in the order of code points, hidden files left out."""
    if not is_there(folder):
        raise missing(folder, name)
    try:
        return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _closed(folder, error) from error


def list_folders(folder: Path, name: str) -> list[str]:
    """List the names of the folders in a folder, in the order of code points."""
    return [inner for inner in list_names(folder, name) if (folder / inner).is_dir()]


def list_photos(folder: Path, name: str) -> list[str]:
    """List the names of the photos in a folder, in the order of code points."""
    return [file for file in list_names(folder, name) if Path(file).suffix.lower() in IMAGE_SUFFIXES]


def list_pairs(photos: Path, labels: Path, name: str, suffix: str = ".png") -> list[tuple[Path, Path]]:
    """Pair each photo of one folder with the file of the same stem in another, ordered by the photos' names.

    A photo that is not there, though its labels are, is listed: reading it fails, but no other moves to another split.
    """
    files = {Path(file).stem: file for file in list_photos(photos, name)}
    lost = {Path(file).stem for file in list_names(labels, name) if file.endswith(suffix)} - files.keys()
    pairs = [*files.items(), *((stem, f"{stem}.jpg") for stem in lost)]
    return [(photos / file, labels / f"{stem}{suffix}") for stem, file in sorted(pairs, key=lambda pair: pair[1])]


def read_file(path: Path, name: str) -> bytes:
    """Read a file of the dataset `name`; DatasetError where it is missing or cannot be read."""
    if not is_there(path):
        raise missing(path, name)
    try:
        return read_bytes(path)
    except ImageError as error:
        raise DatasetError(str(error)) from error


def read_image(path: Path, name: str) -> Image:
    """Read a photo of the dataset `name` as (H, W, 3) uint8 RGB."""
    return read_photo(read_file(path, name), str(path), max_pixels=MAX_PIXELS).image


def read_levels(path: Path, name: str, size: tuple[int, int], *, indices: bool = False) -> Levels:
    """Read a mask for a photo of (height, width) `size`; with `indices`, a palette's numbers, not its colours."""
    photo = PhotoFile(read_file(path, name), str(path), MAX_PIXELS)
    if photo.kind != "png":
        return Levels(_fit(photo.read().image.max(axis=2), size, path), photo.kind not in ("bmp", "gif"))
    try:
        values = _brightest(photo.image, indices)
    except (*DAMAGE, MemoryError) as error:
        raise ImageError(f"{path}: its PNG data is damaged ({error}); run `handseg download {name}` again") from error
    return Levels(_fit(values, size, path), lossy=False)


def _brightest(image: Pillow.Image, indices: bool) -> Mask:
    """Return the brightest channel of every pixel, 0 where it is transparent."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return to_uint8(np.asarray(image))
    if image.mode in ("1", "L") or (image.mode == "P" and indices):
        return np.array(image if image.mode != "1" else image.convert("L"), dtype=np.uint8)
    colours = np.asarray(image.convert("RGBA"))
    return np.where(colours[..., 3] > 0, colours[..., :3].max(axis=2), 0).astype(np.uint8)


def _fit(values: Mask, size: tuple[int, int], path: Path) -> Mask:
    """Bring a mask at another scale to its photo's size; one of another shape belongs to another photo."""
    height, width = values.shape
    if (height, width) == size:
        return values
    if abs(height * size[1] - width * size[0]) > 0.02 * height * size[1]:
        sizes = f"{width} x {height} pixels and its photo {size[1]} x {size[0]}"
        raise DatasetError(f"{path}: has {sizes}, which do not match; unpack the archive again or leave it out")
    return np.asarray(cv2.resize(values, (size[1], size[0]), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)


def _closed(path: Path, error: OSError | ValueError) -> DatasetError:
    reason = getattr(error, "strerror", None) or error
    return DatasetError(f"{path}: cannot be read ({reason}); check its permissions and its disk")
