"""Part photos by who is in them, to see what a net that starts from nothing learns of hands it has never seen.

    python data_scripts/by_person.py DATA people

`people/senz3d` has three men at a webcam, of whom the second is held out; `people/composites` one hand in a photo of a
room each, of whom one person, and every sixth room, are held out; `people/others` is for training alone, much of it
without hands. `handseg prepare folder --split official --raw people/senz3d -o senz3d` makes a file of each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from composites import PLAIN, Bytes, composite, write_pair

from handseg_cli.synth.photos.backdrop import photo_files
from handseg_cli.synth.photos.cutouts import Pair, Scraps, cutout_files

MEN = {"first": range(331), "second": range(331, 664), "third": range(664, 10**6)}  # by the numbers of their photos
HELD_OUT = "hand5_"  # what the names of that person's hands begin with
EVERY = 6  # of the rooms is held out
COUNTS = {"train": 4000, "val": 100, "test": 300}
LEAST, MOST = 0.05, 0.4  # of the pixels are hand


def part_men(photos: Path, out: Path) -> None:
    """Link photos and masks of the first and the third man for training, and share out those of the second."""
    for photo in sorted((photos / "images").iterdir()):
        number = int(photo.stem)
        man = next(name for name, numbers in MEN.items() if number in numbers)
        split = "train" if man != "second" else ("test", "val")[number % 2]
        link(photo, photos / "masks" / f"{photo.stem}.png", out / split / man)


def link(photo: Path, mask: Path, folder: Path) -> None:
    """Let images/ and masks/ of a folder have a photo and its mask."""
    for part, path in (("images", photo), ("masks", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / path.name).symlink_to(path.resolve())


def paste(data: Path, out: Path) -> None:
    """Write composites, of persons and rooms that are in one split alone; those that nearly fail are made anew."""
    sets = [pairs for pairs in cutout_files(data / "cutouts") if "forearm" not in str(pairs[0][0])]
    rooms = photo_files(data / "backgrounds" / "indoor")
    held = {split: split != "train" for split in COUNTS}
    for seed, (split, count) in enumerate(COUNTS.items(), 11):
        mine = [tuple(pair for pair in pairs if is_held(pair) == held[split]) for pairs in sets]
        places = tuple(room for at, room in enumerate(rooms) if (at % EVERY == 0) == held[split])
        scraps = Scraps(tuple(filter(None, mine)), places)
        made = tried = 0
        while made < count:
            image, mask = composite(scraps, np.random.default_rng([seed, tried]), PLAIN)
            tried += 1
            if LEAST <= (mask > 0).mean() <= MOST:
                write_pair(out / split / "composites", f"{made:05d}", image, mask)
                made += 1


def is_held(pair: Pair) -> bool:
    """Tell whether a hand is of the person that is held out."""
    return pair[0].name.startswith(HELD_OUT)


def gather_others(data: Path, out: Path) -> None:
    """Link the small labelled sets, and photos of rooms and faces, for which masks without a hand are written."""
    for name in ("freihand", "street", "wang", "fridge"):
        folder = data / "labelled" / name
        for photo in sorted((folder / "images").iterdir()):
            link(photo, folder / "masks" / f"{photo.stem}.png", out / "train" / name)
    for name in ("indoor", "faces"):
        rooms = photo_files(data / "backgrounds" / name)
        for at, photo in enumerate(rooms):
            if name == "indoor" and at % EVERY == 0:
                continue
            image = np.asarray(cv2.imread(str(photo)), np.uint8)
            write_pair(out / "train" / name, f"{at:05d}", image[..., ::-1], nothing(image))


def nothing(image: Bytes) -> Bytes:
    """Return the mask of a photo without hands."""
    return np.zeros(image.shape[:2], np.uint8)


def main() -> None:
    """Make the three folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of labelled/, cutouts/ and backgrounds/")
    parser.add_argument("out", type=Path, help="folder to make")
    options = parser.parse_args()
    part_men(options.data / "labelled" / "senz3d", options.out / "senz3d")
    gather_others(options.data, options.out / "others")
    paste(options.data, options.out / "composites")


if __name__ == "__main__":
    main()
