"""Batches for training and validation, the same bytes whatever the number of processes that make them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import groupby, islice, product
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handseg_cli.errors import DatasetError
from handseg_cli.loading.crew import Crew
from handseg_cli.loading.cutouts import read_cutouts
from handseg_cli.loading.framing import shape_of
from handseg_cli.loading.mix import Mix
from handseg_cli.loading.pictures import Arrays, Job, Maker
from handseg_cli.loading.recipe import Recipe

T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """Pictures (B, 3, H, W) uint8 RGB, what is told of them by the names in `loading.targets`, and "file/key" of each.

    Of photos, "mask" is among them: (B, H, W) uint8, 0 background, 1 hand, 255 not judged. Of hands, "points" and
    "judged".
    """

    image: Tensor
    targets: dict[str, Tensor]
    key: list[str]


class Feed:
    """Batches of a mix for one of several processes (`rank` of `ranks`) that share its samples.

    `workers` processes make them; 0: this one.
    """

    def __init__(
        self, mix: Mix, recipe: Recipe, *, batch: int, seed: int, workers: int, rank: int = 0, ranks: int = 1
    ) -> None:
        if mix.drawn < ranks:
            raise DatasetError(f"an epoch has {mix.drawn} samples for {ranks} processes; train with fewer of these")
        cutouts = read_cutouts(recipe.cutouts) if recipe.cutouts and recipe.augment == "full" else ()
        self.maker = Maker(mix, recipe, cutouts)
        self.crew = Crew(self.maker, workers) if workers else None
        self.batch, self.seed, self.rank, self.ranks = batch, seed, rank, ranks

    def __len__(self) -> int:
        """Return how many batches an epoch has, for each rank."""
        return max(1, self.maker.mix.drawn // (self.batch * self.ranks))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the training batches of an epoch from number `start` on; what does not fill one is left out.

        Each sample has its own chance, of the seed, the epoch and its place in it.
        """
        # Of four numbers, so that the order shares its chance with no sample: three are as four with a 0.
        order = self.maker.mix.order(np.random.default_rng([self.seed, epoch, 0, 1]))
        jobs = []
        for first in range(
            start * self.batch * self.ranks, len(self) * self.batch * self.ranks, self.batch * self.ranks
        ):
            places = range(first, min(first + self.batch * self.ranks, len(order)))[self.rank :: self.ranks]
            seeds = tuple((self.seed, epoch, place) for place in places)
            jobs.append(Job(tuple(int(order[place]) for place in places), seeds))
        return self._made(jobs)

    def once(self) -> Iterator[Batch]:
        """Yield every sample of the split once and without chance, those of this rank; batches may be short.

        The pictures of a batch have one size, so those of one size come together. All views are yielded.
        """
        mix, recipe = self.maker.mix, self.maker.recipe
        shapes = [shape_of(size, recipe) for size in mix.sizes()]
        ordered = sorted(product(range(len(mix)), range(recipe.views)), key=lambda each: shapes[each[0]])
        jobs = []
        for _, alike in groupby(ordered[self.rank :: self.ranks], key=lambda each: shapes[each[0]]):
            for chunk in batched(alike, self.batch):
                jobs.append(Job(tuple(index for index, _ in chunk), views=tuple(view for _, view in chunk)))
        return self._made(jobs)

    def _made(self, jobs: Sequence[Job]) -> Iterator[Batch]:
        stride = self.crew.count if self.crew else 1
        told = [
            replace(job, later=jobs[number + stride].indices) if number + stride < len(jobs) else job
            for number, job in enumerate(jobs)
        ]
        if self.crew is None:
            yield from map(batch_of, map(self.maker, told))
        else:
            yield from ahead(self.crew.run(told))


def ahead(made: Generator[Arrays, None, None]) -> Iterator[Batch]:
    """Fetch the next batch from its worker while the one before it is trained on."""

    def fetch() -> Batch | None:
        arrays = next(made, None)
        return None if arrays is None else batch_of(arrays)

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(fetch)
        try:
            while (batch := coming.result()) is not None:
                coming = thread.submit(fetch)
                yield batch
        finally:
            wait([coming])
            made.close()


def batched(items: Iterator[T], count: int) -> Iterator[tuple[T, ...]]:
    """Cut items into tuples of so many, the last one perhaps shorter."""
    while chunk := tuple(islice(items, count)):
        yield chunk


def batch_of(arrays: Arrays) -> Batch:
    """Turn arrays into the tensors of a batch, which a GPU can fetch by itself where there is one."""
    targets = {name: fetchable(array) for name, array in arrays.targets.items()}
    return Batch(fetchable(arrays.image), targets, arrays.key)


def fetchable(array: NDArray[Any]) -> Tensor:
    """Turn an array into a tensor, pinned where there is a GPU."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory() if torch.cuda.is_available() else tensor
