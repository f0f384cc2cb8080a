"""What is behind all that is drawn, in linear light: the surroundings, photos, or scenery of our own making."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Image
from handseg_cli.synth.drawing.light import Environment
from handseg_cli.synth.looks.picture_files import read_picture
from handseg_cli.synth.photos.scenery import Light, scenery
from handseg_cli.synth.surface import Camera, Lights

PHOTOS = (".jpg", ".jpeg", ".png", ".webp")
KEPT = 48  # photos in memory, 70 MB at most
LONGEST = 800  # pixels of a kept photo
REDUCED = ((4 << 20, cv2.IMREAD_REDUCED_COLOR_4), (1 << 20, cv2.IMREAD_REDUCED_COLOR_2), (0, cv2.IMREAD_COLOR))
TRIES = 3  # of photos that cannot be read
MIDDLE = 0.25  # mean reflection of what is about us
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
WEIGHTS = {"environment": 0.35, "photo": 0.45, "scenery": 0.2}

_SHARE = np.arange(256, dtype=np.float32) / 255
LINEAR = np.where(_SHARE < 0.04045, _SHARE / 12.92, ((_SHARE + 0.055) / 1.055) ** 2.4).astype(np.float32)
# What is white in a photo was often much brighter: lamps, windows, sky.
WHITER = 1 + 2 * np.clip((LINEAR - 0.7) / 0.3, 0, 1) ** 2


@dataclass(frozen=True)
class Sources:
    """Where backdrops come from, and the light (one number) that a white thing in the scene sends back."""

    environment: Environment | None = None
    photos: tuple[Path, ...] = ()
    level: float = 1.0


def level_of(lights: Lights) -> float:
    """Return the mean colour of a white thing of all directions under these lights."""
    return float(lights.power.sum()) / 3 / 4


def photo_files(folder: Path) -> tuple[Path, ...]:
    """List the photos below a folder; DatasetError where there is none."""
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTOS))
    if not found:
        raise DatasetError(f"{shown(folder)}: holds no photo to put behind hands; choose a folder of JPEG or PNG files")
    return found


def backdrop(sources: Sources, camera: Camera, rng: np.random.Generator) -> Light:
    """Return what a camera sees behind a scene (H, W, 3), as bright as the scene is lit."""
    there = {"environment": sources.environment is not None, "photo": bool(sources.photos), "scenery": True}
    shares = np.array([WEIGHTS[kind] * there[kind] for kind in WEIGHTS])
    kind = list(WEIGHTS)[rng.choice(len(WEIGHTS), p=shares / shares.sum())]
    if kind == "environment" and sources.environment is not None:
        # As bright as it is, or nearly: who stands before a window is dark.
        return matched(surroundings(sources.environment, camera), sources.level, 0.5, rng)
    flat = _photo(sources.photos, camera.size, rng) if kind == "photo" else None
    return matched(scenery(camera.size, rng) if flat is None else flat, sources.level, 1.0, rng)


def matched(light: Light, level: float, share: float, rng: np.random.Generator) -> Light:
    """Bring a backdrop (H, W, 3) nearer to the mean that it would have under light of this level, by a share."""
    luma = np.minimum(light[::4, ::4] @ LUMA, 8 * level)
    wanted = MIDDLE * level * np.exp(rng.normal(0, 0.35))
    return light * np.float32(np.clip(wanted / max(float(luma.mean()), 1e-6), 1e-3, 1e3) ** share)


def _photo(photos: tuple[Path, ...], size: tuple[int, int], rng: np.random.Generator) -> Light | None:
    for _ in range(TRIES):
        image = read_photo(photos[rng.integers(len(photos))])
        if image is not None:
            return to_light(cropped(image, size, rng))
    return None


def to_light(image: Image) -> Light:
    """Undo a photo's tone curve: return linear light (H, W, 3)."""
    darkest = cv2.min(cv2.min(image[..., 0], image[..., 1]), image[..., 2])
    whiter = cv2.LUT(darkest, WHITER)
    return np.asarray(cv2.multiply(cv2.LUT(image, LINEAR), cv2.merge([whiter, whiter, whiter])), np.float32)


def surroundings(environment: Environment, camera: Camera) -> Light:
    """Return what a camera sees of an environment (H, W, 3), turned as it is."""
    height, width = camera.size
    panorama = environment.panorama
    matrix = (environment.turn @ camera.turn.T @ np.linalg.inv(camera.matrix)).astype(np.float32)
    x = np.arange(width, dtype=np.float32) + 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5)[:, None]
    east, up, north = (row[0] * x + (row[1] * y + row[2]) for row in matrix)
    rows, columns = panorama.shape[:2]
    around = np.asarray(cv2.phase(east, north), np.float32) * np.float32(columns / (2 * np.pi)) - np.float32(0.5)
    down = np.asarray(cv2.phase(up, cv2.magnitude(east, north)), np.float32) * np.float32(rows / np.pi) - np.float32(
        0.5
    )
    # One column more at either side: the panorama goes on there.
    wrapped = cv2.copyMakeBorder(panorama, 0, 0, 1, 1, cv2.BORDER_WRAP)
    seen = cv2.remap(wrapped, around + 1, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    larger = float(camera.matrix[0, 0]) * 2 * np.pi / columns
    if larger > 1.2:  # the panorama's pixels than the camera's
        seen = cv2.GaussianBlur(seen, (0, 0), 0.6 * larger)
    return np.asarray(cv2.transform(seen, np.diag(environment.tint)), np.float32)


def cropped(image: Image, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """Cut a random window of a picture's shape out of a photo and scale it to (height, width)."""
    height, width = image.shape[:2]
    largest = min(height / size[0], width / size[1])
    scale = largest * rng.uniform(0.5, 1)
    tall, wide = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    window = image[top : top + tall, left : left + wide, :][:, :: rng.choice((-1, 1))]
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(window), size[::-1], interpolation=how), np.uint8)


@lru_cache(maxsize=KEPT)
def read_photo(path: Path) -> NDArray[np.uint8] | None:
    """Read a photo (h, w, 3) RGB as it is displayed, at most 800 pixels long; None if it cannot be read."""
    try:
        length = path.stat().st_size
    except OSError:
        return None
    how = next(flag for least, flag in REDUCED if length >= least)
    image = read_picture(path, how)
    if image is None or min(image.shape[:2]) < 2:
        return None
    factor = LONGEST / max(image.shape[:2])
    if factor < 1:
        image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
