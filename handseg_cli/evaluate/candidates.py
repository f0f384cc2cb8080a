"""Who is judged: nets, and folders of masks that something else has made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from PIL import Image as Pillow

from handseg_cli.config import EvalConfig
from handseg_cli.datasets.own import below
from handseg_cli.datasets.own_masks import read_mask
from handseg_cli.errors import DatasetError
from handseg_cli.evaluate.sources import Shot
from handseg_cli.io.images import Photo
from handseg_cli.predict.predictor import GPU_BATCH, Predictor, open_predictor
from handseg_cli.registry import WEIGHTS
from handseg_cli.sample import Image, Mask
from handseg_cli.tasks.decode import binary

SEED_SIDE = 256  # pixels, of the first system's squares
ASPECT = 1.02  # how far the shape of a finished mask may be from its photo's: both were rounded


@dataclass(frozen=True)
class Found:
    """What a candidate says of a photo: mask and probability of the truth's size, and how long its net took."""

    mask: Mask
    probability: Mask
    seconds: float


class Candidate(Protocol):
    """One that is judged; may be called from several threads at once."""

    name: str
    about: dict[str, str]
    batch: int  # photos to be given at once
    pixels: int | None  # of a photo that are looked at; None: all

    def predict(self, shots: Sequence[Shot]) -> list[Found]:
        """Find the hands; ImageError or DatasetError where that cannot be."""
        ...


class NetCandidate:
    """A net. The shots of the first system are squares, and a net that squashes sees just these squares."""

    def __init__(self, name: str, given: str, config: EvalConfig) -> None:
        self.predictor, weights = open_predictor(config.net(given), hands=False)
        self.name = name
        self.about = {"given": given, "sha256": weights.sha256}
        self.batch = 1 if config.device == "cpu" else GPU_BATCH
        self.squares = config.protocol == "seed"
        # The first system scaled whole photos, not what a decoder had reduced.
        self.pixels = None if self.squares or self.predictor.needs_full else self.predictor.pixels

    def predict(self, shots: Sequence[Shot]) -> list[Found]:
        """Find the hands as `handseg predict` does."""
        photos = [seed_photo(shot.photo, self.predictor) if self.squares else shot.photo for shot in shots]
        predictions = self.predictor.segment(photos)
        found = []
        for prediction, shot in zip(predictions, shots, strict=True):
            mask, probability = prediction.mask, prediction.probability
            if mask.shape != shot.truth.shape:
                probability = shrunk(probability, shot.truth.shape)
                mask = binary(probability, self.predictor.threshold)
            found.append(Found(mask, probability, prediction.seconds["net"]))
        return found


class MaskCandidate:
    """A folder of finished masks."""

    batch = 1
    pixels: int | None = 1  # nothing but the size of a photo counts

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.about = {"given": str(folder)}

    def predict(self, shots: Sequence[Shot]) -> list[Found]:
        """Read the masks."""
        return [self._read(shot) for shot in shots]

    def _read(self, shot: Shot) -> Found:
        names = [f"{name}{suffix}" for name in shot.names for suffix in (".png", ".jpg.png")]
        paths = (below(self.folder, self.folder, name) for name in names)
        path = next((path for path in paths if path is not None and path.is_file()), None)
        if path is None:
            raise DatasetError(f"{self.folder}: has no mask of {shot.key}; it would be {names[0]}")
        mask = read_mask(path)
        stretch = (mask.shape[0] / mask.shape[1]) / (shot.photo.size[0] / shot.photo.size[1])
        if not 1 / ASPECT < stretch < ASPECT:
            raise DatasetError(f"{path}: has not the shape of its photo; make it again")
        if mask.shape != shot.truth.shape:
            mask = binary(shrunk(mask, shot.truth.shape), 0.5)
        return Found(mask, mask, float("nan"))


def open_candidates(config: EvalConfig) -> list[Candidate]:
    """Open everything that is to be judged."""
    named = zip(names_of(config.models), config.models, strict=True)
    return [open_candidate(name, given, config) for name, given in named]


def open_candidate(name: str, given: str, config: EvalConfig) -> Candidate:
    """Open a folder of masks, or a net."""
    if given not in WEIGHTS and Path(given).is_dir():
        return MaskCandidate(name, Path(given))
    return NetCandidate(name, given, config)


def names_of(models: Sequence[str]) -> list[str]:
    """Return short names of models, or long ones where these are alike."""
    short = [short_name(model) for model in models]
    return [name if short.count(name) == 1 else model for name, model in zip(short, models, strict=True)]


def short_name(given: str) -> str:
    """Name a model by the last two parts of its path: the weights files of all runs are called the same."""
    path = Path(given)
    if given in WEIGHTS:
        return given
    return path.name or given if path.is_dir() else f"{path.parent.name}/{path.stem}".removeprefix("/")


def seed_shot(shot: Shot) -> Shot:
    """Squash the truth as the first system did: linearly to a square, then all that is not 0 is hand."""
    square = Pillow.fromarray(shot.truth).resize((SEED_SIDE, SEED_SIDE), Pillow.Resampling.BILINEAR)
    truth = (np.asarray(square) > 0).astype(np.uint8) * np.uint8(255)
    return Shot(shot.key, shot.group, shot.names, shot.photo, truth)


def seed_photo(photo: Photo, predictor: Predictor) -> Photo:
    """Squash a photo as the first system did, for nets that squash; others see it as they always do."""
    if predictor.fit != "squash":
        return photo
    square = Pillow.fromarray(photo.image).resize((predictor.size, predictor.size), Pillow.Resampling.BILINEAR)
    return Photo(np.asarray(square, dtype=np.uint8), (SEED_SIDE, SEED_SIDE))


def shrunk(picture: Mask | Image, size: tuple[int, ...]) -> Mask:
    """Resize to (h, w) by areas."""
    return np.asarray(cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_AREA), dtype=np.uint8)
