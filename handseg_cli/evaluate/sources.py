"""What is judged on: the photos of prepared files and of raw folders, each with its true mask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from handseg_cli.config import EvalConfig
from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.folder import Folder
from handseg_cli.datasets.own import MAX_PIXELS, require_size
from handseg_cli.datasets.own_masks import read_mask
from handseg_cli.errors import ConfigError, DatasetError
from handseg_cli.io.far import reader_of
from handseg_cli.io.hdf5 import Reader
from handseg_cli.io.images import Photo, PhotoFile
from handseg_cli.io.inputs import read_bytes
from handseg_cli.paths import Place, Url, home, is_address, place, shown
from handseg_cli.registry import ALIASES, DATASETS
from handseg_cli.sample import Mask

PARTED = ("train", "val", "test")


@dataclass(frozen=True)
class Shot:
    """A photo and its true mask, (H, W) uint8 of the photo's full size; `names` are those its files may go by."""

    key: str
    group: str
    names: tuple[str, ...]
    photo: Photo
    truth: Mask


class Photos(Protocol):
    """Photos that are read one by one, from several threads at once."""

    def key(self, place: int) -> str:
        """Name a photo, even one that cannot be read."""
        ...

    def read(self, place: int, pixels: int | None) -> Shot:
        """Read a photo, perhaps reduced to no less than so many pixels; ImageError or DatasetError if it is broken."""
        ...


@dataclass(frozen=True)
class Source:
    """One split of one dataset; `about` tells which split it is, to be found again by anyone."""

    name: str
    split: str
    places: Sequence[int]
    photos: Photos = field(repr=False)
    about: dict[str, str | int]


class PreparedPhotos:
    """The samples of a prepared file."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def key(self, place: int) -> str:
        """Name a sample by its key, or by its number where that is damaged."""
        try:
            return self.reader.encoded(place).key
        except DatasetError:
            return f"sample {place}"

    def read(self, place: int, pixels: int | None) -> Shot:
        """Read a sample at the size that it is stored in."""
        sample = self.reader[place]
        if sample.mask is None:
            raise DatasetError(f"{self.reader.path}: sample {place}: has no mask; judge on photos that have one")
        height, width = sample.mask.shape
        photo = Photo(sample.image, (height, width))
        return Shot(sample.key, sample.group or sample.key, (sample.key,), photo, sample.mask)


class FolderPhotos:
    """The pairs of a raw folder."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def key(self, place: int) -> str:
        """Name a photo by its key."""
        return self.entries[place].key

    def read(self, place: int, pixels: int | None) -> Shot:
        """Read a photo, as `handseg predict` does, and its mask at full size."""
        entry = self.entries[place]
        if entry.labels is None:
            raise DatasetError(f"{entry.image}: {entry.detail}")
        photo = PhotoFile(read_bytes(entry.image), str(entry.image), MAX_PIXELS).read(pixels)
        truth = read_mask(entry.labels)
        height, width = truth.shape
        require_size((height, width), photo.size, f"{entry.labels} (mask of {entry.image})")
        names = (entry.key, str(Path(entry.key).parent / entry.image.name))
        return Shot(entry.key, entry.group or entry.key, names, photo, truth)


def find_sources(config: EvalConfig) -> list[Source]:
    """Return each split of each dataset that is to be judged on; an error that names what to give if one is missing."""
    folder = home(config.root) / "prepared"
    if not config.dataset_names:
        raise ConfigError(f"no dataset: give --datasets with {what_there_is(folder)}, or a folder of photos and masks")
    found = [source for name in config.dataset_names for source in sources_of(name, folder, config)]
    counts = Counter((source.name, source.split) for source in found)
    # Two folders may be called the same; their paths are not.
    return [
        source if counts[source.name, source.split] == 1 else replace(source, name=shown(str(source.about["path"])))
        for source in found
    ]


def sources_of(name: str, folder: Path, config: EvalConfig) -> list[Source]:
    """Return the splits of one dataset: a prepared file by name or path, or a raw folder."""
    path = prepared_path(name, folder)
    if isinstance(path, Url) or path.is_file() or path == Path(name):
        return [prepared_source(path, split, config) for split in config.split]
    if Path(name).is_dir():
        return folder_sources(Path(name), config)
    raise DatasetError(f"{name}: there is no {path} and no folder of this name; {advice(name, folder)}")


def prepared_path(name: str, folder: Path) -> Place:
    """Return where a prepared file is, given by its path, its address, or the name of its dataset."""
    if is_address(name):
        return place(name)
    return Path(name) if Path(name).suffix.lower() == ".h5" else folder / f"{ALIASES.get(name, name)}.h5"


def advice(name: str, folder: Path) -> str:
    """Say what to do about a dataset that is not there."""
    known = ALIASES.get(name, name) in DATASETS
    return f"run `handseg prepare {name}`" if known else f"give --datasets with {what_there_is(folder)}"


def what_there_is(folder: Path) -> str:
    """Name the prepared files of a folder."""
    found = ", ".join(shown(path.stem) for path in sorted(folder.glob("*.h5")))
    return f"one of those prepared in {folder} ({found})" if found else "one that `handseg prepare` has made"


def prepared_source(path: Place, split: str, config: EvalConfig) -> Source:
    """Return one split of a prepared file."""
    reader = reader_of(path, config.root)
    if not reader.has("mask"):
        raise DatasetError(f"{path}: has no masks to judge by; prepare it with --labels hand")
    places, about = split_of(reader, split)
    return Source(path.stem, split, spread(places, config.limit), PreparedPhotos(reader), about)


def split_of(reader: Reader, split: str) -> tuple[Sequence[int], dict[str, str | int]]:
    """Return which samples of a prepared file are in a split, and what tells anyone which split that is."""
    sizes = {name: len(reader.indices(name)) for name in PARTED}
    places = range(len(reader)) if split == "all" else reader.indices(split).tolist()
    if not places:
        there = ", ".join(f"{count} in {name}" for name, count in sizes.items() if count) or "all are in no split"
        raise DatasetError(f"{reader.path}: no photo is in its {split} split ({there}); give another --split, or all")
    header = reader.header
    about: dict[str, str | int] = {"path": str(reader.path), "parted_by": header.split, "seed": header.seed}
    about |= {"digest": header.digest, "labels": header.labels, "longest_side": header.size}
    return places, about | {"split": split, "split_photos": len(places)}


def folder_sources(path: Path, config: EvalConfig) -> list[Source]:
    """Return the splits of a raw folder, by the names of its folders; one whose folders name none is one split."""
    entries = list(Folder().find(path))
    if not any(entry.split for entry in entries):
        return [folder_source(path, entries, "all", config.limit)]
    return [folder_source(path, entries, split, config.limit) for split in config.split]


def folder_source(path: Path, entries: list[Entry], split: str, limit: int) -> Source:
    """Return one split of a raw folder."""
    chosen = [entry for entry in entries if split in ("all", entry.split)]
    if not chosen:
        raise DatasetError(f"{path}: none of its folders is a {split} split; give another --split, or all")
    about: dict[str, str | int] = {"path": str(path), "parted_by": "names of folders" if split != "all" else "nothing"}
    about |= {"split": split, "split_photos": len(chosen)}
    name = shown(path.resolve().name)
    return Source(name, split, spread(range(len(chosen)), limit), FolderPhotos(chosen), about)


def spread(places: Sequence[int], limit: int) -> Sequence[int]:
    """Choose at most `limit` places from all over the sequence; 0: all."""
    if not 0 < limit < len(places):
        return places
    return [places[round(at)] for at in np.linspace(0, len(places) - 1, limit)]
