"""What makes the pictures of a batch, in this process or in workers, which need no torch for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handseg_cli.loading.hands import palm_first
from handseg_cli.loading.mix import Mix
from handseg_cli.loading.paste import Cutout
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS, bare
from handseg_cli.loading.transforms import augment, fitted
from handseg_cli.sample import Sample


class Arrays(NamedTuple):
    """The pictures of a batch, (B, 3, H, W) uint8, what is told of them, such as "mask" (B, H, W), and their keys."""

    image: NDArray[np.uint8]
    targets: dict[str, NDArray[Any]]
    key: list[str]


@dataclass(frozen=True)
class Job:
    """One batch: samples by index, and either the seeds of their chance or which view of each.

    `later` are the samples of the batch that the same process makes next.
    """

    indices: tuple[int, ...]
    seeds: tuple[tuple[int, ...], ...] = ()
    views: tuple[int, ...] = ()
    later: tuple[int, ...] = ()


@dataclass(frozen=True)
class Maker:
    """Makes the pictures of jobs; it goes to workers."""

    mix: Mix
    recipe: Recipe
    cutouts: tuple[Cutout, ...] = ()

    def __call__(self, job: Job) -> Arrays:
        """Make the pictures of a batch, while what those of the next one take is on its way."""
        self.mix.expect(job.indices + job.later)
        if job.seeds:
            pictures = [self.by_chance(index, seed) for index, seed in zip(job.indices, job.seeds, strict=True)]
        else:
            pictures = [self.fitted(index, view) for index, view in zip(job.indices, job.views, strict=True)]
        return Arrays(
            np.stack([np.ascontiguousarray(picture.image.transpose(2, 0, 1)) for picture in pictures]),
            {name: np.stack([TARGETS[name].array(picture) for picture in pictures]) for name in self.recipe.targets},
            [picture.key for picture in pictures],
        )

    def by_chance(self, index: int, seed: tuple[int, ...]) -> Sample:
        """Make a training picture."""
        return augment(self.read(index), self.recipe, np.random.default_rng(seed), self.cutouts)

    def fitted(self, index: int, view: int) -> Sample:
        """Make a picture to validate with."""
        return fitted(self.read(index), self.recipe, view)

    def read(self, index: int) -> Sample:
        """Read a sample with what is to be told of it."""
        sample = bare(self.mix[index], self.recipe.targets, self.mix.classes(index))
        return palm_first(sample) if self.recipe.palm else sample
