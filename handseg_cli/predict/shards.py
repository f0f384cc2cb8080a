"""Which part of the inputs is this process's own: a stable hash of the relative path decides.

So machines share out a tree without talking to each other, and new files move none of the others.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from handseg_cli.config import parse_shard
from handseg_cli.errors import ConfigError


@dataclass(frozen=True)
class Shard:
    """Part `index` (from 0) of `count`, and who said so."""

    index: int = 0
    count: int = 1
    source: str = ""

    def holds(self, key: str) -> bool:
        """Tell whether the input with this relative posix path belongs to this part."""
        if self.count == 1:
            return True
        digest = hashlib.blake2b(os.fsencode(key), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.index

    def __str__(self) -> str:
        return f"part {self.index + 1} of {self.count} (by {self.source})" if self.count > 1 else ""


def find_shard(option: str, environment: Mapping[str, str]) -> Shard:
    """Return the part that `--shard I/N` names, or else the scheduler's array job, or else all."""
    if option:
        part, count = parse_shard(option)
        return Shard(part - 1, count, "--shard")
    for find in (find_slurm, find_kubernetes, find_torchrun):
        shard = find(environment)
        if shard is not None:
            return shard
    return Shard()


def find_slurm(environment: Mapping[str, str]) -> Shard | None:
    """Return the part of a task of a Slurm job array."""
    if "SLURM_ARRAY_TASK_ID" not in environment or "SLURM_ARRAY_TASK_COUNT" not in environment:
        return None
    task, count = (number(environment, f"SLURM_ARRAY_TASK_{name}") for name in ("ID", "COUNT"))
    first = number(environment, "SLURM_ARRAY_TASK_MIN", 0)
    step = number(environment, "SLURM_ARRAY_TASK_STEP", 1)
    index, rest = divmod(task - first, max(step, 1))
    # Of --array=1,5,6 the environment does not tell which of the three a task is.
    return checked(-1 if rest else index, count, "SLURM_ARRAY_TASK_ID")


def find_kubernetes(environment: Mapping[str, str]) -> Shard | None:
    """Return the part of a pod of an indexed Kubernetes Job."""
    if "JOB_COMPLETION_INDEX" not in environment:
        return None
    if "JOB_COMPLETION_COUNT" not in environment:
        raise ConfigError(
            "JOB_COMPLETION_INDEX is set; set JOB_COMPLETION_COUNT to the Job's completions, or give --shard"
        )
    index, count = (number(environment, f"JOB_COMPLETION_{name}") for name in ("INDEX", "COUNT"))
    return checked(index, count, "JOB_COMPLETION_INDEX")


def find_torchrun(environment: Mapping[str, str]) -> Shard | None:
    """Return the part of one of several processes that torchrun or its like started."""
    if "RANK" not in environment or number(environment, "WORLD_SIZE", 1) < 2:
        return None
    return checked(number(environment, "RANK"), number(environment, "WORLD_SIZE"), "RANK")


def checked(index: int, count: int, source: str) -> Shard:
    """Return the shard; raise ConfigError where the scheduler's numbers do not make one."""
    if not 0 <= index < count:
        raise ConfigError(
            f"{source} does not number {count} tasks without gaps; give --shard I/N, or --shard 1/1 for all"
        )
    return Shard(index, count, source)


def number(environment: Mapping[str, str], name: str, default: int | None = None) -> int:
    """Read a whole number from the environment."""
    text = environment.get(name, "" if default is None else str(default))
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError(f"{name} is {text!r}, not a number; give --shard I/N, or --shard 1/1 for all") from error
