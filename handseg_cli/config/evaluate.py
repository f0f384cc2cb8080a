"""The eval command."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from handseg_cli.config.marks import Positional, Short, require
from handseg_cli.config.net import NetConfig, RunConfig
from handseg_cli.config.words import names

JudgedSplit = Literal["train", "val", "test", "all"]
Protocol = Literal["photo", "seed"]


@dataclass(frozen=True, kw_only=True)
class EvalConfig(RunConfig):
    """Measure how good hand masks are.

    MODEL is an embedded one by name, an .onnx or .safetensors file, or a folder of finished masks (KEY.png or
    image.jpg.png, in the tree of the photos). Several are compared; without any, lite is measured.
    """

    models: Annotated[tuple[str, ...], "Names, weights files, or folders of masks.", Positional("MODEL")] = ("lite",)
    datasets: Annotated[
        tuple[str, ...], "Prepared datasets by name or .h5 file, or folders of photos and masks.", Short("-d")
    ] = ()
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
        require(bool(self.split), "--split is empty; give train, val, test or all")
        require(len(set(self.split)) == len(self.split), "--split names the same twice")
        squared = self.protocol == "seed"
        require(not (squared and self.min_area), "--min-area is of whole photos; leave it out with --protocol seed")
        require(self.limit >= 0, f"--limit is {self.limit}; it is 0 or more")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Return the datasets, of which one option may name several with commas between."""
        return names(self.datasets)

    def net(self, weights: str) -> NetConfig:
        """Return the settings of one net."""
        return NetConfig(weights, **{field.name: getattr(self, field.name) for field in fields(RunConfig)})
