"""How training pictures are made of photos: `Recipe`, plain settings and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """Pictures of size x size pixels.

    "crop": the photo, scaled to about size x size pixels with its aspect kept, is cut. "squash": all of it is scaled
    to the square. "halves": its first or its last square, along the longer side, is scaled.
    """

    size: int = 256
    fit: Literal["crop", "squash", "halves"] = "crop"
    augment: Literal["none", "light", "full"] = "full"
    cutouts: Path | None = None  # folder of photos and masks, of hands to paste where augment is "full"

    @property
    def views(self) -> int:
        """Return how many pictures show all of a photo that is judged."""
        return 2 if self.fit == "halves" else 1
