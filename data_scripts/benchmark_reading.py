"""Measure how fast one core reads samples for training: from a prepared file, and from raw photos with Pillow.

    python data_scripts/benchmark_reading.py --photos 200

Both make the same of a sample: 256 x 256 pixels cut at random out of the photo at 512 x 288, as (3, 256, 256) float32
from 0 to 1, and its mask. The floor is the decoding of the stored JPEGs alone. The photos are made here, in the layout
of EgoHands. The exit code is 1 if the prepared file is less than five times as fast.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.io import savemat

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.io.hdf5 import Reader

SIZE = (1280, 720)  # (width, height), as EgoHands has it
SMALL = (512, 288)
CROP = 256
ROUNDS = 5
WANTED = 5.0

Floats = NDArray[np.float32]
Outlines = list[NDArray[np.float64]]


def make_photo(rng: np.random.Generator, path: Path) -> None:
    """Write a photo of soft blotches and camera noise; its 270 KB are those of EgoHands."""
    colours = Image.fromarray(rng.integers(0, 256, (9, 16, 3), dtype=np.uint8))
    smooth = np.asarray(colours.resize(SIZE, Image.Resampling.BICUBIC)).astype(np.float32)
    noise = cv2.GaussianBlur(rng.normal(0, 24, smooth.shape).astype(np.float32), (0, 0), 0.9)
    Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8)).save(path, quality=92)


def make_outlines(rng: np.random.Generator) -> Outlines:
    """Return the outlines of two to four hands of some 80 points each, and empty ones for the rest."""
    outlines: Outlines = [np.zeros((0, 2))] * 4
    for hand in rng.permutation(4)[: rng.integers(2, 5)]:
        turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
        reach = rng.uniform(60, 110) * (1 + 0.25 * np.sin(5 * turn))
        outlines[hand] = (
            rng.uniform((150, 150), (1130, 570)) + np.stack([np.cos(turn), np.sin(turn)], 1) * reach[:, None]
        )
    return outlines


def make_raw(folder: Path, count: int) -> dict[Path, Outlines]:
    """Write a raw folder as EgoHands has it, in videos of 25 frames, and return the outlines of each photo."""
    rng, known = np.random.default_rng(0), {}
    fields = [(name, object) for name in ("myleft", "myright", "yourleft", "yourright")]
    for first in range(0, count, 25):
        video = folder / "_LABELLED_SAMPLES" / f"CARDS_COURTYARD_B_{first:04}"
        video.mkdir(parents=True)
        rows = np.empty((1, min(25, count - first)), dtype=fields)
        for frame in range(rows.shape[1]):
            path, outlines = video / f"frame_{frame:04}.jpg", make_outlines(rng)
            make_photo(rng, path)
            known[path] = outlines
            rows[0, frame] = tuple(outlines)
        savemat(video / "polygons.mat", {"polygons": rows})
    return known


def cut(image: NDArray[np.uint8], mask: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Cut a square out of a photo and its mask and return both as float32 from 0 to 1, (3, 256, 256) and (256, 256)."""
    top, left = (int(rng.integers(0, side - CROP + 1)) for side in mask.shape)
    window = np.s_[top : top + CROP, left : left + CROP]
    scale = np.float32(1 / 255)
    return np.multiply(image[window].transpose(2, 0, 1), scale, order="C"), mask[window] * scale


def read_raw(path: Path, outlines: Outlines, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Read a sample as it is commonly done: Pillow decodes, draws the mask and resizes both."""
    with Image.open(path) as photo:
        image = photo.convert("RGB")
    mask = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(mask)
    for outline in outlines:
        if len(outline) >= 3:
            pen.polygon([(x, y) for x, y in outline], fill=255, outline=255)
    image = image.resize(SMALL, Image.Resampling.BILINEAR)
    mask = mask.resize(SMALL, Image.Resampling.NEAREST)
    return cut(np.asarray(image), np.asarray(mask), rng)


def read_prepared(reader: Reader, index: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Read a sample from a prepared file."""
    sample = reader[index]
    assert sample.mask is not None
    return cut(sample.image, sample.mask, rng)


def rate(order: list[int], work: Callable[[int], object]) -> float:
    """Return samples per second."""
    began = time.perf_counter()
    for index in order:
        work(index)
    return len(order) / (time.perf_counter() - began)


def measure(known: dict[Path, Outlines], file: Path) -> dict[str, float]:
    """Measure each way in turn, several times in orders of their own, and return the median of samples per second."""
    paths, rng = list(known), np.random.default_rng(1)
    with Reader(file) as reader:
        stored = [reader.encoded(index).image for index in range(len(reader))]
        ways: dict[str, Callable[[int], object]] = {
            "raw": lambda index: read_raw(paths[index], known[paths[index]], rng),
            "prepared": lambda index: read_prepared(reader, index, rng),
            "floor": lambda index: simplejpeg.decode_jpeg(stored[index]),
        }
        orders = [[int(index) for index in rng.permutation(len(paths))] for _ in range(ROUNDS)]
        rounds = [{way: rate(order, work) for way, work in ways.items()} for order in orders]
    return {way: median(each[way] for each in rounds) for way in ways}


def main() -> None:
    """Make photos, prepare them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=200)
    count = parser.parse_args().photos
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = make_raw(folder / "raw", count)
        began = time.perf_counter()
        result = prepare(PrepareConfig(("egohands",), raw=folder / "raw", output=folder, workers=1, quiet=True))
        took = time.perf_counter() - began
        (file,) = result.files
        rates = measure(known, file.path)
        photo_kb = sum(path.stat().st_size for path in known) / count / 1e3
        print(f"{count} samples; raw photos of {photo_kb:.0f} KB, prepared samples of {file.size / count / 1e3:.0f} KB")
        print(f"{'prepare':10} {count / took:8.0f} samples/s on one core, once")
        for way, each in rates.items():
            print(f"{way:10} {each:8.0f} samples/s on one core, {1e3 / each:6.2f} ms each")
    ratio = rates["prepared"] / rates["raw"]
    share = rates["prepared"] / rates["floor"]
    print(f"the prepared file is {ratio:.1f} times as fast as raw photos, at {share:.0%} of the floor")
    sys.exit(0 if ratio >= WANTED else 1)


if __name__ == "__main__":
    main()
