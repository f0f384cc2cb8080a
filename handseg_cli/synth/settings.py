"""What a rendered photo depends on: these settings, its number, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handseg_cli.config.synth import EngineName

VERSION = 1  # of the generator: to be raised whenever the same settings make other photos


@dataclass(frozen=True)
class SynthSettings:
    """What all photos of a run share; it goes to other processes."""

    seed: int
    styles: tuple[tuple[str, float], ...]  # names and weights
    size: tuple[int, int]  # (height, width)
    assets: Path | None = None  # None: hands of our own making
    backgrounds: Path | None = None  # photos
    cutouts: Path | None = None  # pairs of photo and mask
    engine: EngineName = "auto"
    pinhole: bool = False  # lenses bend no lines: for layouts that tell of a camera no more than its matrix


def rng_of(settings: SynthSettings, index: int) -> np.random.Generator:
    """Return what all chance in photo `index` comes from."""
    return np.random.default_rng([settings.seed, index])


def drawn_style(settings: SynthSettings, rng: np.random.Generator) -> str:
    """Choose the kind of a scene."""
    names, weights = zip(*settings.styles, strict=True)
    return str(rng.choice(names, p=np.array(weights) / sum(weights)))
