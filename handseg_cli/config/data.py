"""The commands that bring data: download and prepare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from handseg_cli.config.marks import Positional, Short, require

SplitName = Literal["group", "official", "seed"]


@dataclass(frozen=True)
class DownloadConfig:
    """Fetch datasets and unpack them.

    NAME is a dataset of `handseg show datasets`; without any: eyth, egohands, hof and gtea. Licence, citation and size
    are shown first. What was cut off goes on where it stopped, and what is there already is not fetched again.
    """

    names: Annotated[tuple[str, ...], "Datasets by name.", Positional("NAME")] = ()
    root: Annotated[Path | None, "Keep data in this folder, not in $HANDSEG_HOME or ~/.handseg."] = None
    from_file: Annotated[Path | None, "Take this archive, fetched by hand; fetch nothing.", Short("--from")] = None
    mirror: Annotated[str, "Look for each archive below this address first."] = ""
    yes: Annotated[bool, "Do not ask, as in cron.", Short("-y")] = False
    dry_run: Annotated[bool, "Only show what would be fetched, and from where.", Short("-n")] = False
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        require(self.from_file is None or len(self.names) == 1, "--from is for one archive: name its dataset")
        web = self.mirror.startswith(("https://", "http://"))
        require(
            not self.mirror or web, f"--mirror is {self.mirror!r}; it is an address such as https://example.org/data"
        )


@dataclass(frozen=True)
class PrepareConfig:
    """Turn raw datasets into one HDF5 file each, ready for training.

    NAME is a dataset of `handseg show datasets`, whose raw folder is where `handseg download` has put it, or --raw.
    For photos of your own: folder, coco, labelme, yolo or pairs, with --raw.
    """

    names: Annotated[tuple[str, ...], "Datasets by name.", Positional("NAME")] = ()
    raw: Annotated[Path | None, "The raw folder of the one dataset that is named."] = None
    root: Annotated[Path | None, "Where data are kept, in place of $HANDSEG_HOME or ~/.handseg."] = None
    output: Annotated[Path | None, "Write the .h5 files into this folder, not into prepared/.", Short("-o")] = None
    size: Annotated[int, "Scale photos so that the longer side has this many pixels at most; 0: leave them."] = 512
    labels: Annotated[str, "hand, hand+arm, sides or parts; else what the dataset has first."] = ""
    split: Annotated[SplitName, "Part them by person or video, as the dataset does, or as published code shuffled."] = (
        "group"
    )
    seed: Annotated[int, "Of the split."] = 1234
    workers: Annotated[int, "Processes that read; 0: as many as there are CPU cores."] = 0
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        require(bool(self.names), "no dataset: give a NAME of `handseg show datasets`")
        require(self.raw is None or len(self.names) == 1, "--raw is the folder of one dataset: name just that one")
        require(self.size == 0 or 32 <= self.size <= 8192, f"--size is {self.size}; it goes from 32 to 8192, or is 0")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")
