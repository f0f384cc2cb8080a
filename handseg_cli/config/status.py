"""The status command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from handseg_cli.config.marks import Positional, Short, require
from handseg_cli.paths import Place


@dataclass(frozen=True)
class StatusConfig:
    """Tell from its manifests how far `handseg predict` has come: done, failed and why, missing, time left.

    MANIFEST is a file that --manifest has written, or a folder of them (*.jsonl), on a disk or in object storage. They
    may be of many shards, still grow, or be cut in the middle of a line.
    """

    manifests: Annotated[tuple[Place, ...], "Manifests, or folders of them.", Positional("MANIFEST")] = ()
    inputs: Annotated[
        tuple[Place, ...], "A photo or folder that is to be done, to tell what is missing; repeat it.", Short("-i")
    ] = ()
    recursive: Annotated[bool, "Go into folders within folders.", Short("-r")] = False
    files_from: Annotated[str | None, "Read paths that are to be done from this file, one a line; - is stdin."] = None
    files0_from: Annotated[str | None, "The same, paths ended by NUL as `find -print0` writes them."] = None
    json: Annotated[bool, "Print one JSON object in place of the report."] = False

    def __post_init__(self) -> None:
        require(bool(self.manifests), "no manifest: name files that `handseg predict --manifest FILE` has written")

    @property
    def knows_inputs(self) -> bool:
        """Tell whether it is said what is to be done."""
        return bool(self.inputs) or self.files_from is not None or self.files0_from is not None
