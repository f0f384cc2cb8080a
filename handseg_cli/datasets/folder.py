"""A folder of photos and masks: `images/` and `masks/` side by side, or each mask beside its photo as `a.jpg.png`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from handseg_cli.datasets.dataset import Archive, Entry
from handseg_cli.datasets.own import CITATION, LICENCE, folder_of, is_photo, list_files, places, walk
from handseg_cli.datasets.own_masks import masked
from handseg_cli.errors import DatasetError
from handseg_cli.sample import Sample

EXPECTED = "images/ and masks/ whose files have the same names, or photos with masks beside them (a.jpg, a.jpg.png)"
Pair = tuple[Path, Path | None, str]  # photo, mask, and why there is none


class Folder:
    """Photos and mask files; photos in `images/` without a mask are reported, those beside other masks are not."""

    archives: tuple[Archive, ...] = ()
    licence = LICENCE
    citation = CITATION
    page = "handseg prepare --help"
    labels: tuple[str, ...] = ("hand",)

    def find(self, raw: Path) -> Iterator[Entry]:
        """List the photos of all `images/` with a `masks/` at their side or, where there are none, those with masks."""
        root = folder_of(raw, EXPECTED)
        tops = [
            folder for folder, _ in walk(root) if folder.name == "images" and os.path.isdir(folder.parent / "masks")
        ]
        # Of images/images the inner one belongs to the outer.
        trees = [top for top in tops if not any(other in top.parents for other in tops)]
        pairs = [pair for top in trees for pair in _side_by_side(top)] if trees else list(_beside(root))
        if not any(mask for _, mask, _ in pairs):
            found = f"holds {len(pairs)} photos in images/ but no mask of any" if pairs else "holds no masked photo"
            raise DatasetError(f"{root}: {found}; expected {EXPECTED}")
        place = places((photo for photo, _, _ in pairs), root)
        for photo, mask, reason in pairs:
            at = place[photo]
            yield Entry(at.key, photo, mask, at.group, at.split, reason and f"{photo}: {reason}")

    def read(self, entry: Entry) -> Sample:
        """Read a photo and its mask, 255 wherever the mask's picture is not black."""
        return masked(entry)


def _side_by_side(images: Path) -> Iterator[Pair]:
    """Pair the photos below images/ with the files at the same places below masks/."""
    for folder, names in walk(images):
        masks = images.parent / "masks" / folder.relative_to(images)
        by_stem: dict[str, list[str]] = {}
        for name in list_files(masks):
            if is_photo(name):
                by_stem.setdefault(Path(name).stem, []).append(name)
        photos = [name for name in names if is_photo(name)]
        stems = [Path(name).stem for name in photos]
        for name, stem in zip(photos, stems, strict=True):
            # `a.jpg.png` belongs to `a.jpg` alone; `a.png` to whichever photo is called `a`.
            own, shared = by_stem.get(name, []), by_stem.get(stem, [])
            candidates = own or shared
            reason = ""
            if not candidates:
                reason = f"has no mask; put {stem}.png or {name}.png into {masks}, or remove the photo"
            elif len(candidates) > 1:
                reason = f"has several masks in {masks} ({', '.join(candidates)}); leave one"
            elif not own and stems.count(stem) > 1:
                reason = f"shares its stem with another photo; name its mask {name}.png"
            yield folder / name, None if reason else masks / candidates[0], reason


def _beside(root: Path) -> Iterator[Pair]:
    """Pair photos with the masks that lie beside them; photos without one are nobody's labels yet."""
    for folder, names in walk(root):
        photos = {name for name in names if is_photo(name)}
        for name in names:
            # What begins with the whole name of a photo was made of it: a.jpg.png, a.jpg.overlay.jpg.
            made = any(name[:at] in photos for at, letter in enumerate(name) if letter == ".")
            if name in photos and not made and f"{name}.png" in photos:
                yield folder / name, folder / f"{name}.png", ""
