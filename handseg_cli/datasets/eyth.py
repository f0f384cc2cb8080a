"""EgoYouTubeHands: frames of three first-person videos with masks to the wrist and lists of the official split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.raw import find_root, is_there, read_file, read_image, read_levels
from handseg_cli.errors import DatasetError
from handseg_cli.sample import Sample

NAME = "eyth"
LISTS = "train-val-test-split"

# Of vid6 the masks have a suffix, of vid4 and vid9 none; an older release had JPEGs.
SUFFIXES = (".png", "", ".jpg")


class Eyth:
    """1290 frames of 3 videos, 384 x 216 pixels."""

    archives = (Archive(name="eyth_dataset.tar.gz", url="gdrive:1EwjJx-V-Gq7NZtfiT6LZPLGXD2HN--qT", about=17_000_000),)
    licence = "annotations MIT; the frames are of YouTube videos and belong to their makers"
    citation = "Khan, Borji: Analysis of Hand Segmentation in the Wild, CVPR 2018"
    page = "https://github.com/aurooj/Hand-Segmentation-in-the-Wild"
    labels = ("hand",)

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos that the three lists name, in their order; others are left out."""
        root = find_root(raw, ("eyth_dataset", "eyth_dataset/eyth_dataset"), (LISTS,), NAME)
        splits: dict[PurePosixPath, str] = {}
        for split in ("train", "val", "test"):
            # A photo that is named twice must not train the net that it judges: the last list has it.
            splits.update(dict.fromkeys(_listed(root / LISTS / f"{split}.txt"), split))
        for photo, split in splits.items():
            key = photo.with_suffix("").as_posix()
            masks = [root / "masks" / f"{key}{suffix}" for suffix in SUFFIXES]
            mask = next((path for path in masks if is_there(path)), masks[0])
            yield Entry(key, root / "images" / photo, mask, photo.parts[0], split)

    def read(self, entry: Entry) -> Sample:
        """Read one frame and its mask."""
        assert entry.labels is not None
        image = read_image(entry.image, NAME)
        mask = read_levels(entry.labels, NAME, image.shape[:2]).mask()
        return Sample(entry.key, image, mask, group=entry.group, split=entry.split)


def _listed(path: Path) -> list[PurePosixPath]:
    """Read a list of photos, one to a line, as "vid4/frame25.jpg"."""
    lines = read_file(path, NAME).decode("utf-8-sig", "replace").replace("\\", "/").splitlines()
    photos = [PurePosixPath(line.strip().removeprefix("images/")) for line in lines if line.strip()]
    if not photos:
        raise DatasetError(f"{path}: names no photo; run `handseg download {NAME}` again")
    for photo in photos:
        if len(photo.parts) != 2 or {"..", "/"} & set(photo.parts):
            what = f"{str(photo)[:80]!r} is no photo such as vid4/frame25.jpg"
            raise DatasetError(f"{path}: {what}; run `handseg download {NAME}` again")
    return photos
