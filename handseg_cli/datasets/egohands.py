"""EgoHands: two people at a table seen by the head camera of one, every hand outlined to the wrist.

Two kinds of MATLAB file hold the outlines; their fields go by position, because their names are spelt in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.polygons import clean, rasterise_sides
from handseg_cli.datasets.raw import find_root, is_there, list_folders, list_photos, missing, read_file, read_image
from handseg_cli.errors import DatasetError
from handseg_cli.io.mat import load
from handseg_cli.sample import Sample

NAME = "egohands"
FRAMES = "_LABELLED_SAMPLES"

# Positions in the records of metadata.mat.
VIDEO_ID, LABELLED_FRAMES = 0, 6
FRAME_NUMBER, FIRST_HAND = 0, 1
HANDS = 4  # own left, own right, the other's left, the other's right: also the order of a row of polygons.mat


class EgoHands:
    """4800 frames of 48 videos, 1280 x 720 pixels, with the sides of the hands."""

    archives = (
        Archive(
            name="egohands_data.zip",
            # The first host is gone: it redirects to pages that hold no data.
            url="https://web.archive.org/web/20200713164330id_/http://vision.soic.indiana.edu/egohands_files/egohands_data.zip",
            mirrors=("http://vision.soic.indiana.edu/egohands_files/egohands_data.zip",),
            about=1_300_000_000,
            into="egohands_data",
        ),
    )
    licence = "no licence published; research use"
    citation = "Bambach, Lee, Crandall, Yu: Lending A Hand: Detecting Hands and Recognizing Activities, ICCV 2015"
    page = "http://vision.soic.indiana.edu/projects/egohands/"
    labels = ("hand", "sides")

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the frames in the order of metadata.mat; by folder and name where only the polygons.mat are there."""
        root = find_root(raw, ("egohands_data", "egohands_data/egohands_data"), (FRAMES,), NAME)
        if is_there(root / "metadata.mat"):
            yield from _by_metadata(root)
        else:
            yield from _by_folder(root)

    def read(self, entry: Entry) -> Sample:
        """Read one frame and fill its outlines."""
        image = read_image(entry.image, NAME)
        sides = rasterise_sides(entry.detail[0::2], entry.detail[1::2], image.shape[:2])
        mask = (sides > 0).astype(np.uint8) * np.uint8(255)
        return Sample(entry.key, image, mask, sides, group=entry.group)


def _by_metadata(root: Path) -> Iterator[Entry]:
    path = root / "metadata.mat"
    for video in _records(path, "video", LABELLED_FRAMES + 1):
        name = _text(video[VIDEO_ID], path)
        for frame in _rows(video[LABELLED_FRAMES], path, FIRST_HAND + HANDS):
            photo = root / FRAMES / name / f"frame_{_number(frame[FRAME_NUMBER], path):04d}.jpg"
            yield _entry(photo, name, [frame[FIRST_HAND + hand] for hand in range(HANDS)])


def _by_folder(root: Path) -> Iterator[Entry]:
    folders = [root / FRAMES / video for video in list_folders(root / FRAMES, NAME)]
    if not folders:
        raise missing(root / "metadata.mat", NAME)
    for folder in folders:
        path = folder / "polygons.mat"
        rows, photos = _records(path, "polygons", HANDS), list_photos(folder, NAME)
        if len(rows) != len(photos):
            what = f"outlines {len(rows)} photos where there are {len(photos)}"
            raise DatasetError(f"{path}: {what}, so none can be told apart; run `handseg download {NAME}` again")
        for photo, row in zip(photos, rows, strict=True):
            yield _entry(folder / photo, folder.name, [row[hand] for hand in range(HANDS)])


def _entry(photo: Path, video: str, outlines: list[Any]) -> Entry:
    # Half the bytes of MATLAB's doubles, and a ten-thousandth of a pixel.
    with np.errstate(over="ignore"):  # what is farther off than such numbers go is left out when it is drawn
        detail = tuple(clean(outline).astype(np.float32) for outline in outlines)
    return Entry(f"{video}/{photo.stem}", photo, group=session(video), detail=detail)


def session(video: str) -> str:
    """Name the session of a video: both players wear a camera, and the two videos show the same hands and table."""
    place, *players = video.rsplit("_", 2)
    return "_".join([place, *sorted(players)])


def _records(path: Path, variable: str, fields: int) -> list[Any]:
    """Return the rows of the one struct array that a MATLAB file holds."""
    data = read_file(path, NAME)
    try:
        held = load(data, [variable])
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}; run `handseg download {NAME}` again") from error
    return _rows(held.get(variable), path, fields)


def _rows(array: Any, path: Path, fields: int) -> list[Any]:
    """Return the records of a struct array that has so many fields at least."""
    if not isinstance(array, np.ndarray) or array.dtype.names is None or len(array.dtype.names) < fields:
        raise _unlike(path)
    return list(array.ravel())


def _text(value: Any, path: Path) -> str:
    """Read a char field, which becomes the name of a folder and must not lead elsewhere."""
    text = "".join(str(part) for part in np.asarray(value).ravel())
    if not re.fullmatch(r"\w[\w-]*", text):
        raise _unlike(path)
    return text


def _number(value: Any, path: Path) -> int:
    numbers = np.asarray(value).ravel()
    if numbers.dtype.kind not in "uif" or len(numbers) != 1 or not 0 <= numbers[0] < 1e9:
        raise _unlike(path)
    return int(numbers[0])


def _unlike(path: Path) -> DatasetError:
    return DatasetError(f"{path}: holds no records of EgoHands; run `handseg download {NAME}` again")
