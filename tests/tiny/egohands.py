"""A raw EgoHands of 3 videos with 4 frames each: absent hands, outlines of two points, with NaN and out of frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.io import savemat

# Not in the order of the alphabet, as the order of metadata.mat need not be.
VIDEOS = ("PUZZLE_OFFICE_B_H", "CARDS_COURTYARD_B_T", "CHESS_LIVINGROOM_H_T")
FRAMES = (11, 120, 999, 2697)
HEIGHT, WIDTH = 36, 64

VIDEO_FIELDS = (
    *("video_id", "partner_video_id", "ego_viewer_id", "partner_id", "location_id", "activity_id"),
    "labelled_frames",
)
HANDS = ("myleft", "myright", "yourleft", "yourright")

Array = NDArray[Any]


def blob(rng: np.random.Generator, x: float, y: float) -> Array:
    """Outline something round of about 6 pixels, in fractions of pixels as people's mice give them."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
    radii = rng.uniform(4, 7, 12)
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def outlines(rng: np.random.Generator, index: int) -> list[Array]:
    """Outline own left, own right, the other's left and right; the second and third frames have the defects."""
    hands = [blob(rng, 16, 28), blob(rng, 46, 27), blob(rng, 44, 8), blob(rng, 18, 9)]
    if index == 1:
        hands[0] = np.empty((0, 0))
        hands[2] = np.array([[3.0, 3.0], [30.0, 30.0]])
    if index == 2:
        hands[1] = blob(rng, 64, 37)
        hands[3] = np.vstack([hands[3][:5], [np.nan, np.nan], hands[3][5:]])
        hands[2] = np.array([[5.0, 5.0]])
    if index == 3:
        hands = [np.empty((0, 0))] * 4
    return hands


def record(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Array:
    array = np.empty((1, len(rows)), dtype=[(name, object) for name in names])
    for column, row in enumerate(rows):
        array[0, column] = row
    return array


def write_photo(path: Path, rng: np.random.Generator, hands: list[Array]) -> None:
    photo = Image.new("RGB", (WIDTH, HEIGHT), tuple(rng.integers(40, 110, 3).tolist()))
    for hand in hands:
        if len(hand) > 2:
            ImageDraw.Draw(photo).polygon(hand[np.isfinite(hand).all(axis=1)].ravel().tolist(), fill=(220, 170, 140))
    photo.save(path, quality=90)


def build(folder: Path, seed: int = 0) -> None:
    """Write the tree that the archive unpacks to."""
    rng = np.random.default_rng(seed)
    root = folder / "egohands_data"
    videos = []
    for name in VIDEOS:
        place = root / "_LABELLED_SAMPLES" / name
        place.mkdir(parents=True)
        hands = [outlines(rng, index) for index in range(len(FRAMES))]
        for frame, drawn in zip(FRAMES, hands, strict=True):
            write_photo(place / f"frame_{frame:04d}.jpg", rng, drawn)
        savemat(place / "polygons.mat", {"polygons": record(HANDS, [tuple(drawn) for drawn in hands])})
        rows = [(frame, *drawn) for frame, drawn in zip(FRAMES, hands, strict=True)]
        activity, location, viewer, partner = name.split("_")
        partners = f"{activity}_{location}_{partner}_{viewer}"
        ids = (name, partners, viewer, partner, location, activity)
        videos.append((*ids, record(("frame_num", *HANDS), rows)))
    savemat(root / "metadata.mat", {"video": record(VIDEO_FIELDS, videos)}, do_compression=True)
    (root / "README.txt").write_text("EgoHands\n")
