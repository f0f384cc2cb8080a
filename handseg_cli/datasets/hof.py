"""HandOverFace: photos from the web of hands before faces, masked to the wrist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.polygons import fitted, rasterise, read_drawing
from handseg_cli.datasets.raw import find_root, is_there, list_pairs, missing, read_image, read_levels
from handseg_cli.sample import Sample

NAME = "hof"
RESIZED, MASKS = "images_resized", "masks"
ORIGINAL, ANNOTATIONS = "images_original_size", "annotations"

PLACES = ("hand_over_face", "hand_over_face_corrected/hand_over_face", "hand_over_face_corrected")


class Hof:
    """300 photos of 300 scenes; masks were drawn for the resized ones, outlines for those of original size."""

    archives = (
        Archive(
            name="hand_over_face_corrected.tar.gz",
            url="gdrive:1hHUvINGICvOGcaDgA5zMbzAIUv7ewDd3",
            about=41_000_000,
        ),
    )
    licence = "annotations MIT; the photos are from the web and belong to their makers"
    citation = "Khan, Borji: Analysis of Hand Segmentation in the Wild, CVPR 2018"
    page = "https://github.com/aurooj/Hand-Segmentation-in-the-Wild"
    labels = ("hand",)

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos by name as text, 1, 10, 100, 101; those of original size only where no others are there."""
        root = find_root(raw, PLACES, (RESIZED, MASKS, ORIGINAL), NAME)
        resized = is_there(root / RESIZED) or is_there(root / MASKS)
        photos, labels, suffix = (RESIZED, MASKS, ".png") if resized else (ORIGINAL, ANNOTATIONS, ".xml")
        pairs = list_pairs(root / photos, root / labels, NAME, suffix)
        if not pairs:
            raise missing(root / photos / "1.jpg", NAME)
        for photo, mask in pairs:
            yield Entry(photo.stem, photo, mask, group=photo.stem)

    def read(self, entry: Entry) -> Sample:
        """Read one photo and its mask, or fill its outlines."""
        assert entry.labels is not None
        image = read_image(entry.image, NAME)
        size = image.shape[:2]
        if entry.labels.suffix == ".xml":
            outlines = fitted(read_drawing(entry.labels, NAME), size)
            mask = rasterise((outline.points for outline in outlines), size)
        else:
            mask = read_levels(entry.labels, NAME, size).mask()
        return Sample(entry.key, image, mask, group=entry.group)
