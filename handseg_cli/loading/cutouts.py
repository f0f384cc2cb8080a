"""Reading the hands that are to be pasted: a folder of photos and masks, kept small."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.folder import Folder
from handseg_cli.errors import DatasetError
from handseg_cli.loading.paste import Cutout

MOST = 300  # that are kept, 60 MB at most
LONGEST = 256  # pixels of a side
READERS = 4  # photos in memory at once
LEAST_SHARE = 0.002  # of the photo: less is a speck


def read_cutouts(folder: Path) -> tuple[Cutout, ...]:
    """Read hands from all over a folder of pairs, at most 300; DatasetError where there is none."""
    entries = [entry for entry in Folder().find(folder) if entry.labels is not None]
    chosen = np.unique(np.linspace(0, len(entries) - 1, min(MOST, len(entries))).round().astype(int))
    with ThreadPoolExecutor(READERS) as pool:
        found = [cutout for cutout in pool.map(read_cutout, (entries[at] for at in chosen)) if cutout is not None]
    if not found:
        raise DatasetError(f"{folder}: none of its masks shows a hand; choose other cut-outs")
    return tuple(found)


def read_cutout(entry: Entry) -> Cutout | None:
    """Read one hand, at most 256 pixels long and without the rim that is half ground; None where the mask is empty."""
    sample = Folder().read(entry)
    assert sample.mask is not None
    left, top, width, height = cv2.boundingRect(sample.mask)
    if cv2.countNonZero(sample.mask) < LEAST_SHARE * sample.mask.size:
        return None
    box = np.s_[top : top + height, left : left + width]
    image, mask = sample.image[box], sample.mask[box]
    factor = min(1.0, LONGEST / max(width, height))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=255)
    return Cutout(np.ascontiguousarray(image), inner.astype(np.uint8, copy=False))
