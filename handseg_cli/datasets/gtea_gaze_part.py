"""GTEA_gaze_part: frames of GTEA Gaze+ scaled to the size of a car photo, on which the second system was trained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.raw import find_root, list_pairs, missing, read_image, read_levels
from handseg_cli.sample import Sample

NAME = "gtea_gaze_part"
PHOTOS, MASKS = "Images", "Masks_1"


class GteaGazePart:
    """Frames of cooks' head cameras, 1918 x 1280 pixels, with masks of hands and arms."""

    archives = (
        Archive(
            name="GTEA_gaze_part.zip",
            url="https://www.dropbox.com/s/fiyvw15iopkmmqy/GTEA_gaze_part.zip?dl=1",
            about=700_000_000,
        ),
    )
    licence = "no licence published; research use"
    citation = "Li, Ye, Rehg: Delving into Egocentric Actions, CVPR 2015; chosen and scaled by github.com/wudonghao"
    page = "https://github.com/wudonghao/Hand-Segmentation"
    labels = ("hand+arm",)

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the frames by name, that is by number; the recipe is glued to it: 0000022810carlos_pasta."""
        root = find_root(raw, ("GTEA_gaze_part/Resize", "Resize", "GTEA_gaze_part"), (PHOTOS, MASKS), NAME)
        pairs = list_pairs(root / PHOTOS, root / MASKS, NAME)
        if not pairs:
            raise missing(root / PHOTOS / "0000022810carlos_pasta.jpg", NAME)
        for photo, mask in pairs:
            yield Entry(photo.stem, photo, mask, group=re.sub(r"^\d+", "", photo.stem) or photo.stem)

    def read(self, entry: Entry) -> Sample:
        """Read one frame and its mask of 0 and 1, which may be grey or the numbers of a palette."""
        assert entry.labels is not None
        image = read_image(entry.image, NAME)
        mask = read_levels(entry.labels, NAME, image.shape[:2], indices=True).mask(least=1)
        return Sample(entry.key, image, mask, group=entry.group)
