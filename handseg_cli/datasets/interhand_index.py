"""The annotations of InterHand2.6M joined image by image: gigabytes of JSON in streams, and what has to wait on disk.

Images and annotations are two lists in one order, and frames come about as the images do. While a file keeps to that
nothing is searched; what was passed on the way stays in a temporary file, so that any other order works as well.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.raw import read_file
from handseg_cli.errors import DatasetError, DiskFullError
from handseg_cli.io.json_stream import list_items, nested_numbers

NAME = "interhand"
JOINTS = 42
HANDS = {"right": "right", "left": "left", "interacting": "both"}
CACHE = 16_384  # KiB of the temporary file that are held in memory
AGAIN = f"unpack or fetch the annotations of {NAME} again"

Records = Generator[tuple[str, bytes], None, None]


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of a capture: X = rotation (X_world - position), pixels = focal X / Z + centre."""

    position: NDArray[np.float64]  # (3,) mm
    rotation: NDArray[np.float64]  # (3, 3)
    focal: NDArray[np.float64]  # (2,) pixels
    centre: NDArray[np.float64]  # (2,) pixels


@dataclass(frozen=True, slots=True)
class Shot:
    """One image and what the annotations tell of it; a record or a camera that they lack is empty or None."""

    file_name: str
    size: tuple[int, int]  # height, width
    group: str
    note: bytes  # see `notes`
    frame: bytes  # see `frames`
    camera: Camera | None


class Shelf:
    """The records of a stream by key; those that are passed on the way to another wait in a temporary file."""

    def __init__(self, records: Records, *, kept: bool) -> None:
        self.records = records
        self.kept = kept  # whether a record is asked for more than once
        self.waiting = False
        # SQLite deletes a database without a name when it is closed, or when the process dies.
        self.table = sqlite3.connect("", check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
            self.table.execute(f"PRAGMA {setting}")
        self.table.execute("CREATE TABLE record (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def find(self, key: str) -> bytes:
        """Return the record of a key; an empty one where there is none."""
        with _explained():
            if self.waiting:
                row = self.table.execute("SELECT value FROM record WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    return bytes(row[0])
            for other, value in self.records:
                if other != key or self.kept:
                    self.table.execute("INSERT OR IGNORE INTO record VALUES (?, ?)", (other, value))
                    self.waiting = True
                if other == key:
                    return value
        return b""

    def close(self) -> None:
        """Delete the temporary file and close the stream."""
        self.records.close()
        self.table.close()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DiskFullError(f"the folder of temporary files: {error}; make room or set TMPDIR to another") from error


def shots(folder: Path, split: str) -> Iterator[Shot]:
    """Yield the images of a split in the order of its file, as soon as the first is found."""
    stem = f"InterHand2.6M_{split}"
    data = folder / f"{stem}_data.json"
    cameras = _cameras(folder / f"{stem}_camera.json")
    with (
        closing(Shelf(frames(folder / f"{stem}_joint_3d.json"), kept=True)) as moments,
        closing(Shelf(notes(data), kept=False)) as annotations,
        closing(list_items(data, "images")) as images,
    ):
        for image in images:
            with _named(data, "image", image):
                capture = str(image["capture"])
                person = image.get("subject")
                yield Shot(
                    file_name=_safe(str(image["file_name"])),
                    size=(int(image["height"]), int(image["width"])),
                    group=f"{split}/Capture{capture}" if person is None else f"subject{person}",
                    note=annotations.find(str(image["id"])),
                    frame=moments.find(f"{capture}/{image['frame_idx']}"),
                    camera=cameras.get((capture, str(image["camera"]))),
                )


def notes(path: Path) -> Records:
    """Yield by image what is told of each: 42 flags, the joints found inside of it, then its hands as text.

    A question mark behind the hands says that too little of them is seen to tell which they are.
    """
    with closing(list_items(path, "annotations")) as records:
        for record in records:
            with _named(path, "annotation", record):
                hands = HANDS[record["hand_type"]] + ("" if record["hand_type_valid"] else "?")
                yield str(record["image_id"]), _flags(record["joint_valid"]) + hands.encode()


def frames(path: Path) -> Records:
    """Yield by capture and frame the joints: (42, 3) float32 world coordinates in mm, then 42 flags, those found."""
    with closing(nested_numbers(path)) as records:
        for capture, frame, record in records:
            with _named(path, "frame", {"id": f"{capture}/{frame}"}), np.errstate(over="ignore"):
                joints = np.asarray(record["world_coord"], np.float32).reshape(JOINTS, 3)
                yield f"{capture}/{frame}", joints.tobytes() + _flags(record["joint_valid"])


def _cameras(path: Path) -> dict[tuple[str, str], Camera]:
    """Read the cameras of a split by capture and name."""
    try:
        captures = json.loads(read_file(path, NAME))
        return {
            (name, camera): _camera(capture, camera)
            for name, capture in captures.items()
            for camera in capture["campos"]
        }
    except (ArithmeticError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DatasetError(f"{path}: is damaged ({error!r}); {AGAIN}") from error


def _camera(capture: dict[str, Any], name: str) -> Camera:
    fields = {"campos": (3,), "camrot": (3, 3), "focal": (2,), "princpt": (2,)}
    values = [np.asarray(capture[field][name], np.float64).reshape(shape) for field, shape in fields.items()]
    if not all(np.isfinite(value).all() for value in values):
        raise ValueError(f"camera {name} has numbers that are not finite")
    return Camera(*values)


def _flags(values: object) -> bytes:
    """Pack 42 numbers or truths, each in a list of its own or not, as bytes of 0 and 1."""
    return np.asarray(values).reshape(JOINTS).astype(np.bool_).tobytes()


def _safe(file_name: str) -> str:
    """Return the name of an image, which may not lead out of the folder of images."""
    if "\\" in file_name or ":" in file_name or {"", ".", ".."} & set(file_name.split("/")):
        raise ValueError(f"its file_name is {file_name!r}")
    return file_name


@contextmanager
def _named(path: Path, kind: str, record: dict[str, Any]) -> Iterator[None]:
    """Say which record of which file is not as it should be."""
    try:
        yield
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise DatasetError(f"{path}: {kind} {record.get('id')} is damaged ({error!r}); {AGAIN}") from error
