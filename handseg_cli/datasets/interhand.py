"""InterHand2.6M, version 1.0 at 5 frames a second: 2.6 million photos of two hands with 42 joints in 3D.

Masks are no part of it. Where DIGIT's part masks, rendered from fitted hand models, lie beside it (segm_32, a folder or
an LMDB), photos have them, save where a hand of the photo is missing in its mask or one is drawn that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.interhand_index import JOINTS, NAME, Camera, Shot, shots
from handseg_cli.datasets.raw import MAX_PIXELS, is_there, missing, read_file
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.io.images import read_photo
from handseg_cli.pose.pairs import PARTS
from handseg_cli.registry import resolve
from handseg_cli.sample import Image, Mask, Sample

SPLITS = ("train", "val", "test")
LMDB = ".lmdb"
PLACES = (".", "InterHand2.6M_5fps_batch1", "InterHand2.6M", "InterHand")

# Joints are those of skeleton.txt: 21 of the right hand, each finger from its tip, thumb first, and the wrist last;
# then those of the left. Parts are 16 of the right hand, then the same 16 of the left.
RIGHT_JOINTS = JOINTS // 2
SIDES = np.array([0, *[2] * 16, *[1] * 16], np.uint8)

TAR = "InterHand2.6M.images.5.fps.v1.0.tar"
HOST = "https://fb-baas-f32eacb9-8abb-11eb-b2b8-4857dd089e15.s3.amazonaws.com/InterHand2.6M"
RELEASE = "https://github.com/facebookresearch/InterHand2.6M/releases/download/v1.0"
SIZE = 81_718_036_480  # bytes of all parts
PART_NAMES = [f"{TAR}.part{first}{second}" for first in "ab" for second in "abcdefghijklmnopqrstuvwxyz"][:44]
PAGE = "https://mks0601.github.io/InterHand2.6M/"


def _archive(name: str, about: int) -> Archive:
    return Archive(name, f"{HOST}/InterHand2.6M.images.5.fps.v1.0/{name}", about=about, mirrors=(f"{RELEASE}/{name}",))


class InterHand:
    """1 361 062 photos for training, 380 125 for validation and 849 160 for tests, most of 334 x 512 pixels.

    A group is the person that the annotations name, whatever the split; where they name none, the capture.
    """

    archives = (
        replace(_archive(f"{TAR}.CHECKSUM", 4000), unpacked=False),
        *(replace(_archive(name, SIZE // 44), part_of=TAR, sums=f"{TAR}.CHECKSUM") for name in PART_NAMES),
        # A folder of Google Drive, of which the page alone tells the address.
        Archive("annotations.zip", "", brings="annotations"),
    )
    licence = "CC BY-NC 4.0: no commercial use"
    citation = "Moon, Yu, Wen, Shiratori, Lee: InterHand2.6M, ECCV 2020"
    page = PAGE
    labels = ("joints", "hand", "sides", "parts")
    parts = PARTS

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos of train, val and test in the annotations' order; without its folder, a split is left out."""
        annotations = _place(raw, "annotations") or raw / "annotations"
        splits = [split for split in SPLITS if is_there(annotations / split)]
        if not splits:
            raise DatasetError(
                f"{annotations}: is missing or empty; `handseg download {NAME}` tells how to get it: "
                f"the annotations (5 fps, version 1.0) are to be fetched by hand at {PAGE}"
            )
        masks = _place(raw, "segm_32") or _place(raw, "segm_32.lmdb")
        for split in splits:
            photos = _photos(raw, split)
            for shot in shots(annotations / split, split):
                name = f"{split}/{shot.file_name}"
                key = name.rpartition(".")[0] or name
                image = photos if photos.suffix == LMDB else photos / name
                yield Entry(key, image, _labels(masks, key), shot.group, split, shot)

    def read(self, entry: Entry) -> Sample:
        """Read one photo, its joints in the frame of its camera, right hand first, and its parts where it has them.

        Joints that were never found are 0. Those that were, but lie outside of the photo, are given and not valid.
        """
        shot: Shot = entry.detail
        if not shot.note or not shot.frame or shot.camera is None:
            lacking = "annotation" if not shot.note else "frame" if not shot.frame else "camera"
            raise DatasetError(f"{entry.key}: the annotations tell nothing of its {lacking}; leave it out")
        image = _read_image(entry)
        if image.shape[:2] != shot.size:
            height, width = shot.size
            raise DatasetError(f"{entry.image}: is not of {width} x {height} pixels as its annotation says")
        inside, hands = np.frombuffer(shot.note[:JOINTS], np.bool_), shot.note[JOINTS:].decode()
        world = np.frombuffer(shot.frame[:-JOINTS], np.float32).reshape(JOINTS, 3)
        found = np.frombuffer(shot.frame[-JOINTS:], np.bool_) & np.isfinite(world).all(axis=1)
        joints, points = _projected(np.where(found[:, None], world, np.float32(0)), shot.camera)
        parts = _read_parts(entry, shot.size, inside)
        return Sample(
            entry.key,
            image,
            mask=None if parts is None else np.where(parts > 0, np.uint8(255), np.uint8(0)),
            sides=None if parts is None else SIDES[parts],
            parts=parts,
            joints=np.where(found[:, None], joints, np.float32(0)),
            points=np.where(found[:, None], points, np.float32(0)),
            valid=inside & found,
            camera=_matrix(shot.camera),
            hands="" if hands.endswith("?") else hands,
            group=entry.group,
            split=entry.split,
        )


