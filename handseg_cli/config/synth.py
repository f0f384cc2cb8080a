"""The command that makes data: synth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from handseg_cli.config.marks import Short, require
from handseg_cli.config.words import weighted

Style = Literal["ego", "third-person", "over-face", "two-hands", "object", "sign"]
LayoutName = Literal["prepared", "rhd", "interhand", "files"]
EngineName = Literal["auto", "gl", "numpy"]
RenderedLabels = Literal["parts", "sides", "hand", "hand+arm"]

STYLES: tuple[Style, ...] = get_args(Style)
SPLIT_NAMES = ("train", "val", "test")
MOST_OF_RHD = 100_000  # photos, beyond which its annotations are larger than readers take


@dataclass(frozen=True)
class SynthConfig:
    """Render photos of hands of which all is known: masks, parts, depth, joints.

    OUT is the prepared file to write, or the folder of another --layout. Photo 7 of a seed is always the same, however
    many are made, and by however many processes.
    """

    out: Annotated[Path, "The file or folder to write."]
    count: Annotated[int, "How many photos to make."] = 1000
    seed: Annotated[int, "Another seed makes other photos."] = 0
    style: Annotated[
        tuple[str, ...],
        f"Kinds of scenes, each NAME or NAME=WEIGHT: {', '.join(STYLES)}. All alike, unless some are named.",
    ] = ()
    size: Annotated[int, "Pixels of a side of the photos."] = 320
    layout: Annotated[LayoutName, "A prepared file, the folders of RHD or InterHand2.6M, or files to look at."] = (
        "prepared"
    )
    labels: Annotated[RenderedLabels, "What a prepared file tells beside joints; parts: all, and depth."] = "parts"
    split: Annotated[tuple[str, ...], "How photos are parted, each NAME=SHARE: train, val, test."] = (
        "train=0.9",
        "val=0.05",
        "test=0.05",
    )
    assets: Annotated[Path | None, "Bodies, skins and light; else what `handseg download assets` has fetched."] = None
    backgrounds: Annotated[Path | None, "Photos without hands to put behind some scenes."] = None
    cutouts: Annotated[Path | None, "Real hands for some scenes: images/ and masks/ of the same names."] = None
    engine: Annotated[
        EngineName, "What draws: OpenGL without a screen (EGL), or numpy; auto: the first that works."
    ] = "auto"
    workers: Annotated[int, "Processes that render; 0: as many as there are CPU cores."] = 0
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        require(1 <= self.count <= 10_000_000, f"--count is {self.count}; it goes from 1 to 10,000,000")
        require(0 <= self.seed < 1 << 63, f"--seed is {self.seed}; it is 0 or more")
        require(32 <= self.size <= 2048, f"--size is {self.size}; it goes from 32 to 2048")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")
        for option, given, known in (("style", self.styles, STYLES), ("split", self.shares, SPLIT_NAMES)):
            unknown = ", ".join(given.keys() - {*known})
            require(bool(given) and not unknown, f"--{option} {unknown or 'is empty'}: there are {', '.join(known)}")
        few = self.layout != "rhd" or self.count <= MOST_OF_RHD
        require(few, f"--layout rhd takes {MOST_OF_RHD:,} photos at most; make several, each with a --seed of its own")
        folder = self.layout == "prepared" or self.out.suffix.lower() != ".h5"
        require(folder, f"{self.out}: --layout {self.layout} writes a folder; name one")
        require(bool(self.out.name), f"{self.out}: name the file or folder to write")
        whole = self.layout == "prepared" or self.labels == "parts"
        require(whole, f"--labels chooses what a prepared file tells; --layout {self.layout} tells all")

    @property
    def styles(self) -> dict[str, float]:
        """Return the weight of each kind of scene."""
        return weighted(self.style) or dict.fromkeys(STYLES, 1.0)

    @property
    def shares(self) -> dict[str, float]:
        """Return the share of each split, of what all of them are together."""
        return weighted(self.split)
