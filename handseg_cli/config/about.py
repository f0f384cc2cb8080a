"""The commands that look at what is there: export, doctor and show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from handseg_cli.config.marks import Short, require


@dataclass(frozen=True)
class ExportConfig:
    """Write a checkpoint in another format, by the suffix of OUTPUT.

    .onnx and .xml (OpenVINO, with a .bin beside it) take batches and photos of any size and carry the checkpoint's
    card; they are kept only if they say what the checkpoint says. .safetensors is what handseg trains and keeps.

    CHECKPOINT is such a .safetensors file, or another system's .ckpt, .pth or .pt of a DeepLabV3-ResNet50, as
    torchvision has it, or of a U-Net that interpolates. Nothing in it is ever run.
    """

    checkpoint: Annotated[Path, "The checkpoint to read."]
    output: Annotated[Path, "The .onnx, .safetensors or .xml file to write."]
    half: Annotated[bool, "Keep the weights of a .safetensors file in half precision: half the bytes."] = False

    def __post_init__(self) -> None:
        of_ours = self.output.suffix.lower() == ".safetensors"
        require(of_ours or not self.half, f"{self.output}: --half is for .safetensors files")
        known = self.output.suffix.lower() in (".onnx", ".safetensors", ".xml")
        require(known, f"{self.output}: name a file that ends in .onnx, .safetensors or .xml")


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
    augmented: Annotated[bool, "On the sheet, draw a few photos as training alters them, step by step."] = False
    cutouts: Annotated[Path | None, "With --augmented: paste hands of this folder of pairs, hand and mask."] = None
    json: Annotated[bool, "Print one JSON object in place of the list."] = False

    def __post_init__(self) -> None:
        require(self.sheet is not None or not self.augmented, "--augmented is for the --sheet; say where to write that")
        require(self.augmented or self.cutouts is None, "--cutouts are pasted with --augmented alone")
