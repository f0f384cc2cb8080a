"""Pieces of photos to be pasted: real hands, and things that are no hands in outlines of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Mask
from handseg_cli.synth.looks.picture_files import read_picture
from handseg_cli.synth.photos.backdrop import PHOTOS, cropped, read_photo, to_light
from handseg_cli.synth.photos.scenery import Light, clouds, scenery

KEPT = 96  # pieces in memory, 100 MB at most
LONGEST = 256  # pixels of a piece
RIM = 0.012  # of its length: so much of a piece's edge may show what was behind it
LEAST = 0.01  # of the photo that a hand must fill
HAND_LIKE = 0.35  # of distractors have a real hand's outline
MASKS = (".png", ".jpg", ".jpeg")

Pair = tuple[Path, Path]


@dataclass(frozen=True)
class Piece:
    """Something to paste: its light (h, w, 3), sensible a little beyond its outline too, and the outline (h, w).

    `end` is the side, 0 right, 1 below, 2 left or 3 above, where it was cut off, as at a wrist; -1 if nowhere.
    """

    light: Light
    outline: Mask  # 0 to 255
    end: int
    hand: bool


@dataclass(frozen=True)
class Scraps:
    """Where pieces come from: sets of pairs of photo and mask, of which large ones weigh more, and photos."""

    sets: tuple[tuple[Pair, ...], ...] = ()
    photos: tuple[Path, ...] = ()


def cutout_files(folder: Path) -> tuple[tuple[Pair, ...], ...]:
    """List the photos in images/ folders at or below a folder, with the masks/ of the same stem beside them."""
    sets = []
    for images in sorted({folder / "images", *folder.glob("*/images")}):
        masks = {path.stem: path for path in images.with_name("masks").glob("*") if path.suffix.lower() in MASKS}
        found = sorted(path for path in images.glob("*") if path.suffix.lower() in PHOTOS)
        sets.append(tuple((path, masks[path.stem]) for path in found if path.stem in masks))
    if not any(sets):
        raise DatasetError(f"{shown(folder)}: holds no images/ and masks/ of the same names; choose other cut-outs")
    return tuple(pairs for pairs in sets if pairs)


def real_hand(scraps: Scraps, rng: np.random.Generator) -> Piece | None:
    """Draw a real hand; None if there is none or it cannot be read."""
    if not scraps.sets:
        return None
    weights = np.sqrt([len(pairs) for pairs in scraps.sets])
    pairs = scraps.sets[rng.choice(len(weights), p=weights / weights.sum())]
    return read_hand(*pairs[rng.integers(len(pairs))])


@lru_cache(maxsize=KEPT)
def read_hand(photo: Path, mask: Path) -> Piece | None:
    """Read one hand at most 256 pixels long; None if it cannot be read or its mask is nearly empty."""
    image, levels = read_photo(photo), read_picture(mask, cv2.IMREAD_GRAYSCALE)
    if image is None or levels is None:
        return None
    levels = np.asarray(cv2.resize(levels, image.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    outline = np.asarray(cv2.threshold(levels, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)
    if cv2.countNonZero(outline) < LEAST * outline.size:
        return None
    left, top, width, height = cv2.boundingRect(outline)
    end = cut_end(outline[top : top + height, left : left + width])
    # With some ground about it, so that it can be told from the photo's border.
    box = np.s_[max(top - 4, 0) : top + height + 4, max(left - 4, 0) : left + width + 4]
    image, outline = image[box], outline[box]
    factor = min(1.0, LONGEST / max(width, height))
    size = max(8, round(image.shape[1] * factor)), max(8, round(image.shape[0] * factor))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    soft = np.asarray(cv2.resize(outline, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Piece(*cleaned(to_light(small), soft), end, hand=True)


def cleaned(light: Light, outline: Mask) -> tuple[Light, Mask]:
    """Take a piece's rim off and let colours from within stand for it, so that nothing of its ground remains."""
    rim = max(1, round(RIM * max(outline.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    # Where a piece ends at the photo's border there is no ground.
    inner = cv2.erode(outline, kernel, borderValue=255)
    sure = (cv2.erode(inner, kernel, borderValue=255) > 127).astype(np.float32)
    if not sure.any():
        return light, outline
    known = np.dstack([light * sure[..., None], sure])
    filled = light
    for width in (8 * rim + 1, 4 * rim + 1):  # from far, then better from near
        mean = cv2.blur(known, (width, width), borderType=cv2.BORDER_REPLICATE)
        colour, share = mean[..., :3] / np.maximum(mean[..., 3:], 1e-4), np.clip(mean[..., 3:] * 20, 0, 1)
        filled = np.asarray(filled + (colour - filled) * share, np.float32)
    light = filled + (light - filled) * sure[..., None]
    return np.asarray(light, np.float32), np.asarray(inner, np.uint8)


def cut_end(outline: Mask) -> int:
    """Return the side of its box along which a piece was cut off straight, -1 if it was not."""
    on = outline > 127
    edges = [on[:, -2:].any(1), on[-2:].any(0), on[:, :2].any(1), on[:2].any(0)]
    lengths = [int(np.count_nonzero(edge)) for edge in edges]
    longest = int(np.argmax(lengths))
    return longest if lengths[longest] > 0.12 * max(outline.shape) else -1


def distractor(scraps: Scraps, rng: np.random.Generator) -> Piece:
    """Make something that is no hand: a piece of a photo, a room or cloth, in a hand's outline or any other."""
    hand = real_hand(scraps, rng) if rng.random() < HAND_LIKE else None
    outline = hand.outline if hand is not None else blob(rng)
    height, width = outline.shape
    photo = read_photo(scraps.photos[rng.integers(len(scraps.photos))]) if scraps.photos else None
    if photo is not None and rng.random() < 0.6:
        light = to_light(cropped(photo, (height, width), rng))
    else:
        light = scenery((height, width), rng)
    return Piece(light, outline, -1 if hand is None else hand.end, hand=False)


def blob(rng: np.random.Generator) -> Mask:
    """Draw an outline: a cloud, a polygon, an ellipse or a long thing with round ends."""
    size = (int(rng.integers(60, LONGEST)), int(rng.integers(60, LONGEST)))
    height, width = size
    canvas = np.zeros(size, np.uint8)
    kind = rng.integers(4)
    if kind == 0:
        y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
        canvas[clouds(size, rng, 2, 0.4) * 0.25 + 0.75 > np.hypot(x, y) ** 1.5] = 255
    elif kind == 1:
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 12)))
        reach = rng.uniform(0.3, 1, len(angles))
        corners = np.column_stack([np.cos(angles), np.sin(angles)]) * reach[:, None] * 0.48 + 0.5
        cv2.fillPoly(canvas, [np.rint(corners * [width, height]).astype(np.int32)], 255)
    elif kind == 2:
        cv2.ellipse(canvas, (width // 2, height // 2), (width // 2 - 2, height // 2 - 2), 0, 0, 360, 255, -1)
    else:
        thick = int(rng.uniform(0.15, 0.5) * min(size))
        steps = rng.uniform(thick / 2, np.array([width, height]) - thick / 2, (rng.integers(2, 4), 2))
        cv2.polylines(canvas, [np.rint(steps).astype(np.int32)], False, 255, thick)
    return canvas
