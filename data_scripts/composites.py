"""Paste real hands, and things that are none, into photos of rooms, as `handseg synth` pastes them into its scenes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.synth.labels import HANDS
from handseg_cli.synth.photos.backdrop import cropped, photo_files, read_photo, to_light
from handseg_cli.synth.photos.cutouts import Scraps, cutout_files, distractor, real_hand
from handseg_cli.synth.photos.lens import Lens, photo, random_lens
from handseg_cli.synth.photos.paste import pasted, random_place
from handseg_cli.synth.photos.plate import Plate, empty

BEHIND, BEFORE = 700.0, 500.0  # mm: where things are; hands are between
HAND = 600.0

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Kind:
    """What composites are like."""

    size: tuple[int, int]  # pixels, height and width
    second: float  # of the pictures show a second hand
    decoy: float  # of the hands come with a thing that is none
    lens: Callable[[np.random.Generator], Lens]


HARD = Kind((288, 352), 0.4, 0.5, random_lens)
PLAIN = Kind((240, 320), 0.0, 0.0, lambda rng: Lens())  # one hand, and a good camera in good light


def write_composites(cutouts: Path, rooms: Path, out: Path, count: int, seed: int) -> None:
    """Write composites as images/ and masks/ of a folder; each is of the seed and its own number."""
    scraps = Scraps(cutout_files(cutouts), photo_files(rooms))
    for number in range(count):
        write_pair(out, f"{number:05d}", *composite(scraps, np.random.default_rng([seed, number])))


def composite(scraps: Scraps, rng: np.random.Generator, kind: Kind = HARD) -> tuple[Bytes, Bytes]:
    """Make one picture, (H, W, 3) RGB, and its mask, 255 on hands."""
    plate = empty(room(scraps, kind.size, rng))
    for _ in range(1 + int(rng.random() < kind.second)):
        plate = with_hand(plate, scraps, kind.decoy, rng)
    return photo(plate, kind.lens(rng), 300.0, rng), np.asarray(HANDS[plate.parts], np.uint8)


def write_pair(folder: Path, name: str, image: Bytes, mask: Bytes) -> None:
    """Write a picture and its mask into images/ and masks/ of a folder."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])
    cv2.imwrite(str(folder / "masks" / f"{name}.png"), mask)


def room(scraps: Scraps, size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a room that can be read, as light."""
    while True:
        image = read_photo(scraps.photos[rng.integers(len(scraps.photos))])
        if image is not None:
            return np.asarray(to_light(cropped(image, size, rng)), np.float32)


def with_hand(plate: Plate, scraps: Scraps, decoy: float, rng: np.random.Generator) -> Plate:
    """Paste a hand, and mostly behind it, sometimes before it, a thing that is none."""
    hand = real_hand(scraps, rng)
    if hand is not None:
        plate = pasted(plate, hand, random_place(plate, hand, HAND, rng), rng)
    if rng.random() < decoy:
        thing = distractor(scraps, rng)
        depth = BEHIND if rng.random() < 0.7 else BEFORE
        plate = pasted(plate, thing, random_place(plate, thing, depth, rng), rng)
    return plate
