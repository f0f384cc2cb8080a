"""The eval command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from handseg_cli.config.marks import Positional, Short, check_addresses, require
from handseg_cli.config.net import RunConfig, TaskName
from handseg_cli.config.words import names
from handseg_cli.paths import is_address

JudgedSplit = Literal["train", "val", "test", "all"]
Protocol = Literal["photo", "seed"]
Given = Literal["photo", "hands"]


@dataclass(frozen=True, kw_only=True)
class EvalConfig(RunConfig):
    """Measure how good hand masks are, or with --task pose or hands3d the joints of hands.

    MODEL is an embedded one by name, an .onnx or .safetensors file, or a folder of finished masks (KEY.png or
    image.jpg.png, in the tree of the photos). Several are compared; without any, lite is measured.
    Of joints it is a pose model or one of two hands, as in `handseg predict --task pose` and `--task hands3d`.
    """

    models: Annotated[tuple[str, ...], "Names, weights files, or folders of masks.", Positional("MODEL")] = ("lite",)
    datasets: Annotated[
        tuple[str, ...],
        "Prepared datasets by name, .h5 file or address as s3://bucket/a.h5, or folders of photos and masks.",
        Short("-d"),
    ] = ()
    allow_http: Annotated[bool, "Read them from http:// and https:// addresses, never of private networks."] = False
    task: Annotated[TaskName, "What is measured: masks, or joints of each hand, or of two, on prepared files."] = (
        "hands"
    )
    given: Annotated[Given, "For --task pose, hands3d: hands have to be found, or true ones are shown."] = "photo"
    finder: Annotated[str, "For --task pose, hands3d: which net finds the hands; lite, or the pose model's own."] = ""
    split: Annotated[tuple[JudgedSplit, ...], "Which photos of them; repeat the option for several."] = ("test",)
    root: Annotated[Path | None, "Where data are kept, in place of $HANDSEG_HOME or ~/.handseg."] = None
    protocol: Annotated[
        Protocol, "Compare masks at the size of the stored photo, or squashed as the first system did."
    ] = "photo"
    json: Annotated[Path | None, "Write all figures, down to each photo, into this file."] = None
    html: Annotated[Path | None, "Write a report with charts and pictures, one page to be opened anywhere."] = None
    masks: Annotated[Path | None, "Keep the masks, as DIR/MODEL/DATASET/KEY.png."] = None
    limit: Annotated[int, "Judge only so many photos of each split, from all over it; 0: all."] = 0
    workers: Annotated[int, "Photos in work at a time; 0: two more than there are CPU cores."] = 0
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.models) and all(self.models), "MODEL is empty; it takes a name, a weights file or a folder")
        require(len(set(self.models)) == len(self.models), "the same MODEL is given twice")
        require(len(set(self.dataset_names)) == len(self.dataset_names), "--datasets names the same twice")
        check_addresses(self.dataset_names, self.allow_http)
        require(bool(self.split), "--split is empty; give train, val, test or all")
        require(len(set(self.split)) == len(self.split), "--split names the same twice")
        squared = self.protocol == "seed"
        require(not (squared and self.min_area), "--min-area is of whole photos; leave it out with --protocol seed")
        masks = self.task == "hands"
        plain = self.given == "photo" and not self.finder
        require(not masks or plain, "--given and --finder are for --task pose and hands3d")
        has_none = f"--task {self.task} has no masks; leave out --protocol seed and --masks"
        require(masks or not (squared or self.masks), has_none)
        require(self.given == "photo" or not self.finder, "--given hands finds none; leave out --finder")
        require(self.limit >= 0, f"--limit is {self.limit}; it is 0 or more")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")

    @property
    def is_remote(self) -> bool:
        """Tell whether any dataset is in a store."""
        return any(map(is_address, self.dataset_names))

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Return the datasets, of which one option may name several with commas between."""
        return names(self.datasets)
