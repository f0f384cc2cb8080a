"""The folder of a run: one training at a time, its settings, and what it ran on."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from handseg_cli import __version__
from handseg_cli.config import LoopConfig
from handseg_cli.config.layers import RUN_FILE, to_table
from handseg_cli.errors import ConfigError
from handseg_cli.io.files import explained, lock, write_atomic
from handseg_cli.train.distributed import is_restart, job, rank, ranks
from handseg_cli.train.state import LAST

ENVIRONMENT = "environment.json"


@contextmanager
def opened(config: LoopConfig, run: Path, device: torch.device) -> Iterator[None]:
    """Keep the folder of a run for this training alone; ConfigError where another is, or was, at work in it."""
    if rank() > 0:
        yield
        return
    with explained(run):
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(run / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if lock(descriptor) == "busy":
            raise ConfigError(f"{run}: another training is at work there; name another folder")
        if (run / LAST).exists() and not goes_on(config, run):
            raise ConfigError(f"{run}: holds a training already; go on with --resume, or name another folder")
        write_atomic(run / RUN_FILE, to_json(to_table(config)))
        write_atomic(run / ENVIRONMENT, to_json(environment(device)))
        yield
    finally:
        os.close(descriptor)


def goes_on(config: LoopConfig, run: Path) -> bool:
    """Tell whether a training begins where an earlier one stopped: as was asked for, or where torchrun starts anew.

    What joins a training under way does not know of its restarts, but of its name.
    """
    return config.resume or ((run / LAST).exists() and (is_restart() or (job() != "" and job() == job_in(run))))


def job_in(run: Path) -> str:
    """Return what torchrun called the work that was last done in a folder, "" where nothing tells."""
    try:
        return str(json.loads((run / ENVIRONMENT).read_bytes())["job"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def to_json(table: dict[str, Any]) -> bytes:
    """Return a table as JSON for people."""
    return json.dumps(table, indent=2).encode() + b"\n"


def environment(device: torch.device) -> dict[str, Any]:
    """Return what a run depends on besides its settings."""
    found = {
        "handseg": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.platform(),
        "device": str(device),
        "processes": ranks(),
        "job": job(),
        "threads": torch.get_num_threads(),
        "command": sys.argv,
    }
    if device.type == "cuda":
        found |= {"gpu": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
    return found
