"""GTEA and GTEA Gaze+ ("hand2K"): cooks' hands and arms seen by their head cameras.

The grey levels of the masks tell left, right and crossing hands apart, but nowhere is it said which is which: the
annotations, which name the sides, decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.polygons import Outline, fitted, rasterise_sides, read_drawing
from handseg_cli.datasets.raw import find_root, is_there, list_folders, list_pairs, missing, read_image, read_levels
from handseg_cli.sample import Mask, Sample

NAME = "gtea"
FLAT, NESTED = "GTEA", "GTEA_GAZE_PLUS"
PHOTOS, MASKS, ANNOTATIONS = "Images", "Masks", "Annotations"

# All the codes are well above it, and what others take for the border.
LEAST = 20

LEFT, RIGHT, UNDECIDED = 1, 2, 3

# Where a level stands for a side, only the edges of the outlines disagree.
AGREEMENT = 0.98


class Gtea:
    """663 frames of GTEA (720 x 405) and 1115 of GTEA Gaze+ (960 x 720), masked with their arms."""

    archives = (
        # One person has published a SHA-256, a64c0fcff572414fa964c5b524e989ffe2e0a6023316bf4554a0f3e24d66fb8b;
        # that is not enough to refuse a file for.
        Archive(
            name="hand2K_dataset.zip",
            url="https://www.dropbox.com/s/k2g06apgx1u8p17/hand2K_dataset.zip?dl=1",
            about=250_000_000,
            into="hand2K_dataset",
        ),
    )
    licence = "no licence published; research use"
    citation = "Li, Ye, Rehg: Delving into Egocentric Actions, CVPR 2015"
    page = "http://cbs.ic.gatech.edu/fpv/"
    labels = ("hand+arm", "sides")

    def find(self, raw: Path) -> Iterator[Entry]:
        """List GTEA by name, then the folders of GTEA Gaze+ by name."""
        root = find_root(raw, ("hand2K_dataset", "hand2K_dataset/hand2K_dataset"), (FLAT, NESTED), NAME)
        yield from _entries(root / FLAT)
        folders = {folder for kind in (PHOTOS, MASKS) for folder in list_folders(root / NESTED / kind, NAME)}
        if not folders:
            raise missing(root / NESTED / PHOTOS / "rahul_turkey", NAME)
        for folder in sorted(folders):
            yield from _entries(root / NESTED, folder)

    def read(self, entry: Entry) -> Sample:
        """Read one frame and its mask; sides are 3 where the annotations do not tell."""
        assert entry.labels is not None
        image = read_image(entry.image, NAME)
        levels = read_levels(entry.labels, NAME, image.shape[:2])
        mask = levels.mask(LEAST)
        outlines = fitted(read_drawing(entry.detail, NAME), image.shape[:2]) if entry.detail else ()
        sides = _decide(levels.values, mask, _outlined(outlines, image.shape[:2]))
        return Sample(entry.key, image, mask, sides, group=entry.group)


def _entries(part: Path, folder: str = "") -> Iterator[Entry]:
    pairs = list_pairs(part / PHOTOS / folder, part / MASKS / folder, NAME)
    if not pairs:
        raise missing(part / PHOTOS / folder / "0000000020.jpg", NAME)
    # Masks alone are enough for hands; an annotation that is missing among others is a loss.
    annotated = is_there(part / ANNOTATIONS)
    for photo, mask in pairs:
        drawing = part / ANNOTATIONS / folder / f"{photo.stem}.xml" if annotated else None
        # s2_cheese_0000000020 is a frame of s2_cheese.
        video = folder or photo.stem.rpartition("_")[0] or photo.stem
        yield Entry("/".join(filter(None, (part.name, folder, photo.stem))), photo, mask, video, detail=drawing)


def _outlined(outlines: tuple[Outline, ...], size: tuple[int, int]) -> Mask:
    """Fill the outlines whose names hold a side, such as "Left hand" or "right_hand"."""
    left, right = ([one.points for one in outlines if side in one.name.lower()] for side in ("left", "right"))
    return rasterise_sides(left, right, size)


def _decide(levels: Mask, mask: Mask, outlined: Mask) -> Mask:
    """Give each grey level of the mask the side that the outlines agree on, else each pixel its own: (H, W), 0 to 3."""
    sides = np.zeros_like(mask)
    for level in np.flatnonzero(np.bincount(levels[mask > 0], minlength=256)):
        region = (levels == level) & (mask > 0)
        votes = np.bincount(outlined[region], minlength=UNDECIDED + 1)[LEFT:]
        covered = votes.sum()
        if covered > 0.5 * region.sum() and votes.max() >= AGREEMENT * covered:
            sides[region] = votes.argmax() + LEFT
        else:
            sides[region] = np.where(outlined[region] > 0, outlined[region], UNDECIDED)
    return sides
