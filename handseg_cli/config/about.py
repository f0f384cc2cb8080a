"""The commands that look at what is there: export, doctor and show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from handseg_cli.config.marks import Short


@dataclass(frozen=True)
class ExportConfig:
    """Write a checkpoint as an ONNX file.

    The file takes batches and photos of any size and carries its card. It is kept only if it says what the
    checkpoint says.
    """

    checkpoint: Annotated[Path, "The .safetensors file to read."]
    output: Annotated[Path, "The .onnx file to write."]


@dataclass(frozen=True)
class DoctorConfig:
    """Check this installation.

    Prints versions, devices, runtimes, the embedded weights with their hashes, and makes one mask for a test.
    Exits with 4 if something is broken.
    """

    json: Annotated[bool, "Print one JSON object in place of the report."] = False


@dataclass(frozen=True)
class ShowConfig:
    """List models, datasets, weights or runtimes, or tell what is in a prepared file.

    WHAT is one of these four words, or the path of an .h5 file that `handseg prepare` has written.
    """

    what: Annotated[str, "models, datasets, weights, runtimes, or the path of a prepared file."]
    sheet: Annotated[Path | None, "Draw photos of a prepared file with their labels, as a PNG.", Short("-s")] = None
    json: Annotated[bool, "Print one JSON object in place of the list."] = False
