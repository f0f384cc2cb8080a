"""Training pictures for the default model: cut-out hands and rendered arms pasted into photos without hands.

Every composite is drawn from its own random generator, so that a run can be repeated. What is pasted as a hand is
also pasted as something else (cloth, walls, faces in the shape of hands): an outline alone must not give a hand away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # OpenCV does not say what its arrays hold; here nearly all are uint8
Rng = np.random.Generator

# Label values of a cut-out: hand; what is pasted with it but is not hand, and of that what is cloth.
HAND, OTHER, CLOTH = 1, 2, 3
# How often each folder of cut-outs is drawn; folders that are absent are passed over.
CUTOUT_WEIGHTS = {"11khands": 4.0, "massey_asl": 2.0, "rps_greenscreen": 2.0, "signdigits": 2.0, "nfph_grey": 0.2}
LABELLED_WEIGHTS = {"senz3d": 3.0, "fridge": 0.6, "street": 0.6, "freihand": 0.6, "wang": 0.4}
LONGEST = 320


@dataclass(frozen=True)
class Cutout:
    """A piece to paste: (H, W, 3) uint8 BGR and (H, W) uint8 labels, 0 where nothing is pasted."""

    image: Array
    label: Array


def read(path: Path, how: int = cv2.IMREAD_COLOR) -> Array:
    """Read a picture, or fail by its name."""
    image = cv2.imread(str(path), how)
    if image is None:
        raise SystemExit(f"{path}: is no picture that can be read")
    return image


def floats(values: Any) -> Array:
    """Return an array of float32, which is what OpenCV takes for matrices and points."""
    return np.asarray(values, np.float32)


def shrink(image: Array, longest: int, method: int = cv2.INTER_AREA) -> Array:
    """Scale an image down so that its longer side is at most `longest` pixels."""
    scale = longest / max(image.shape[:2])
    return image if scale >= 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)


def mask_of(folder: Path, stem: str) -> Array:
    """Read the mask of a photo as (H, W) uint8, 1 on hands."""
    path = next((folder / "masks").glob(f"{stem}.*"))
    return np.asarray(read(path, cv2.IMREAD_GRAYSCALE) > 127, np.uint8)


def read_cutouts(folder: Path) -> list[Cutout]:
    """Read a folder of images/ and masks/ as cut-outs, cropped to the hand."""
    cutouts = []
    for path in sorted((folder / "images").iterdir()):
        image, mask = read(path), mask_of(folder, path.stem)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows) < 20 or len(columns) < 20:
            continue
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        cutouts.append(Cutout(shrink(image[window], LONGEST), shrink(mask[window], LONGEST, cv2.INTER_NEAREST)))
    return cutouts


def read_rendered(folder: Path) -> list[Cutout]:
    """Read rendered arms or people: RGBA images/ and labels/ in which 1 is hand and anything higher is not."""
    cutouts = []
    for path in sorted((folder / "labels").glob("*.png")):
        label = read(path, cv2.IMREAD_GRAYSCALE)
        image = read(folder / "images" / path.name)
        cutouts.append(Cutout(image, label))
    return cutouts


def read_pairs(folder: Path) -> list[tuple[Array, Array]]:
    """Read a folder of labelled photos as (image, mask) pairs."""
    return [(read(path), mask_of(folder, path.stem)) for path in sorted((folder / "images").iterdir())]


def with_arm(cutout: Cutout, rng: Rng) -> Cutout:
    """Lengthen a hand beyond its wrist into a bare arm or a sleeve, which is labelled as no hand.

    The wrist is where the cut-out ends in the longest straight edge; the hand is turned so that it points down.
    """
    image, label = cutout.image, cutout.label
    edges = [np.count_nonzero(np.rot90(label, turn)[-2:].any(0)) for turn in range(4)]
    turn = int(np.argmax(edges))
    image, label = np.rot90(image, turn), np.rot90(label, turn)
    columns = np.flatnonzero(label[-2:].any(0))
    if len(columns) < 12 or columns[-1] - columns[0] + 1 > 1.5 * len(columns):
        return cutout
    left, right = int(columns[0]), int(columns[-1]) + 1
    length = int((right - left) * rng.uniform(0.8, 3.5))
    band = max(3, label.shape[0] // 12)
    skin = cv2.resize(np.ascontiguousarray(image[-band:, left:right]), (right - left, length))
    widen = rng.uniform(0.0, 0.35) * (right - left)
    shift = rng.uniform(-0.4, 0.4) * length
    width = label.shape[1]
    margin = int(widen + abs(shift)) + 1
    source = floats([[0, 0], [right - left, 0], [right - left, length], [0, length]])
    target = floats(
        [
            [left + margin, 0],
            [right + margin, 0],
            [right + margin + widen + shift, length],
            [left + margin - widen + shift, length],
        ]
    )
    size = (width + 2 * margin, length)
    warp = cv2.getPerspectiveTransform(source, target)
    arm = cv2.warpPerspective(skin, warp, size, borderMode=cv2.BORDER_REPLICATE)
    on = cv2.warpPerspective(np.full(skin.shape[:2], OTHER, np.uint8), warp, size, flags=cv2.INTER_NEAREST)
    if rng.random() < 0.45:
        arm = sleeve(arm.shape, rng)
    across = cv2.GaussianBlur((on > 0).astype(np.float32), (0, 0), max(2.0, (right - left) / 8))[..., None]
    arm = (arm * (0.45 + 0.55 * np.clip(across * 1.4 - 0.3, 0, 1))).astype(np.uint8)
    pad = ((0, 0), (margin, margin))
    return Cutout(
        np.ascontiguousarray(np.vstack([np.pad(image, (*pad, (0, 0))), arm])),
        np.ascontiguousarray(np.vstack([np.pad(label, pad), on])),
    )


def sleeve(shape: tuple[int, ...], rng: Rng) -> Array:
    """Make cloth: one colour, folds, sometimes stripes."""
    height, width = shape[:2]
    colour = cloth_colour(rng)
    folds = cv2.resize(rng.normal(1, 0.25, (6, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cloth = colour * folds[..., None]
    if rng.random() < 0.3:
        cloth = cloth * (1 + 0.3 * np.sign(np.sin(np.arange(height) / rng.uniform(1.5, 8))))[:, None, None]
    return np.clip(cloth + rng.normal(0, 4, (height, width, 1)), 0, 255).astype(np.uint8)


def cloth_colour(rng: Rng) -> Array:
    """Draw a colour: any, a grey, or one of the hues of skin, as red and brown clothes are mistaken for it."""
    kind = rng.random()
    if kind < 0.35:
        return rng.uniform(10, 245, 3)
    if kind < 0.55:
        return np.full(3, rng.uniform(10, 245))
    hue = [[[rng.uniform(-8, 20) % 180, rng.uniform(70, 255), rng.uniform(50, 255)]]]
    return np.asarray(cv2.cvtColor(np.asarray(hue, np.uint8), cv2.COLOR_HSV2BGR)[0, 0], np.float32)


def recolour(image: Array, rng: Rng, strength: float = 1.0) -> Array:
    """Vary exposure, gamma, saturation and white balance."""
    values: Array = image.astype(np.float32) / 255
    values = values ** np.exp(rng.normal(0, 0.25 * strength)) * np.exp(rng.normal(0, 0.2 * strength))
    values *= np.exp(rng.normal(0, 0.06 * strength, 3)).astype(np.float32)
    grey = values.mean(2, keepdims=True)
    values = grey + (values - grey) * np.exp(rng.normal(0, 0.2 * strength))
    return np.asarray(np.clip(values * 255, 0, 255), np.uint8)


def dyed(piece: Cutout, rng: Rng) -> Cutout:
    """Give the cloth of a rendered arm or person another colour, its folds and pattern kept."""
    cloth = piece.label == CLOTH
    if not cloth.any():
        return piece
    shade = piece.image[cloth].mean(1, keepdims=True)
    image = piece.image.copy()
    image[cloth] = np.clip(shade / max(shade.mean(), 1) * cloth_colour(rng), 0, 255).astype(np.uint8)
    return Cutout(image, piece.label)


def darken_skin(image: Array, rng: Rng) -> Array:
    """Bring light skin towards a dark one: most cut-outs are of light skin, most people are not."""
    depth = rng.uniform(0.25, 0.8)
    tint = floats([0.55, 0.68, 0.85]) ** rng.uniform(0.3, 1.2)
    return np.clip(image.astype(np.float32) * depth * tint, 0, 255).astype(np.uint8)


def turned(cutout: Cutout, length: float, rng: Rng) -> Cutout:
    """Scale a cut-out to `length` pixels on its longer side, turn, squash and mirror it."""
    height, width = cutout.label.shape
    scale = length / max(height, width)
    stretch = np.exp(rng.normal(0, 0.12))
    angle = rng.uniform(-np.pi, np.pi)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.diag([scale * stretch * (-1) ** rng.integers(2), scale / stretch])
    corners = matrix @ np.array([[0, width, width, 0], [0, 0, height, height]])
    low, high = corners.min(1), corners.max(1)
    size = tuple(int(v) + 3 for v in np.ceil(high - low))
    affine = floats(np.column_stack([matrix, 1 - low]))
    image = cutout.image
    if scale < 0.5:
        image = cv2.blur(image, (round(0.7 / scale),) * 2)
    return Cutout(
        cv2.warpAffine(image, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        cv2.warpAffine(cutout.label, affine, size, flags=cv2.INTER_NEAREST),
    )


def paste(canvas: Array, truth: Array, piece: Cutout, at: tuple[int, int], rng: Rng) -> None:
    """Paste a piece in place with its centre at (x, y); whatever it covers is no longer hand."""
    height, width = piece.label.shape
    x, y = at[0] - width // 2, at[1] - height // 2
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + width, canvas.shape[1]), min(y + height, canvas.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    window = slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)
    label = piece.label[window]
    on = (label > 0).astype(np.float32)
    # A slightly shrunken, soft edge: hides the remains of the old background round a cut-out.
    soft = cv2.GaussianBlur(cv2.erode(on, np.ones((3, 3))) if rng.random() < 0.7 else on, (0, 0), rng.uniform(0.5, 1.2))
    target = canvas[y0:y1, x0:x1]
    if rng.random() < 0.4:
        offset = floats([[1, 0, rng.normal(0, 6)], [0, 1, rng.uniform(0, 10)]])
        shadow = cv2.GaussianBlur(cv2.warpAffine(on, offset, on.shape[::-1]), (0, 0), rng.uniform(3, 9))
        target[:] = (target * (1 - rng.uniform(0.2, 0.6) * shadow[..., None])).astype(np.uint8)
    target[:] = (target + (piece.image[window] - target.astype(np.float32)) * soft[..., None]).astype(np.uint8)
    region = truth[y0:y1, x0:x1]
    region[label > 0] = (label[label > 0] == HAND).astype(np.uint8)
