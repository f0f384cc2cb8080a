"""Photos to be segmented in the current folder, and what a run has made of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handseg_cli.io.files import PART


def put(*names: str, size: tuple[int, int] = (120, 90), seed: int = 0) -> None:
    """Write photos of blotches, no two alike."""
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, number])
        photo = Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        photo.save(name)


def records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("m.jsonl").read_text().splitlines()]


def statuses() -> dict[str, str]:
    return {record["path"]: record["status"] for record in records()}


def read(name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(name))


def left_over(folder: Path) -> Iterator[Path]:
    return folder.rglob(f"*{PART}")


def identities(*names: str) -> list[tuple[int, int]]:
    return [(os.stat(name).st_ino, os.stat(name).st_mtime_ns) for name in names]
