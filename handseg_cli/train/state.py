"""Everything a training is at one moment, and the file that it goes on from: tensors and JSON, nothing to unpickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as pack
from torch import Tensor, nn

from handseg_cli.checkpoints.weights import header
from handseg_cli.errors import CheckpointError
from handseg_cli.io.files import write_atomic

LAST = "last.safetensors"
BEST = "best.safetensors"

Tensors = dict[str, Tensor]


@dataclass
class Place:
    """Where a training stands: plain numbers."""

    step: int = 0  # optimizer steps made
    epoch: int = 0
    batch: int = 0  # next of its epoch
    pictures: int = 0  # of a batch, in all processes
    first: float | None = None  # score of what the training began with, if that had learned before
    best: float = -1.0
    stale: int = 0  # epochs since the best
    sums: dict[str, float] = field(default_factory=dict)  # of this epoch's losses

    def done(self, steps: int, accumulate: int) -> int:
        """Return how many steps it is from the beginning, had each epoch had as many as now."""
        return self.epoch * steps + self.batch // accumulate

    def regroup(self, pictures: int, accumulate: int) -> None:
        """Count the batches of this epoch anew: before, there may have been more processes, or fewer.

        Of the pictures that are done already, those are done again that fill no step.
        """
        done = self.batch // accumulate
        if self.pictures and done:
            steps = self.batch * self.pictures // (pictures * accumulate)
            self.batch = steps * accumulate
            self.sums = {name: total * steps / done for name, total in self.sums.items()}
        self.pictures = pictures


@dataclass
class State:
    """The nets and what changes them."""

    model: nn.Module
    mean: nn.Module  # the running mean of the weights, or the net itself
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    at: Place = field(default_factory=Place)

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Write all of it, whole or not at all."""
        # Equal tensors under two names are refused, and a net without a running mean is its own.
        nets = {"model": self.model} | ({"mean": self.mean} if self.mean is not self.model else {})
        tensors = {f"{name}.{key}": value for name, net in nets.items() for key, value in net.state_dict().items()}
        tensors |= {f"optimizer.{key}": value for key, value in self._momenta().items()}
        # One text, as several come in any order and equal states are to be equal files.
        text = json.dumps({"at": asdict(self.at), "scaler": self.scaler.state_dict(), "about": about})
        plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        write_atomic(path, pack(plain, metadata={"state": text}))

    def restore(self, path: Path, data: bytes) -> None:
        """Take all of it back from the bytes of a file; CheckpointError if it is damaged or of another net."""
        try:
            tensors, texts = parse(data), json.loads(header(data)["state"])
            at = Place(**texts["at"])
        except (SafetensorError, LookupError, ValueError, TypeError) as error:
            raise CheckpointError(f"{path}: damaged ({error}); start anew in another folder") from error
        try:
            self.model.load_state_dict(under("model", tensors))
            if self.mean is not self.model:
                self.mean.load_state_dict(under("mean", tensors))
            self._put_momenta(under("optimizer", tensors))
        except (RuntimeError, LookupError) as error:
            raise CheckpointError(f"{path}: is of another net or recipe ({error}); use the same settings") from error
        self.scaler.load_state_dict(texts["scaler"])
        self.at = at

    def _momenta(self) -> Tensors:
        """Return what the optimizer remembers of each parameter, by the parameter's name."""
        remembered = self.optimizer.state
        return {
            f"{name}.{key}": value
            for name, parameter in self.model.named_parameters()
            for key, value in remembered.get(parameter, {}).items()
            if isinstance(value, Tensor)
        }

    def _put_momenta(self, tensors: Tensors) -> None:
        for name, parameter in self.model.named_parameters():
            mine = {key.rpartition(".")[2]: value for key, value in tensors.items() if key.rpartition(".")[0] == name}
            # Adam counts its steps on the CPU.
            placed = {key: value if key == "step" else value.to(parameter.device) for key, value in mine.items()}
            if placed:
                self.optimizer.state[parameter] = placed


def read_last(path: Path) -> bytes:
    """Read what a training goes on from; CheckpointError if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: is not there, so there is nothing to resume; leave out --resume") from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}); check its disk") from error


def under(name: str, tensors: Tensors) -> Tensors:
    """Return the tensors whose names begin with a word and a dot, without these."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
