"""Which samples train, which choose and which judge: by group, as the dataset says, or as the first system shuffled."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.dataset import Entry
from handseg_cli.errors import DatasetError

How = Literal["group", "official", "seed"]
Indices = NDArray[np.int64]

SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}
SEED = 1234  # of the first system, by which its figures can be compared

# Parts of splits for quick trials, those of the fourth system: how many samples, or which share.
DRAWN: dict[str, dict[str, int | float]] = {
    "mini": {"train": 1000, "val": 1000, "test": 1000},
    "small": {"train": 0.1, "val": 0.25, "test": 0.25},
    "tiny": {"train": 0.05},
}

# Splits of many groups are even by themselves; where one group outweighs all others, no number of moves would help.
MOST_MOVES = 20


def split(entries: Sequence[Entry], how: How, seed: int = SEED) -> list[str]:
    """Name the split of each entry: "train", "val" or "test"."""
    if how == "official":
        return [_official(entry) for entry in entries]
    if how == "seed":
        return _by_seed(len(entries), seed)
    # A photo that belongs to no group is a group of its own.
    groups = [entry.group or entry.key for entry in entries]
    chosen = split_groups(Counter(groups), seed)
    return [chosen[group] for group in groups]


def split_of_group(group: str, seed: int = SEED) -> str:
    """Name the split of a group by nothing but its name: others that come or go never move it."""
    place = _place(group, seed)
    return "train" if place < SHARES["train"] else "val" if place < 1 - SHARES["test"] else "test"


def split_groups(sizes: dict[str, int], seed: int = SEED) -> dict[str, str]:
    """Name the split of each group, given its number of samples, so that no split is left (almost) empty.

    Groups stay where `split_of_group` has them, unless a split has less than half of its share: few or very unequal
    groups. Then whole groups move to it for as long as that helps.
    """
    chosen = {group: split_of_group(group, seed) for group in sizes}
    for _ in range(MOST_MOVES):
        moved = _improved(chosen, sizes, seed)
        if moved is None:
            break
        chosen = moved
    return chosen


def seed_indices(count: int, seed: int = SEED, *, overlap: bool = False) -> tuple[Indices, Indices, Indices]:
    """Shuffle 0..count-1 as the first system did and cut it into train, val and test.

    Its sizes are rounded one by one, so that val and test may share a sample: with `overlap` they do, as published;
    without, test is what is left over.
    """
    order = np.arange(count)
    np.random.RandomState(seed).shuffle(order)
    # NumPy rounds halves to the even number, which decides at counts such as 1782.5.
    train, val, test = (int(np.round(share * count)) for share in SHARES.values())
    return order[:train], order[train : train + val], order[count - test if overlap else train + val :]


def whole_of(split: str) -> str:
    """Return the split that a name such as "minitrain" is a part of; that of a whole one is its own."""
    return next((split.removeprefix(part) for part in DRAWN if split.removeprefix(part) in DRAWN[part]), split)


def drawn(split: str, count: int) -> Indices:
    """Draw which of the samples of a split, of which there are so many, are in the part of it that a name stands for.

    Python's own chance draws them, seeded and once asked before, as the fourth system does it: its photos are the same
    where their order is. The name of a whole split draws all.
    """
    whole = whole_of(split)
    if whole == split:
        return np.arange(count)
    share = DRAWN[split.removesuffix(whole)][whole]
    chance = random.Random(1)
    chance.randint(0, 100)
    number = min(count, share if isinstance(share, int) else max(1, int(share * count)))
    return np.sort(np.array(chance.sample(range(count), number), np.int64))


def _by_seed(count: int, seed: int) -> list[str]:
    names = np.empty(count, dtype=object)
    for name, indices in zip(SHARES, seed_indices(count, seed), strict=True):
        names[indices] = name
    return [str(name) for name in names]


def _official(entry: Entry) -> str:
    if entry.split not in SHARES:
        raise DatasetError(f"{entry.key}: its dataset names no official split for it; split by group or by seed")
    return entry.split


def _place(group: str, seed: int) -> float:
    """Give a group its place in 0..1: the same on every machine, and unrelated to its neighbours'."""
    digest = hashlib.blake2b(f"{seed}\n{group}".encode(errors="surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def _fills(chosen: dict[str, str], sizes: dict[str, int]) -> dict[str, float]:
    """Tell how full each split is, 1 for exactly its share of the samples."""
    counts = dict.fromkeys(SHARES, 0)
    for group, name in chosen.items():
        counts[name] += sizes[group]
    total = max(sum(counts.values()), 1)
    return {name: counts[name] / (SHARES[name] * total) for name in SHARES}


def _improved(chosen: dict[str, str], sizes: dict[str, int], seed: int) -> dict[str, str] | None:
    """Move the one group that helps the emptiest split most; None where all is well or no move helps."""
    fills = _fills(chosen, sizes)
    poor = min(fills, key=lambda name: fills[name])
    holders = Counter(chosen.values())
    if fills[poor] >= 0.5 or len(chosen) < len(SHARES):
        return None
    total = sum(sizes.values())
    # The last group of a split stays: there are always as many groups as splits.
    movable = [group for group, name in chosen.items() if name != poor and holders[name] > 1]

    def worst_after(group: str) -> float:
        giver = chosen[group]
        left = fills[giver] - sizes[group] / (SHARES[giver] * total)
        return min(left, fills[poor] + sizes[group] / (SHARES[poor] * total))

    if not movable:
        return None
    best = max(movable, key=lambda group: (worst_after(group), -_place(group, seed)))
    return {**chosen, best: poor} if worst_after(best) > fills[poor] else None
