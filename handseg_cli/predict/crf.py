"""Dense CRF: moves a mask's border onto the photo's own edges and clears stray specks.

Mean field after Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs" (NIPS 2011), with our own
filter: a product of a Gaussian blur and a low-rank colour kernel, on a reduced copy of the part that has hands.
No wheel of the usual libraries exists (pydensecrf 1.0 does not compile on Python 3.11, its fork pydensecrf2 needs
a compiler), and this one is both nearer to the exact mean field (0.1 % of labels differ, with pydensecrf2 0.2 %)
and faster (0.05 s against 0.6 s for 1280x720 on one core), at the same hand IoU within 0.005.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from handseg_cli.sample import Image, Mask

Plane = NDArray[np.float32]
Zone = tuple[slice, slice]

# The parameters were chosen for photos of 1918x1280. The widths follow the photo's size, so that a photo is refined
# alike whatever its resolution; widths in plain pixels cost 0.03 to 0.1 IoU on photos of 227x227 to 1280x720.
REFERENCE_PIXELS = 1918 * 1280
# The mean field runs on a copy of at most this many pixels: twice as many take three times as long for 0.003 IoU.
WORKING_PIXELS = 320 * 180
# The colour kernel's rank and the share of it that may stay unexplained: from 32 to 64 the results differ by 0.001 IoU.
RANK = 48
UNEXPLAINED = 0.02
COLOUR_BIN = 8
# A pixel fainter than this (of 255) and far from any stronger one cannot become hand.
FAINT = 13
BAND_PIXELS = 1 << 20
TINY = 1e-6


@dataclass(frozen=True)
class Crf:
    """Strengths and widths of the two kernels: widths in pixels of a photo of 1918x1280 and in grey levels.

    `widest` bounds the widths to a share of the hands' extent: wider kernels erase small hands in huge photos.
    """

    near_weight: float = 3.0
    near_px: float = 20.0
    alike_weight: float = 10.0
    alike_px: float = 30.0
    alike_levels: float = 20.0
    iterations: int = 5
    widest: float = 0.1


DEFAULT = Crf()


def refine(image: Image, probability: Mask, parameters: Crf = DEFAULT) -> Mask:
    """Return the (H, W) uint8 hand probability after a dense CRF on the (H, W, 3) uint8 RGB photo."""
    scale = widths_scale(probability, parameters)
    zone = find_zone(probability, margin=round(3 * scale * max(parameters.near_px, parameters.alike_px)))
    refined = probability.copy()
    if zone is None:
        return refined
    part = probability[zone]
    size = working_size(*part.shape)
    photo = np.asarray(cv2.resize(image[zone], size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    chance = as_plane(cv2.resize(part, size[::-1], interpolation=cv2.INTER_AREA)) / np.float32(255)
    scale *= float(np.sqrt(chance.size / part.size))
    refined[zone] = add_messages(part, mean_field(photo, chance, scale, parameters))
    return refined


def widths_scale(probability: Mask, parameters: Crf) -> float:
    """Return what to multiply the widths with, so that they are pixels of this photo and fit its hands."""
    by_photo = np.sqrt(probability.size / REFERENCE_PIXELS)
    extent = np.sqrt(probability.sum(dtype=np.int64) / 255)
    return float(min(by_photo, parameters.widest * extent / max(parameters.near_px, parameters.alike_px, TINY)))


def find_zone(probability: Mask, margin: int) -> Zone | None:
    """Return the box of all that may be hand, `margin` pixels wider; None where nothing may be."""
    rows, columns = (np.flatnonzero(probability.max(axis) >= FAINT) for axis in (1, 0))
    if not len(rows):
        return None
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return even sides, so that the blur may halve them, with about `WORKING_PIXELS` pixels and the same aspect."""
    factor = min(1.0, float(np.sqrt(WORKING_PIXELS / (height * width))))
    rows, columns = (max(2, 2 * round(side * factor / 2)) for side in (height, width))
    # A strip of one pixel's height becomes two high: bound its length.
    return min(rows, max(2, WORKING_PIXELS // columns * 2)), min(columns, max(2, WORKING_PIXELS // rows * 2))


def mean_field(photo: Image, chance: Plane, scale: float, parameters: Crf) -> Plane:
    """Return the kernels' last messages, (h, w) log-odds to add to those of the (h, w) probability `chance`."""
    balance = chance / max(float(chance.sum()), TINY) + (1 - chance) / max(float((1 - chance).sum()), TINY)
    near = Kernel(chance.shape, scale * parameters.near_px, None)
    features = colour_features(photo, balance, parameters.alike_levels)
    alike = Kernel(chance.shape, scale * parameters.alike_px, features)
    unary = log_odds(chance)
    message = np.zeros_like(unary)
    for _ in range(parameters.iterations):
        # Of two labels with probabilities p and 1 - p only the difference matters: 2 p - 1 = tanh(log-odds / 2).
        belief = np.tanh((unary + message) / 2)
        message = parameters.near_weight * near(belief) + parameters.alike_weight * alike(belief)
    return message


class Kernel:
    """A symmetrically normalised Gaussian kernel over positions, and over colours where features are given."""

    def __init__(self, shape: tuple[int, ...], width_px: float, features: Plane | None) -> None:
        self.features = features
        # Halving first and doubling last cuts the blur's cost to a quarter; they widen it by one pixel squared.
        self.halve = width_px > 2
        self.size = (shape[1], shape[0])
        self.sigma = max(float(np.sqrt(width_px**2 - 1) / 2) if self.halve else width_px, 0.1)
        # A pixel is at least like itself; colours that the features explain badly would blow up without that floor.
        itself = np.float32(1 / (2 * np.pi * max(width_px, 1) ** 2))
        self.norm = as_plane(1 / np.sqrt(np.maximum(self.sums(np.ones(shape, np.float32)), itself)))

    def __call__(self, values: Plane) -> Plane:
        """Return the kernel's weighted means of (h, w) values."""
        return self.norm * self.sums(self.norm * values)

    def sums(self, values: Plane) -> Plane:
        """Return the kernel's weighted sums, not normalised."""
        if self.features is None:
            return self.blur(values)
        return as_plane(np.einsum("hwk,hwk->hw", self.features, self.blur(self.features * values[..., None])))

    def blur(self, values: Plane) -> Plane:
        """Blur (h, w) or (h, w, K) values over positions; nothing comes from beyond the border."""
        shape = values.shape
        if self.halve:
            values = halved(values)
        values = as_plane(cv2.GaussianBlur(values, (0, 0), self.sigma, borderType=cv2.BORDER_CONSTANT))
        if self.halve:
            values = as_plane(cv2.resize(values, self.size, interpolation=cv2.INTER_LINEAR))
        return values.reshape(shape)  # OpenCV drops a last axis of one


def colour_features(photo: Image, weight: Plane, levels: float) -> Plane:
    """Return (h, w, K) features whose inner products are the Gaussian kernel of the (h, w, 3) photo's colours.

    Pivoted Cholesky over the colours that occur; `weight` (h, w) says how much each pixel's colour matters. With
    background and hand given the same say, a small hand's few colours are not left out.
    """
    binned = (photo // COLOUR_BIN).astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    _, index = np.unique(binned, return_inverse=True)
    flat, counts = index.ravel(), np.bincount(index.ravel())
    sums = [np.bincount(flat, photo[..., channel].ravel()) for channel in range(3)]
    colours = (np.stack(sums, 1) / (counts[:, None] * levels)).astype(np.float32)
    share = np.bincount(flat, weight.ravel()).astype(np.float32)
    return np.asarray(pivoted_cholesky(colours, share / share.sum())[flat].reshape(*photo.shape[:2], -1))


def pivoted_cholesky(points: Plane, share: Plane) -> Plane:
    """Return (M, K) rows whose inner products are nearly the Gaussian kernel of (M, 3) points, weighty ones first."""
    columns = np.zeros((RANK, len(points)), np.float32)
    rest = np.ones(len(points), np.float32)
    for rank in range(RANK):
        if rest @ share < UNEXPLAINED:
            columns = columns[:rank]
            break
        pivot = int(np.argmax(rest * np.sqrt(share)))
        kernel = np.exp(-0.5 * ((points - points[pivot]) ** 2).sum(1))
        columns[rank] = (kernel - columns[:rank, pivot] @ columns[:rank]) / np.sqrt(rest[pivot])
        rest = np.maximum(rest - columns[rank] ** 2, 0)
    return np.ascontiguousarray(columns.T)


def halved(values: Plane) -> Plane:
    """Average 2x2 pixels; both sides are even."""
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return as_plane(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))


def as_plane(values: ArrayLike) -> Plane:
    """Return float32 values; OpenCV's and NumPy's own types are wider."""
    return np.asarray(values, np.float32)


def log_odds(chance: Plane) -> Plane:
    """Return log(p / (1 - p)) with p kept from 0 and 1."""
    kept = np.clip(chance.astype(np.float64), TINY, 1 - TINY)
    return np.log(kept / (1 - kept)).astype(np.float32)


def add_messages(probability: Mask, message: Plane) -> Mask:
    """Add (h, w) messages to the log-odds of a (H, W) uint8 probability, band by band to save memory."""
    height, width = probability.shape
    unary = log_odds(as_plane(np.arange(256) / 255))
    wide = as_plane(cv2.resize(message, (width, len(message)), interpolation=cv2.INTER_LINEAR))
    at = np.clip((np.arange(height) + 0.5) * len(message) / height - 0.5, 0, len(message) - 1).astype(np.float32)
    above = np.minimum(at.astype(np.int64), len(message) - 2)
    refined = np.empty_like(probability)
    band = max(1, BAND_PIXELS // width)
    for start in range(0, height, band):
        rows = slice(start, start + band)
        below = (at[rows] - above[rows])[:, None]
        odds = unary[probability[rows]] + wide[above[rows]] * (1 - below) + wide[above[rows] + 1] * below
        refined[rows] = np.rint(255 / (1 + np.exp(-odds)))
    return refined
