"""Measure what `--crf` does: hand IoU before and after on photos with masks, its time, and how exact it is.

The folder holds images/ and masks/, or sets of these. The probability to refine comes from the net, or with
--degraded from the true mask, made as coarse and unsure as a net's answer. With --exact, photos are shrunk until the
mean field over all pairs of pixels can be computed, and the two are compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import PredictConfig
from handseg_cli.io.images import read_photo
from handseg_cli.metrics.regions import count, iou
from handseg_cli.predict.crf import DEFAULT, REFERENCE_PIXELS, Crf, refine
from handseg_cli.predict.predictor import open_predictor
from handseg_cli.sample import Image, Mask

EXACT_PIXELS = 6000  # its kernels take 6000 x 6000 numbers
NET_PIXELS = 384**2
Segment = Callable[[Image, Mask], Mask]  # a photo and its true mask in, a probability out


def pairs(folder: Path) -> Iterator[tuple[Image, Mask]]:
    """Yield the photos of a set and their masks, 255 on hands."""
    for path in sorted((folder / "images").iterdir()):
        masks = next((folder / "masks").glob(f"{path.stem}.*"))
        photo, mask = (read_photo(each.read_bytes(), str(each), max_pixels=10**8).image for each in (path, masks))
        yield photo, np.where(mask[..., 0] > 127, 255, 0).astype(np.uint8)


def degraded(image: Image, mask: Mask) -> Mask:
    """Return the true mask as a net at stride 4 might see it: coarse, soft and wrong in places."""
    height, width = mask.shape
    factor = np.sqrt(NET_PIXELS / mask.size) / 4
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    coarse = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    noise = np.random.default_rng(int(image[::7, ::7].sum())).normal(size=coarse.shape).astype(np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2))
    odds = 8 * cv2.GaussianBlur(coarse, (0, 0), 1) - 4 + 1.5 * noise / noise.std()
    odds = cv2.resize(odds, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(127.5 + 127.5 * np.tanh(odds / 2)), np.uint8)


def exact_mean_field(image: Image, probability: Mask, parameters: Crf) -> NDArray[np.float64]:
    """Compute the textbook's mean field over all pairs of pixels: (H, W) probability, 0 to 1."""
    scale = np.sqrt(probability.size / REFERENCE_PIXELS)
    place = np.indices(probability.shape).reshape(2, -1).T / scale
    colour = image.reshape(-1, 3) / parameters.alike_levels
    kernel = parameters.near_weight * normalised(place / parameters.near_px)
    kernel += parameters.alike_weight * normalised(np.hstack([place / parameters.alike_px, colour]))
    chance = np.clip(probability.ravel() / 255, 1e-6, 1 - 1e-6)
    odds = unary = np.log(chance / (1 - chance)).astype(np.float32)
    for _ in range(parameters.iterations):
        odds = unary + kernel @ np.tanh(odds / 2)
    return np.asarray(0.5 + 0.5 * np.tanh(odds / 2), np.float64).reshape(probability.shape)


def normalised(features: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the Gaussian kernel between all (N, D) points, divided by the roots of its row and column sums."""
    squares = (features**2).sum(1)
    kernel = np.exp(-0.5 * np.maximum(squares[:, None] + squares - 2 * features @ features.T, 0)).astype(np.float32)
    root = np.sqrt(kernel.sum(1))
    return np.asarray(kernel / root[:, None] / root)


def measure(folder: Path, segment: Segment) -> str:
    """Return a table row: photos, IoU before and after, how many gain and lose a hundredth, and milliseconds."""
    before, after, seconds = [], [], []
    for image, truth in pairs(folder):
        probability = segment(image, truth)
        start = time.perf_counter()
        refined = refine(image, probability)
        seconds.append(time.perf_counter() - start)
        before.append(iou(count((probability > 127).astype(np.uint8), truth)))
        after.append(iou(count((refined > 127).astype(np.uint8), truth)))
    gain = np.subtract(after, before)
    counts = (
        f"{len(before):8}{np.mean(before):9.4f}{np.mean(after):9.4f}{(gain > 0.01).sum():8}{(gain < -0.01).sum():8}"
    )
    return f"{counts}{1000 * np.median(seconds):8.0f}"


def compare(folder: Path, segment: Segment) -> str:
    """Return a table row: shrunken photos, share of equal labels, that of the worst, mean difference of the chances."""
    labels, differences = [], []
    for image, truth in pairs(folder):
        factor = np.sqrt(EXACT_PIXELS / truth.size)
        # Even sides, so that the working copy is the photo itself.
        size = (2 * round(image.shape[1] * factor / 2), 2 * round(image.shape[0] * factor / 2))
        small, probability = (
            np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA), np.uint8)
            for each in (image, segment(image, truth))
        )
        # As wide, in pixels, as the kernels are on the working copy of a photo.
        parameters = Crf(near_px=3 * DEFAULT.near_px, alike_px=3 * DEFAULT.alike_px, widest=np.inf)
        exact = exact_mean_field(small, probability, parameters)
        refined = refine(small, probability, parameters)
        labels.append(((refined > 127) == (exact > 0.5)).mean())
        differences.append(np.abs(refined / 255 - exact).mean())
    return f"{len(labels):8}{np.mean(labels):9.5f}{min(labels):9.5f}{np.mean(differences):9.5f}"


def main() -> None:
    """Print one row for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds images/ and masks/, or sets of these")
    parser.add_argument("--weights", default="lite")
    parser.add_argument("--degraded", action="store_true", help="spoil the true masks in place of running a net")
    parser.add_argument("--exact", action="store_true", help="compare with the mean field over all pairs of pixels")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    segment: Segment = degraded
    if not options.degraded:
        predictor, _ = open_predictor(PredictConfig(paths=(options.folder,), weights=options.weights))

        def segment(image: Image, truth: Mask) -> Mask:
            return predictor(image).probability

    folders = [folder for folder in [options.folder, *sorted(options.folder.iterdir())] if (folder / "masks").is_dir()]
    columns = ("labels", "worst", "chances") if options.exact else ("before", "after")
    rest = "" if options.exact else f"{'better':>8}{'worse':>8}{'ms':>8}"
    print(f"{'set':16}{'photos':>8}" + "".join(f"{column:>9}" for column in columns) + rest)
    for folder in folders:
        print(f"{folder.name:16}" + (compare if options.exact else measure)(folder, segment), flush=True)


if __name__ == "__main__":
    main()
