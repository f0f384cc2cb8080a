"""Paste real hands, and things that are none, into photos of rooms, as `handseg synth` pastes them into its scenes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.labels import HANDS
from handseg_cli.synth.photos.backdrop import cropped, photo_files, read_photo, to_light
from handseg_cli.synth.photos.cutouts import Scraps, cutout_files, distractor, real_hand
from handseg_cli.synth.photos.lens import photo, random_lens
from handseg_cli.synth.photos.paste import pasted, random_place
from handseg_cli.synth.photos.plate import Plate, empty

SIZE = (288, 352)  # pixels, height and width
SECOND = 0.4  # of the pictures show a second hand
DECOY = 0.5  # of the hands come with a thing that is none
BEHIND, BEFORE = 700.0, 500.0  # mm: where things are; hands are between
HAND = 600.0

Bytes = NDArray[np.uint8]


def write_composites(cutouts: Path, rooms: Path, out: Path, count: int, seed: int) -> None:
    """Write composites as images/ and masks/ of a folder; each is of the seed and its own number."""
    scraps = Scraps(cutout_files(cutouts), photo_files(rooms))
    for name in ("images", "masks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        image, mask = composite(scraps, np.random.default_rng([seed, number]))
        cv2.imwrite(str(out / "images" / f"{number:05d}.jpg"), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])
        cv2.imwrite(str(out / "masks" / f"{number:05d}.png"), mask)


def composite(scraps: Scraps, rng: np.random.Generator) -> tuple[Bytes, Bytes]:
    """Make one picture, (H, W, 3) RGB, and its mask, 255 on hands."""
    plate = empty(room(scraps, rng))
    for _ in range(1 + int(rng.random() < SECOND)):
        plate = with_hand(plate, scraps, rng)
    return photo(plate, random_lens(rng), 300.0, rng), np.asarray(HANDS[plate.parts], np.uint8)


def room(scraps: Scraps, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a room that can be read, as light."""
    while True:
        image = read_photo(scraps.photos[rng.integers(len(scraps.photos))])
        if image is not None:
            return np.asarray(to_light(cropped(image, SIZE, rng)), np.float32)


def with_hand(plate: Plate, scraps: Scraps, rng: np.random.Generator) -> Plate:
    """Paste a hand, and mostly behind it, sometimes before it, a thing that is none."""
    hand = real_hand(scraps, rng)
    if hand is not None:
        plate = pasted(plate, hand, random_place(plate, hand, HAND, rng), rng)
    if rng.random() < DECOY:
        thing = distractor(scraps, rng)
        depth = BEHIND if rng.random() < 0.7 else BEFORE
        plate = pasted(plate, thing, random_place(plate, thing, depth, rng), rng)
    return plate
