"""How training pictures are made of photos: `Recipe`, plain settings and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """Pictures of size x size pixels.

    "crop": the photo, scaled to about size x size pixels with its aspect kept, is cut. "squash": all of it is scaled
    to the square. "halves": its first or its last square, along the longer side, is scaled. "cut": a piece of it at its
    own scale, by chance. "hand": a window around one hand. "hand3d": the window of the third system, around the hand
    that more of the photo shows. "pair": that of the fourth system, around all hands of a photo.
    """

    size: int = 256
    fit: Literal["crop", "squash", "halves", "cut", "hand", "hand3d", "pair"] = "crop"
    augment: Literal["none", "light", "full"] = "full"
    cutouts: Path | None = None  # folder of photos and masks, of hands to paste where augment is "full"
    targets: tuple[str, ...] = ("mask",)  # what is told of a picture, by the names in `loading.targets`
    # What the third system disturbs: "hue" of the picture; "points", and "centre", "scale", "offset" of its window.
    noise: tuple[str, ...] = ()
    palm: bool = False  # has the middle of the palm in the wrist's place

    @property
    def shows_hands(self) -> bool:
        """Tell whether each picture is a square around hands, whatever the photo's shape."""
        return self.fit in ("hand", "hand3d", "pair")

    @property
    def views(self) -> int:
        """Return how many pictures show all of a photo that is judged: of a hand, itself and a place without one."""
        return 2 if self.fit == "halves" or (self.fit == "hand" and "hand" in self.targets) else 1
