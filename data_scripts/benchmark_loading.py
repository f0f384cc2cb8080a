"""Measure how fast one core makes training pictures of a prepared file, and what each alteration costs.

    python data_scripts/benchmark_loading.py --photos 200

Photos of 1280 x 720 pixels, prepared at 512, make pictures of 256 x 256. The floor is decoding and cutting alone.
The exit code is 1 if the strongest recipe makes fewer than 250 pictures a second.
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
from benchmark_reading import make_photo
from PIL import Image

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.loading.cutouts import read_cutouts
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import bare
from handseg_cli.loading.transforms import augment, fitted, steps
from handseg_cli.sample import Sample

SIZE = (1280, 720)  # (width, height)
ROUNDS = 5
WANTED = 250.0


def make_raw(folder: Path, count: int) -> None:
    """Write photos of blotches, each with a mask of three lumps."""
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        make_photo(rng, folder / "images" / f"{number:04}.jpg")
        mask = np.zeros(SIZE[::-1], np.uint8)
        for x, y in rng.integers((150, 150), (1130, 570), (3, 2)):
            cv2.ellipse(mask, (int(x), int(y)), (110, 60), float(rng.uniform(0, 180)), 0, 360, 255, -1)
        Image.fromarray(mask).save(folder / "masks" / f"{number:04}.png")


def rate(count: int, work: Callable[[int], object]) -> float:
    """Return the median of samples per second over several rounds."""
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for index in range(count):
            work(index)
        rates.append(count / (time.perf_counter() - began))
    return median(rates)


def read(mix: Mix, index: int) -> Sample:
    """Read a sample as training does."""
    return bare(mix[index], ("mask",), ())


def main() -> None:
    """Make photos, prepare them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=200)
    count = parser.parse_args().photos
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_raw(folder / "raw", count)
        prepare(PrepareConfig(("folder",), raw=folder / "raw", output=folder, workers=1, quiet=True))
        mix = Mix([Part("folder", folder / "folder.h5")], "all")
        cutouts = read_cutouts(folder / "raw")
        rng = np.random.default_rng(1)
        ways: dict[str, Callable[[int], object]] = {
            "floor": lambda index: mix[index].image[:256, :256].copy(),
            "validation": lambda index: fitted(read(mix, index), Recipe()),
        }
        for strength in ("none", "light", "full"):
            recipe = Recipe(augment=strength)
            ways[strength] = lambda index, recipe=recipe: augment(read(mix, index), recipe, rng)  # type: ignore[misc]
        ways["full+cutouts"] = lambda index: augment(read(mix, index), Recipe(), rng, cutouts)
        rates = {way: rate(count, work) for way, work in ways.items()}
        for way, each in rates.items():
            print(f"{way:14} {each:6.0f} samples/s on one core, {1e3 / each:6.2f} ms each")
        pictures = [augment(read(mix, index), Recipe(augment="none"), rng) for index in range(count)]
        for step, (chance, work) in steps(Recipe(), cutouts).items():
            each = 1e3 / rate(count, lambda index, work=work: work(pictures[index], rng))  # type: ignore[misc]
            print(f"  {step:12} {each:6.2f} ms, in {chance:4.0%} of the pictures: {chance * each:5.2f} ms")
    sys.exit(0 if rates["full+cutouts"] >= WANTED else 1)


if __name__ == "__main__":
    main()
