"""What makes the pictures of a batch, in this process or in workers, which need no torch for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handseg_cli.loading.mix import Mix
from handseg_cli.loading.paste import Cutout
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.transforms import augment, bare, fitted
from handseg_cli.sample import Sample


class Arrays(NamedTuple):
    """The pictures of a batch: (B, 3, H, W) and (B, H, W), both uint8, and their keys."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    key: list[str]


@dataclass(frozen=True)
class Job:
    """One batch: samples by index, and either the seeds of their chance or which view of each."""

    indices: tuple[int, ...]
    seeds: tuple[tuple[int, ...], ...] = ()
    views: tuple[int, ...] = ()


@dataclass(frozen=True)
class Maker:
    """Makes the pictures of jobs; it goes to workers."""

    mix: Mix
    recipe: Recipe
    cutouts: tuple[Cutout, ...] = ()

    def __call__(self, job: Job) -> Arrays:
        """Make the pictures of a batch."""
        if job.seeds:
            pictures = [self.by_chance(index, seed) for index, seed in zip(job.indices, job.seeds, strict=True)]
        else:
            pictures = [self.fitted(index, view) for index, view in zip(job.indices, job.views, strict=True)]
        return Arrays(
            np.stack([np.ascontiguousarray(picture.image.transpose(2, 0, 1)) for picture in pictures]),
            np.stack([picture.mask for picture in pictures if picture.mask is not None]),
            [picture.key for picture in pictures],
        )

    def by_chance(self, index: int, seed: tuple[int, ...]) -> Sample:
        """Make a training picture."""
        return augment(bare(self.mix[index]), self.recipe, np.random.default_rng(seed), self.cutouts)

    def fitted(self, index: int, view: int) -> Sample:
        """Make a picture to validate with."""
        return fitted(bare(self.mix[index]), self.recipe, view)
