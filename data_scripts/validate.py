"""Measure hand IoU on folders of photos with masks, and draw every mask on a contact sheet to be looked at.

Each folder below the given one is a set with images/ and masks/. Green is right, red is found and no hand, blue is
a hand that was missed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from composites import mask_of

from handseg_cli.config import PredictConfig
from handseg_cli.io.draw import contact_sheet
from handseg_cli.io.images import read_photo
from handseg_cli.metrics.regions import count, iou
from handseg_cli.predict.predictor import open_predictor
from handseg_cli.sample import Image, Mask


def judged(image: Image, mask: Mask, truth: Mask) -> Image:
    """Paint what is right green, what is found wrongly red and what is missed blue."""
    colours = np.array([[0, 0, 0], [0, 80, 255], [255, 0, 0], [0, 220, 0]], np.uint8)
    verdict = 2 * (mask > 0) + (truth > 0)
    painted = image // 2 + colours[verdict] // 2
    return np.where(verdict[..., None] > 0, painted, image)


def measure(predictor: Any, folder: Path, sheets: Path | None) -> list[float]:
    """Return the hand IoU of each photo of a set; draw the set's contact sheet, worst photo first."""
    found = []
    for path in sorted((folder / "images").iterdir()):
        truth = mask_of(folder, path.stem)
        image = read_photo(path.read_bytes(), str(path), max_pixels=10**8).image
        mask = predictor(image).mask
        found.append((iou(count(mask, truth)), path.stem, judged(image, mask, truth)))
    found.sort(key=lambda each: each[0])
    if sheets:
        sheets.mkdir(parents=True, exist_ok=True)
        captions = [f"{score:.2f} {name}" for score, name, _ in found]
        sheet = contact_sheet([picture for *_, picture in found], columns=6, height=240, captions=captions)
        cv2.imwrite(str(sheets / f"{folder.name}.png"), sheet[..., ::-1])
    return [score for score, *_ in found]


def main() -> None:
    """Print a line for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of sets, each with images/ and masks/")
    parser.add_argument("--sheets", type=Path, help="write a contact sheet of each set into this folder")
    parser.add_argument("--weights", default="lite")
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--size", type=int, default=0)
    for switch in ("--tta", "--crf", "--tile"):
        parser.add_argument(switch, action="store_true")
    options = vars(parser.parse_args())
    folder, sheets = options.pop("folder"), options.pop("sheets")
    predictor, _ = open_predictor(PredictConfig(paths=(folder,), **options))
    print(f"{'set':16}{'photos':>8}{'mean IoU':>10}{'median':>8}{'worst':>7}")
    for kind in sorted(path for path in folder.iterdir() if (path / "images").is_dir()):
        scores = measure(predictor, kind, sheets)
        print(f"{kind.name:16}{len(scores):8}{np.mean(scores):10.3f}{np.median(scores):8.3f}{min(scores):7.3f}")


if __name__ == "__main__":
    main()
