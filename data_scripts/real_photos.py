"""Real photos for the default model, as folders of images/ and masks/ that `handseg prepare folder` reads.

Nets that were trained before are the teacher: they say where hands are in photos without masks, and where a hand ends
in those whose masks run on into the forearm. What they say was looked at, photo by photo: `looked_at.json` names those
that are right, which of their hands are, and where wrists were set by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import NetConfig
from handseg_cli.predict.predictor import Predictor, open_predictor
from handseg_cli.predict.tiling import ODDS

LONGEST = 512  # pixels of a photo's longer side, as it is written
SEEN = 640  # as the teacher sees it
SIZES, CLOSER = (288, 384), (256, 320)
LEAST = 0.0008  # of a photo: smaller regions are no hands
SLACK = 0.016  # of the longer side: how far a mask may go beyond the teacher's
FADE = 0.12  # of a closer look's side counts less than its middle
WEIGHT = 0.7  # of the closer look

Bytes = NDArray[np.uint8]
Odds = NDArray[np.float32]


@dataclass(frozen=True)
class Notes:
    """What was seen on looking: photos to keep, points in those of their hands that are right, and wrists.

    All are shares of a photo's width and height: (x, y), and (x, y) of a hand's middle and of its wrist's.
    """

    kept: list[str]
    hands: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    wrists: dict[str, list[tuple[float, float, float, float]]] = field(default_factory=dict)


def read_notes(path: Path) -> Notes:
    """Read looked_at.json."""
    return Notes(**json.loads(path.read_text()))


def open_teacher(weights: Sequence[Path]) -> list[Predictor]:
    """Open nets that see each photo at several sizes, and in the mirror."""
    looks = [(str(path), size) for path in weights for size in SIZES]
    return [open_predictor(NetConfig(path, size=size, tta=True, closer=False))[0] for path, size in looks]


def write_unlabelled(photos: Path, out: Path, teacher: Sequence[Predictor], notes: Notes) -> None:
    """Write the photos without masks that were found right, with the teacher's masks."""
    for path in sorted(photos.rglob("*.jpg")):
        if path.stem in notes.kept:
            image = read(path)
            hands = chosen(odds_of(teacher, image) > 0, notes.hands.get(path.stem))
            for wrist in notes.wrists.get(path.stem, ()):
                hands = cut(hands, np.array(wrist) * np.tile(image.shape[1::-1], 2))
            write(out / path.stem.partition("_")[0], path.stem, image, hands)


def write_labelled(folder: Path, out: Path, teacher: Sequence[Predictor] = ()) -> None:
    """Write photos with their masks; those of a teacher end where it says that the hand does, or a little later."""
    for path in sorted((folder / "images").iterdir()):
        image, mask = read(path), mask_of(folder, path.stem)
        hands = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_AREA) > 127
        if teacher:
            side = max(3, round(max(hands.shape) * SLACK)) | 1
            found = (odds_of(teacher, image) > 0).astype(np.uint8)
            hands &= cv2.dilate(found, np.ones((side, side), np.uint8)) > 0
        write(out, path.stem, image, hands)


def write_empty(photos: Path, out: Path) -> None:
    """Write photos without hands."""
    for path in sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")):
        image = read(path)
        write(out, path.stem, image, np.zeros(image.shape[:2], bool))


def odds_of(teacher: Sequence[Predictor], image: Bytes) -> Odds:
    """Return the teacher's (H, W) log-odds of hand: of the whole photo, and closer of each hand that it found."""
    whole = mean_odds(teacher, image)
    odds = whole.copy()
    for top, left, bottom, right in boxes(whole > 0):
        closer = mean_odds(teacher, np.ascontiguousarray(image[top:bottom, left:right]))
        share = WEIGHT * np.outer(faded(bottom - top), faded(right - left))
        odds[top:bottom, left:right] += share * (closer - odds[top:bottom, left:right])
    return odds


def mean_odds(teacher: Sequence[Predictor], image: Bytes) -> Odds:
    """Return the mean (H, W) log-odds of several looks at a photo."""
    return np.asarray(np.mean([ODDS[net(image).probability] for net in teacher], axis=0), np.float32)


