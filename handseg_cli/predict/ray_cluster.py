"""The Ray cluster that a run joins or starts, and what room it has."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from secrets import token_hex
from typing import Any, TextIO

import ray
from ray.exceptions import RayError

from handseg_cli.errors import HandsegError
from handseg_cli.predict.ordered import cores

CPUS = 4  # of one worker: beyond these, its threads would wait for Python's lock
STORE_BYTES = 100 << 20  # what Ray keeps for data that are passed on; names and records need next to nothing


class Muffled(io.TextIOBase):
    """Stands in for stdout, to which Ray prints when a worker dies: text goes nowhere, records to the file itself."""

    def __init__(self, stdout: TextIO) -> None:
        self.stdout = stdout

    def write(self, text: str) -> int:
        """Let a text go."""
        return len(text)

    def fileno(self) -> int:
        """Return the file that records are written to."""
        return self.stdout.fileno()


def connect(address: str) -> None:
    """Join a cluster or, without an address, start one on this machine that ends with this process."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told what runs here
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address:
            ray.init(address, **quiet)
        else:
            # A cluster runs whatever it is sent by those who know its secret, which Ray else puts into the user's home.
            os.environ.setdefault("RAY_AUTH_TOKEN", token_hex(32))
            os.environ.setdefault("RAY_worker_niceness", "0")  # workers do here what this process would do
            own: dict[str, Any] = {"_node_ip_address": "127.0.0.1", "object_store_memory": STORE_BYTES}
            ray.init(num_cpus=cores(), include_dashboard=False, **own, **quiet)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        what = f"--address {address}" if address else "a Ray cluster of its own"
        raise HandsegError(f"{what}: cannot be used ({first_line(error)}); see `ray status`") from error


def machines() -> Iterator[tuple[int, int]]:
    """Yield of each machine of the cluster that has CPUs how many, and how many GPUs."""
    for node in ray.nodes():  # type: ignore[no-untyped-call]
        room = node["Resources"]
        if node["Alive"] and room.get("CPU", 0) >= 1:
            yield int(room["CPU"]), int(room.get("GPU", 0))


def cpus_of_worker() -> int:
    """Return how many CPUs a worker takes: what the smallest machine has, if that is not much."""
    return min(CPUS, min((cpus for cpus, _ in machines()), default=1))


def room_for_workers(cpus: int, gpus: int) -> Iterator[int]:
    """Yield how many workers each machine has room for."""
    for its_cpus, its_gpus in machines():
        yield min(its_cpus // cpus, its_gpus // gpus) if gpus else its_cpus // cpus


def first_line(error: Exception) -> str:
    """Return what an error says, in short."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
