"""A small folder of photos and masks as people make them: by many tools, in many colours, with litter in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (48, 64)
PEOPLE = ("anna", "ben", "cleo")


def scene(rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Draw a photo with one round hand, and tell where that is."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    centre = rng.integers((14, 18), (34, 46))
    hand = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < rng.integers(60, 150)
    ground = np.stack([x * 2, y * 3, (x + y)], axis=-1).astype(np.uint8)
    return np.where(hand[..., None], np.array([224, 172, 140], np.uint8), ground), hand


def palette(hand: NDArray[np.bool_]) -> Image.Image:
    image = Image.fromarray(hand.astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 128, 0, 0])
    return image


def coloured(hand: NDArray[np.bool_], colour: tuple[int, ...]) -> Image.Image:
    return Image.fromarray(np.where(hand[..., None], np.array(colour, np.uint8), np.uint8(0)))


def masks(hand: NDArray[np.bool_]) -> tuple[tuple[Image.Image, str], ...]:
    """Return the same mask in six ways, each with the suffix of its file."""
    bits = hand.astype(np.uint8)
    return (
        (Image.fromarray(bits * 255), ".png"),
        (Image.fromarray(bits), ".png"),
        (palette(hand), ".jpg.png"),
        (coloured(hand, (0, 0, 200)), ".bmp"),
        (coloured(hand, (9, 200, 9, 255)), ".png"),
        (Image.fromarray(bits * 255), ".jpg"),
    )


def build(folder: Path, seed: int = 0) -> None:
    """Write images/ and masks/ with two photos each of three people."""
    rng = np.random.default_rng(seed)
    for number in range(6):
        person = PEOPLE[number // 2]
        photo, hand = scene(rng)
        mask, suffix = masks(hand)[number]
        for kind in ("images", "masks"):
            (folder / kind / person).mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(folder / "images" / person / f"{number:02}.jpg", quality=95)
        mask.save(folder / "masks" / person / f"{number:02}{suffix}")
    (folder / "images" / "anna" / "._00.jpg").write_bytes(b"\0\5\26\7")
    (folder / "images" / "Thumbs.db").write_bytes(b"\0")
    (folder / "masks" / "README.txt").write_text("hands to the wrist")
