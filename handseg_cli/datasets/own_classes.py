"""Which classes in people's labels are hands, of which side, and how their layers become the masks of a sample."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Entry
from handseg_cli.datasets.polygons import rasterise
from handseg_cli.errors import DatasetError
from handseg_cli.paths import shown
from handseg_cli.sample import Image, Mask, Sample

Side = Literal["left", "right", ""]
Class = TypeVar("Class", bound=Hashable)

# Whole words: a handbag, a handle and a palm tree are no hands, and `no_hand` says so itself.
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
PART = re.compile(r"(?:my|your)?(left|right|l|r)?(hand|palm|finger|thumb)?s?(left|right|l|r)?")
OTHERS = frozenset(("no", "non", "not", "without", "object", "objects", "obj", "held", "bag", "towel", "tool", "tree"))
FARTHEST = 1e7  # pixels
CODES: dict[Side, int] = {"left": 1, "right": 2, "": 3}


def is_hand(name: str) -> bool:
    """Tell whether the name of a class is that of hands: `hand`, `LeftHand`, `index finger`, `my right`."""
    words = [word.lower() for word in WORD.findall(name)]
    parts = [PART.fullmatch(word) for word in words]
    if OTHERS & set(words):
        return False
    return any(part and part[2] for part in parts) or (all(parts) and side_of(name) != "")


def side_of(name: str) -> Side:
    """Return the side that the name of a class tells; "" for none, or for both."""
    parts = [PART.fullmatch(word.lower()) for word in WORD.findall(name)]
    letters = {(part[group] or "")[:1] for part in parts if part for group in (1, 3)} - {""}
    return "" if len(letters) != 1 else "left" if letters == {"l"} else "right"


def hand_classes(names: Mapping[Class, str], where: str) -> dict[Class, Side]:
    """Return the classes that are hands with their sides; a class that is alone is one whatever its name."""
    hands = {key: side_of(name) for key, name in names.items() if len(names) == 1 or is_hand(name)}
    if names and not hands:
        listed = shown(", ".join(sorted(set(names.values()))))[:200]
        raise DatasetError(f"{where}: none of its classes ({listed}) is named after hands; rename one to hand")
    return hands


def are_places(points: NDArray[Any]) -> bool:
    """Tell whether all coordinates are numbers that a photo, or a slip of the pen, may have."""
    return bool((np.abs(points) < FARTHEST).all())  # NaN is less than nothing


def filled(outlines: Iterable[tuple[Side, NDArray[Any]]], size: tuple[int, int]) -> Iterator[tuple[Side, Mask]]:
    """Fill (N, 2) outlines in pixels, each with a side, into one (height, width) layer a side."""
    sides: dict[Side, list[NDArray[Any]]] = {}
    for side, points in outlines:
        sides.setdefault(side, []).append(points)
    for side, polygons in sides.items():
        yield side, rasterise(polygons, size)


def labelled(entry: Entry, image: Image, layers: Iterable[tuple[Side, Mask]]) -> Sample:
    """Make a sample of its photo and the (H, W) uint8 layers of its hands, each with a side.

    A hand of unknown side counts as undecided among others; where no side is known at all there are no sides.
    """
    codes = np.zeros(image.shape[:2], np.uint8)
    met = set()
    for side, layer in layers:
        np.bitwise_or(codes, CODES[side], out=codes, where=layer > 0)
        met.add(side)
    hands = "both" if {"left", "right"} <= met else "".join(met) if len(met) == 1 else ""
    mask = np.where(codes > 0, np.uint8(255), np.uint8(0))
    sides = None if met == {""} else codes
    return Sample(entry.key, image, mask, sides, hands=hands, group=entry.group, split=entry.split)
