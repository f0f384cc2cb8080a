"""Where weights lie, what their card says and what they hash to; torch is not needed to know."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handseg_cli.errors import CheckpointError
from handseg_cli.registry import SIZES, WEIGHTS
from handseg_cli.runtime.onnx_file import metadata, read_bounded

FOLDER = Path(__file__).parent
SUFFIXES = (".onnx", ".safetensors")
HEADER_LIMIT = 16 << 20  # bytes of a safetensors header

# What nets are for, by the task that their cards name.
USES = {
    "hands": "marks the pixels of hands, for which --task pose is to be left out",
    "pose": "tells the joints of hands that another net has found, with handseg predict or eval --task pose",
    "hands3d": "tells of two hands at once that another net has found, with handseg predict or eval --task hands3d",
    "keypoints": "is a part of hand3d, of which handseg predict --task pose --model takes the folder",
    "lifting": "is a part of hand3d, of which handseg predict --task pose --model takes the folder",
}


@dataclass(frozen=True)
class Weights:
    """Trained weights: the files there are, the sha256 of the one that will run, and its card."""

    name: str
    onnx: Path | None
    safetensors: Path | None
    sha256: str
    card: dict[str, Any] = field(hash=False)


def find_weights(name_or_path: str, runtime: str = "auto") -> Weights:
    """Find weights by registry name or path, and read the file that the runtime will run; "auto" prefers ONNX."""
    onnx, safetensors = locate(name_or_path)
    path = safetensors if runtime == "torch" else onnx or (safetensors if runtime == "auto" else None)
    if path is None:
        wanted, other = (".safetensors", "onnx") if runtime == "torch" else (".onnx", "torch")
        raise CheckpointError(f"{name_or_path}: --runtime {runtime} runs {wanted} files; use --runtime {other}")
    data = read_bounded(path)
    name = name_or_path if name_or_path in WEIGHTS else path.stem
    card = card_of(path, data)
    if name_or_path in SIZES:
        card["size"] = SIZES[name_or_path]
    return Weights(name, onnx, safetensors, hashlib.sha256(data).hexdigest(), card)


def locate(name_or_path: str) -> tuple[Path | None, Path | None]:
    """Return the .onnx and the .safetensors file of weights, None for the one there is not."""
    path = Path(name_or_path)
    if name_or_path in WEIGHTS:
        base = FOLDER / WEIGHTS[name_or_path]
        onnx, safetensors = (base.with_suffix(suffix) for suffix in SUFFIXES)
        return onnx, safetensors
    if path.suffix.lower() in SUFFIXES:
        return (path, None) if path.suffix.lower() == ".onnx" else (None, path)
    if path.is_file():
        raise CheckpointError(
            f"{path}: run `handseg export {path} {path.with_suffix('.safetensors')}` first, and use that"
        )
    known = ", ".join(WEIGHTS)
    raise CheckpointError(f"{name_or_path}: no weights of this name ({known}), and no .onnx or .safetensors file")


def read_card(path: Path) -> dict[str, Any]:
    """Read the card of an .onnx or .safetensors file."""
    return card_of(path, read_bounded(path))


def card_of(path: Path, data: bytes) -> dict[str, Any]:
    """Return the card that the bytes of a weights file hold."""
    try:
        texts = metadata(data) if path.suffix.lower() == ".onnx" else header(data)
        card = json.loads(texts["card"])
    except KeyError as error:
        raise CheckpointError(f"{path}: has no card, so it is no model of handseg; export or save it anew") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged, or no weights file at all; copy or download it again") from error
    if not isinstance(card, dict):
        raise CheckpointError(f"{path}: its card is no JSON object; export or save it anew")
    return card


def tells_of(card: dict[str, Any]) -> tuple[str, ...]:
    """Return what a net tells of each pixel by its card: hand, and perhaps arm and side; older cards do not say."""
    arguments = card.get("arguments")
    told = arguments.get("tells") if isinstance(arguments, dict) else None
    return tuple(map(str, told)) if isinstance(told, list) else ("hand",)


def require_task(name: str, card: dict[str, Any], task: str) -> None:
    """Raise a CheckpointError unless the card of a net names this task; older cards, of nets for hands, name none."""
    found = card.get("task", "hands")
    if found != task:
        use = USES.get(str(found), f"is for {found!r}")
        raise CheckpointError(f"{name}: is no net for {task}; it {use}")


def header(data: bytes) -> dict[str, str]:
    """Return the metadata of a safetensors file: a length in 8 bytes, then JSON with "__metadata__"."""
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(HEADER_LIMIT, len(data) - 8):
        raise ValueError("no safetensors header")
    content = json.loads(data[8 : 8 + length])
    if not isinstance(content, dict):
        raise ValueError("no safetensors header")
    texts: dict[str, str] = content.get("__metadata__", {})
    return texts
