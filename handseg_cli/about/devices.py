"""The devices that each runtime finds. A file of its own, since only `handseg doctor` imports torch to ask."""

from __future__ import annotations

import onnxruntime
import torch

from handseg_cli.about.checks import Finding, processor


def devices() -> list[Finding]:
    """Tell for each value of `--device` which runtimes can use it."""
    providers = onnxruntime.get_available_providers()
    return [
        finding("cpu", processor(), ["onnx", "openvino", "torch"]),
        finding("cuda", graphics(), ["torch", "onnx"] if "CUDAExecutionProvider" in providers else ["torch"]),
        finding("mps", "Apple GPU" if torch.backends.mps.is_available() else "", ["torch"]),
    ]


def finding(device: str, model: str, runtimes: list[str]) -> Finding:
    """Report a device, or that there is none of its kind ("" as its model)."""
    if not model:
        return Finding(f"device {device}", "absent", "torch finds none")
    facts: dict[str, object] = {"model": model, "runtimes": runtimes}
    return Finding(f"device {device}", "ok", f"{model}: {', '.join(runtimes)}", facts)


def graphics() -> str:
    """Return the names of the NVIDIA GPUs that torch can use."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return ", ".join(torch.cuda.get_device_name(index) for index in range(count))