def _place(raw: Path, name: str) -> Path | None:
    """Return where a file or folder of the dataset lies; None where it is not there."""
    return next((path for path in (raw / place / name for place in PLACES) if is_there(path)), None)


def _photos(raw: Path, split: str) -> Path:
    """Return the folder that the photos of a split are below, or the LMDB that holds them."""
    folder = _place(raw, f"images/{split}")
    if folder is not None:
        return folder.parent
    packed = _place(raw, f"images/interhand{LMDB}")
    if packed is None:
        raise missing(raw / "images" / split, NAME)
    return packed


def _labels(masks: Path | None, key: str) -> Path | None:
    """Return the file that holds the parts of a photo, if there is one; what an LMDB holds only reading it tells."""
    if masks is None or masks.suffix == LMDB:
        return masks
    file = masks / f"{key}.png"
    return file if is_there(file) else None


def _packed(path: Path, name: str) -> bytes | None:
    read_value = cast(Callable[[Path, str], bytes | None], resolve("handseg_cli.io.lmdb_images:read_value"))
    return read_value(path, name)


def _read_image(entry: Entry) -> Image:
    """Read a photo as (H, W, 3) uint8 RGB."""
    if entry.image.suffix != LMDB:
        return read_photo(read_file(entry.image, NAME), str(entry.image), max_pixels=MAX_PIXELS).image
    name = f"{entry.split}/{entry.detail.file_name}"
    data = _packed(entry.image, name)
    if data is None:
        raise ImageError(f"{entry.image}: has no {name}; pack it again or leave it out")
    # DIGIT's writer swaps red and blue once more than its reader: in the file they are swapped.
    return read_photo(data, f"{entry.image}: {name}", max_pixels=MAX_PIXELS).image[..., ::-1]


def _read_parts(entry: Entry, size: tuple[int, int], inside: NDArray[np.bool_]) -> Mask | None:
    """Read the parts of a photo as (H, W) uint8; None where there are none, or not of just the hands it shows."""
    if entry.labels is None:
        return None
    packed = entry.labels.suffix == LMDB
    data = _packed(entry.labels, f"{entry.key}.png") if packed else read_file(entry.labels, NAME)
    if data is None:
        return None
    colours = read_photo(data, f"{entry.labels}: {entry.key}", max_pixels=MAX_PIXELS).image
    parts = np.ascontiguousarray(colours[..., 0])
    if parts.shape != size or parts.max() >= len(SIDES) or (colours != parts[..., None]).any():
        raise DatasetError(f"{entry.labels}: the parts of {entry.key} are not numbers up to 32 for each of its pixels")
    # A hand model that did not fit was not drawn, and some renderers drew nothing at all.
    counts = np.bincount(SIDES[parts].ravel(), minlength=3)
    drawn, seen = (counts[2] > 0, counts[1] > 0), (inside[:RIGHT_JOINTS].any(), inside[RIGHT_JOINTS:].any())
    return parts if drawn == seen else None


def _projected(world: NDArray[np.float32], camera: Camera) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (42, 3) world coordinates in the frame of a camera, mm, and as (42, 2) pixels."""
    joints = (world - camera.position) @ camera.rotation.T
    points = joints[:, :2] / (joints[:, 2:] + 1e-8) * camera.focal + camera.centre
    return joints.astype(np.float32), points.astype(np.float32)


def _matrix(camera: Camera) -> NDArray[np.float32]:
    """Return the (3, 3) pinhole matrix of a camera."""
    (width, height), (x, y) = camera.focal, camera.centre
    return np.array([[width, 0, x], [0, height, y], [0, 0, 1]], np.float32)
