"""What one rendered photo becomes in a folder: files, and what the annotations of all photos will say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handseg_cli.io.files import busy, claim, explained
from handseg_cli.sample import Mask
from handseg_cli.synth.rendered import Rendered

Floats = NDArray[np.float32]
Note = dict[str, Any]  # fit for JSON


@dataclass(frozen=True)
class Place:
    """Where a photo stands among all."""

    index: int
    split: str
    number: int  # among those that train, or among those that do not

    @property
    def key(self) -> str:
        """Return what the photo is called."""
        return f"{self.index:06}"


class Laid(NamedTuple):
    """The files of one photo by their paths in the folder, and its note."""

    files: dict[str, bytes]
    note: Note


class Labels(NamedTuple):
    """What the sample of every rendered photo has."""

    mask: Mask
    parts: Mask
    joints: Floats  # (42, 3)
    points: Floats  # (42, 2)
    valid: NDArray[np.bool_]  # (42,)
    camera: Floats  # (3, 3)


def labels_of(rendered: Rendered) -> Labels:
    """Return what a rendered photo's sample tells."""
    sample = rendered.sample
    assert sample.mask is not None
    assert sample.parts is not None
    assert sample.joints is not None
    assert sample.points is not None
    assert sample.valid is not None
    assert sample.camera is not None
    return Labels(sample.mask, sample.parts, sample.joints, sample.points, sample.valid, sample.camera)


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file piece by piece, of which no more than one has to be in memory."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with claim(path) or busy(path) as mine:
        with explained(path), mine.file() as stream:
            stream.writelines(pieces)
        mine.finish()
