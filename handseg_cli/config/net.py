"""How a net is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from handseg_cli.config.marks import Short, require

RuntimeName = Literal["auto", "onnx", "openvino", "torch"]
DeviceName = Literal["cpu", "cuda", "mps"]


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
    tta: Annotated[bool, "Average with the mirrored photo: a little better, half as fast."] = False

    def __post_init__(self) -> None:
        require(0 <= self.threshold <= 1, f"--threshold is {self.threshold}; it goes from 0 to 1")
        require(0 <= self.min_area <= 1, f"--min-area is {self.min_area}; it is a fraction of the photo, from 0 to 1")
        require(self.size == 0 or 32 <= self.size <= 4096, f"--size is {self.size}; it goes from 32 to 4096, or is 0")
        may_halve = self.runtime in ("openvino", "torch") or self.device != "cpu"
        require(not self.half or may_halve, "--half is for --runtime openvino or torch; ONNX Runtime has float32 only")


@dataclass(frozen=True)
class NetConfig(RunConfig):
    """What opening a net takes: which weights, where they run, and how a mask is made of what they say."""

    weights: Annotated[
        str, "Embedded weights by name, or the path of an .onnx or .safetensors file.", Short("--model")
    ] = "lite"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.weights), "--weights is empty; it takes a name or the path of a weights file")
