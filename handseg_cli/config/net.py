"""How a net is opened."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Literal

from handseg_cli.config.marks import Short, require

RuntimeName = Literal["auto", "onnx", "openvino", "torch"]
DeviceName = Literal["cpu", "cuda", "mps"]
Label = Literal["hand", "arm", "hand+arm"]
TaskName = Literal["hands", "pose", "hands3d"]

POSE_WEIGHTS = "handpose"  # the embedded net of joints; that of masks is the default of NetConfig


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Where a net runs, and how a mask is made of what it says."""

    runtime: Annotated[RuntimeName, "What runs it; auto: ONNX Runtime, or PyTorch for .safetensors and GPUs."] = "auto"
    device: Annotated[DeviceName, "Where the net runs. A device that is absent is an error, never the CPU."] = "cpu"
    half: Annotated[bool, "Compute in half precision, by --runtime openvino or torch."] = False
    size: Annotated[int, "Scale each photo to about SIZE x SIZE pixels for the net; 0: what the weights ask for."] = 0
    threshold: Annotated[float, "A pixel is a hand from this probability on, 0 to 1."] = 0.5
    min_area: Annotated[float, "Drop hands smaller than this fraction of the photo, 0 to 1."] = 0.0
    crf: Annotated[bool, "Pull the border to the photo's edges with a dense CRF (slower)."] = False
    tile: Annotated[bool, "Look at overlapping tiles too, for small hands in huge photos (slower)."] = False
    closer: Annotated[bool, "Look at small hands again, from near; let specks and doubts go. Not with --tile."] = True
    tta: Annotated[bool, "Average with the mirrored photo: a little better, half as fast."] = False

    def __post_init__(self) -> None:
        require(0 <= self.threshold <= 1, f"--threshold is {self.threshold}; it goes from 0 to 1")
        require(0 <= self.min_area <= 1, f"--min-area is {self.min_area}; it is a fraction of the photo, from 0 to 1")
        require(self.size == 0 or 32 <= self.size <= 4096, f"--size is {self.size}; it goes from 32 to 4096, or is 0")
        may_halve = self.runtime in ("openvino", "torch") or self.device != "cpu"
        require(not self.half or may_halve, "--half is for --runtime openvino or torch; ONNX Runtime has float32 only")

    def net(self, weights: str) -> NetConfig:
        """Return the settings of one net."""
        return NetConfig(weights, **{each.name: getattr(self, each.name) for each in fields(RunConfig)})


@dataclass(frozen=True)
class NetConfig(RunConfig):
    """What opening a net takes: which weights, where they run, and how a mask is made of what they say."""

    weights: Annotated[
        str, "Embedded weights by name, lite or fast, or the path of an .onnx or .safetensors file.", Short("--model")
    ] = "lite"
    label: Annotated[Label, "What is marked: hands, arms up to them, or both. Arms take weights that tell them."] = (
        field(default="hand", kw_only=True)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.weights), "--weights is empty; it takes a name or the path of a weights file")


def pose_weights(given: str) -> str:
    """Return the pose model that a command line names, the embedded one where it names none but the default."""
    return POSE_WEIGHTS if given == NetConfig.weights else given
