"""A made-up dataset, for what becomes of any: photos beside masks, of which some fail, are slow, or end the process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from handseg_cli.datasets.dataset import Entry
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.sample import Sample


class Fake:
    """Photos beside masks, both PNG or JPEG; the folder is the group."""

    archives = ()
    licence = "none"
    citation = "nobody, nowhere"
    page = "https://example.org"
    labels = ("hand", "sides", "joints")

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos in the order of their names."""
        if not raw.is_dir():
            raise DatasetError(f"{raw}: is missing")
        for photo in sorted(raw.glob("*/*.photo")):
            labels = photo.with_suffix(".mask")
            yield Entry(f"{photo.parent.name}/{photo.stem}", photo, labels, photo.parent.name, "test", detail=labels)

    def read(self, entry: Entry) -> Sample:
        """Read a photo and its mask."""
        if entry.image.stat().st_size == 0:
            raise ImageError(f"{entry.image}: is empty")
        if os.environ.get("FAKE_DIES") == entry.key:
            os._exit(9)
        time.sleep(float(os.environ.get("FAKE_TAKES_S", "0")))
        with Pillow.open(entry.image) as opened:
            image = np.array(opened.convert("RGB"))
        with Pillow.open(entry.detail) as opened:
            sides = np.array(opened.convert("L"))
        points = np.array([[3, 5], [100, 60]], np.float32)
        camera = np.array([[200, 0, 64], [0, 200, 36], [0, 0, 1]], np.float32)
        joints = np.array([[-61, -31, 200], [36, 24, 200]], np.float32)
        mask = (sides > 0).astype(np.uint8) * np.uint8(255)
        valid = np.array([True, False])
        return Sample(entry.key, image, mask, sides, None, joints, points, valid, camera, hands="left")


def photo_of(seed: int, size: tuple[int, int] = (128, 72)) -> Pillow.Image:
    colours = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return Pillow.fromarray(colours).resize(size, Pillow.Resampling.BICUBIC)


def add(folder: Path, seed: int, size: tuple[int, int] = (128, 72), kind: str = "JPEG") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    photo_of(seed, size).save(folder / f"{seed:04}.photo", kind, quality=90)
    sides = np.zeros(size[::-1], np.uint8)
    cv2.circle(sides, (size[0] // 3, size[1] // 2), size[1] // 4, 1, -1)
    cv2.circle(sides, (2 * size[0] // 3, size[1] // 2), size[1] // 4, 2, -1)
    Pillow.fromarray(sides).save(folder / f"{seed:04}.mask", "PNG")
