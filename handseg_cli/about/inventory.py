"""Packages and embedded weights, as they are on this disk; nothing is imported to find out."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from handseg_cli.checkpoints.weights import FOLDER, Weights, find_weights

# What `pip install handseg` brings, by their names for pip, and what its extras add.
PACKAGES = (
    "av",
    "h5py",
    "ijson",
    "isal",
    "matplotlib",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "rich",
    "safetensors",
    "simplejpeg",
    "torch",
    "torchvision",
    "typer",
    *(["inotify-simple"] if sys.platform == "linux" else []),
)
EXTRAS = {
    "openvino": "openvino",
    "pillow-heif": "heic",
    "lmdb": "lmdb",
    "onnx": "export",
    "onnxscript": "export",
    "moderngl": "synth",
    "scipy": "synth",
    "fsspec": "cloud",
    "s3fs": "cloud",
    "gcsfs": "cloud",
    "adlfs": "cloud",
}

# The package that each runtime of the registry stands on.
RUNTIME_PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino", "torch": "torch"}

SUMS = FOLDER / "SHA256SUMS"


def installed(package: str) -> str:
    """Return the version of an installed package, "" if it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class WeightsFile:
    """One file of embedded weights, the sha256 it has and the one it should have ("" if none was recorded)."""

    path: Path
    sha256: str
    recorded: str

    @property
    def is_right(self) -> bool:
        """Tell whether the file is the one that was packed."""
        return self.sha256 == self.recorded


def embedded(name: str) -> tuple[Weights, list[WeightsFile]]:
    """Find embedded weights and hash each of their files."""
    weights = find_weights(name, "onnx")
    recorded = recorded_sums(SUMS.read_text() if SUMS.is_file() else "")
    paths = [path for path in (weights.onnx, weights.safetensors) if path is not None and path.is_file()]
    return weights, [WeightsFile(path, sha256_of(path), recorded.get(path.name, "")) for path in paths]


def recorded_sums(text: str) -> dict[str, str]:
    """Read what `sha256sum` writes, as file name -> hash."""
    lines = (line.split() for line in text.splitlines() if line.strip())
    return {name.lstrip("*"): digest for digest, name in lines}


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