def boxes(hands: NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """Yield windows (top, left, bottom, right) about the four largest regions, nearly twice as large as these."""
    height, width = hands.shape
    side = max(3, max(height, width) // 50) | 1
    joined = cv2.dilate(hands.astype(np.uint8), np.ones((side, side), np.uint8))
    _, _, found, centres = cv2.connectedComponentsWithStats(joined)
    for number in sorted(range(1, len(found)), key=lambda number: -found[number, cv2.CC_STAT_AREA])[:4]:
        reach = 0.9 * max(found[number, cv2.CC_STAT_WIDTH], found[number, cv2.CC_STAT_HEIGHT], 0.06 * max(hands.shape))
        x, y = centres[number]
        top, left = max(0, int(y - reach)), max(0, int(x - reach))
        bottom, right = min(height, int(y + reach)), min(width, int(x + reach))
        if (bottom - top) * (right - left) < 0.6 * hands.size:
            yield top, left, bottom, right


def faded(length: int) -> Odds:
    """Return (length,) weights that rise from each end to 1."""
    at = np.arange(length)
    return np.minimum(1, (np.minimum(at, at[::-1]) + 1) / (FADE * length)).astype(np.float32)


def chosen(hands: NDArray[np.bool_], points: Sequence[tuple[float, float]] | None) -> NDArray[np.bool_]:
    """Leave the regions that are large enough and, where points in hands are given, hold one."""
    _, numbers, found, _ = cv2.connectedComponentsWithStats(hands.astype(np.uint8))
    kept = {number for number in range(1, len(found)) if found[number, cv2.CC_STAT_AREA] > LEAST * hands.size}
    if points is not None:
        height, width = hands.shape
        kept &= {int(numbers[int(y * height), int(x * width)]) for x, y in points}
    return np.isin(numbers, list(kept))


def cut(hands: NDArray[np.bool_], wrist: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Take away what is beyond a wrist: (x, y) of the middle of the hand, then of the wrist, in pixels."""
    middle, at = wrist[:2], wrist[2:]
    along = (at - middle) / np.linalg.norm(at - middle)
    reach = hands.shape[1] / 5
    across = reach * np.array([-along[1], along[0]])
    line = np.zeros(hands.shape, np.uint8)
    cv2.line(line, (at - across).astype(int).tolist(), (at + across).astype(int).tolist(), (1,), 2)
    _, numbers = cv2.connectedComponents((hands & (line == 0)).astype(np.uint8), connectivity=4)
    rows, columns = np.nonzero(numbers)
    offset = np.stack([columns, rows], 1) - at
    beyond, near = offset @ along, np.linalg.norm(offset, axis=1) < reach
    met = numbers[rows, columns]
    arm = set(met[near & (beyond > 0)]) - set(met[near & (beyond < 0)])
    return np.asarray(hands & ~np.isin(numbers, list(arm)))


def read(path: Path) -> Bytes:
    """Read a photo, (H, W, 3) RGB, made no larger than the teacher sees it."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path}: cannot be read; get the file again")
    return shrunk(np.asarray(image[..., ::-1], np.uint8), SEEN)


def shrunk(image: Bytes, longest: int) -> Bytes:
    """Scale a photo down to so many pixels of its longer side, if it has more."""
    scale = longest / max(image.shape)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    return np.ascontiguousarray(small, np.uint8)


def mask_of(folder: Path, stem: str) -> Bytes:
    """Read the mask of a photo, whatever its suffix."""
    path = next((path for path in sorted((folder / "masks").iterdir()) if path.stem == stem), None)
    mask = None if path is None else cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise SystemExit(f"{folder / 'masks' / stem}: there is no mask that can be read; get the folder again")
    return np.asarray(mask, np.uint8)


def write(out: Path, stem: str, image: Bytes, hands: NDArray[np.bool_]) -> None:
    """Write one pair; of what the photo's file told of its maker nothing goes along."""
    small = shrunk(image, LONGEST)
    mask = cv2.resize(hands.astype(np.float32), small.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5
    for name in ("images", "masks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "images" / f"{stem}.jpg"), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    cv2.imwrite(str(out / "masks" / f"{stem}.png"), mask.astype(np.uint8) * 255)
