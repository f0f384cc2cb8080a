"""The samples of several prepared files, one after the other, and the order in which an epoch takes them.

A sample is a photo, or each hand of a photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handseg_cli.config.words import weighted
from handseg_cli.datasets.splits import drawn, whole_of
from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import SPLITS
from handseg_cli.io.far import reader_of
from handseg_cli.io.hdf5 import Reader
from handseg_cli.io.shapes import Size
from handseg_cli.loading.hands import dominant, one_hand, two_hands
from handseg_cli.paths import Place, Url, is_address, place
from handseg_cli.pose.skeleton import JOINTS, ORDERS, SIDES
from handseg_cli.registry import ALIASES
from handseg_cli.sample import Sample

ALL = "all"
LEAST_JOINTS = 10  # that are judged of a hand which is a sample of its own

Each = Literal["photo", "hand", "dominant", "pair"]


@dataclass(frozen=True)
class Part:
    """One prepared file, and how often an epoch takes each of its samples."""

    name: str
    path: Place
    weight: float = 1.0
    root: Path | None = None  # where data are kept, of a file in a store


def parts(names: Sequence[str], root: Path) -> list[Part]:
    """Find prepared files by NAME, PATH.h5 or address, each perhaps with =WEIGHT, names below `root`.

    DatasetError for one that is missing on this disk.
    """
    found = []
    for name, weight in weighted(names).items():
        known = ALIASES.get(name, name)
        if name.endswith(".h5") or is_address(name):
            path, advice = place(name), "give the path of a prepared file"
            part = Part(path.stem, path, weight, root if isinstance(path, Url) else None)
        else:
            part, advice = Part(known, root / "prepared" / f"{known}.h5", weight), f"run `handseg prepare {known}`"
        if isinstance(part.path, Path) and not part.path.exists():
            raise DatasetError(f"{part.path}: is not there; {advice}")
        found.append(part)
    return found


class Mix:
    """The samples of a split ("train", "val", "test", "all", or several as "train+test") of prepared files.

    A split may be one of the parts that `datasets.splits` draws, such as "minitrain".

    `each` photo is one or, with its 21 joints in RHD's order, each hand that has ten joints at least, or the dominant
    hand of each photo; a "pair" is a photo with the joints of both hands in InterHand2.6M's order. It goes to other
    processes.
    """

    def __init__(self, parts: Sequence[Part], split: str, each: Each = "photo") -> None:
        splits = split.split("+")
        if not {*map(whole_of, splits)} <= {*SPLITS[1:], ALL}:
            raise ValueError(f"{split!r} is no split")
        self.parts = tuple(parts)
        self.readers = tuple(reader_of(part.path, part.root) for part in parts)
        photos = [
            np.arange(len(reader), dtype=np.int64)
            if split == ALL
            else np.sort(np.concatenate([rows_of(reader, name) for name in splits]))
            for reader in self.readers
        ]
        self.each = each
        pairs = [hands_in(reader, rows, each) for reader, rows in zip(self.readers, photos, strict=True)]
        self.chosen = tuple(rows for rows, _ in pairs)
        self.numbers = tuple(numbers for _, numbers in pairs)
        self.starts = np.cumsum([0, *map(len, self.chosen)])
        if not len(self):
            paths = ", ".join(str(part.path) for part in parts) or "no file"
            what = "sample" if each == "photo" else f"hand of {LEAST_JOINTS} joints"
            raise DatasetError(f"{paths}: holds no {what} of the split {split}; prepare it with another --split")

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, index: int) -> Sample:
        """Decode a sample; its key begins with the name of its file."""
        at = self._file_of(index)
        place = index - self.starts[at]
        sample = self.readers[at][int(self.chosen[at][place])]
        sample = replace(sample, key=f"{self.parts[at].name}/{sample.key}")
        if self.each == "photo":
            return sample
        header = self.readers[at].header
        order = ORDERS[header.dataset]
        if self.each == "pair":
            return two_hands(sample, order)
        side = SIDES[order][self.numbers[at][place]]
        return one_hand(sample, order, side if self.each == "hand" else dominant(sample, order, header.classes))

    def expect(self, indices: Sequence[int]) -> None:
        """Learn which samples are read next: what lies far away is asked for at once."""
        rows: list[list[int]] = [[] for _ in self.readers]
        for index in indices:
            at = self._file_of(index)
            rows[at].append(int(self.chosen[at][index - self.starts[at]]))
        for reader, wanted in zip(self.readers, rows, strict=True):
            reader.expect(wanted)

    def classes(self, index: int) -> tuple[str, ...]:
        """Return what the numbers of a sample's parts stand for."""
        return self.readers[self._file_of(index)].header.classes

    def sizes(self) -> list[Size]:
        """Return the (height, width) of every sample."""
        pairs = zip(self.readers, self.chosen, strict=True)
        return [(int(height), int(width)) for reader, chosen in pairs for height, width in reader.sizes()[chosen]]

    def about(self) -> dict[str, dict[str, object]]:
        """Return what a model has to tell of the files that it learned from, by name."""
        return {
            part.name: {"weight": part.weight, "samples": len(chosen)}
            | {
                name: getattr(reader.header, name)
                for name in ("dataset", "labels", "split", "seed", "digest", "licence")
            }
            for part, reader, chosen in zip(self.parts, self.readers, self.chosen, strict=True)
        }

    @property
    def drawn(self) -> int:
        """Return how many samples an epoch takes."""
        return sum(whole * count + rest for whole, rest, count in self._shares())

    def order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Shuffle one epoch: (drawn,) indices, each sample `weight` times; of a fraction chance says which samples."""
        pieces = []
        for start, (whole, rest, count) in zip(self.starts[:-1], self._shares(), strict=True):
            pieces += [start + np.tile(np.arange(count), whole), start + rng.permutation(count)[:rest]]
        return rng.permutation(np.concatenate(pieces)).astype(np.int64)

    def _file_of(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return int(np.searchsorted(self.starts, index, side="right")) - 1

    def _shares(self) -> list[tuple[int, int, int]]:
        """Return for each file how often all of its samples are taken, how many once more, and how many it has."""
        shares = []
        for part, chosen in zip(self.parts, self.chosen, strict=True):
            whole, count = int(part.weight), len(chosen)
            rest = round((part.weight - whole) * count)
            # However small its weight, no file that was named is left out.
            shares.append((whole, rest if whole or rest else min(1, count), count))
        return shares


def rows_of(reader: Reader, split: str) -> NDArray[np.int64]:
    """Return which samples of a file are in a split, or in the part of one that is drawn."""
    rows = reader.indices(whole_of(split))
    return rows[drawn(split, len(rows))]


def hands_in(reader: Reader, rows: NDArray[np.int64], each: Each) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return in which of the samples `rows` of a file each sample of a mix is, and the number of its hand there."""
    if each == "photo":
        return rows, np.zeros_like(rows)
    if reader.header.dataset not in ORDERS:
        raise DatasetError(f"{reader.path}: tells of no joints whose order is known, as {', '.join(ORDERS)} do")
    counts = reader.valid(2 * JOINTS)[rows].reshape(-1, 2, JOINTS).sum(axis=2)
    # Which hand is dominant, only the photo itself tells.
    at, numbers = np.nonzero(counts >= LEAST_JOINTS if each == "hand" else counts.any(axis=1, keepdims=True))
    return rows[at], numbers.astype(np.int64)
