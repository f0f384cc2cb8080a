"""One process of several, as torchrun starts them, or the only one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from handseg_cli.datasets.prepare import cores
from handseg_cli.errors import DeviceError

PATIENCE = timedelta(minutes=10)  # with a process that is silent


def rank() -> int:
    """Return the number of this process, 0 for the one that writes."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def share_of_cores() -> int:
    """Return how many CPU cores each of the processes on this machine has."""
    return cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the other processes, if there are any, until the work is done."""
    if ranks() == 1:
        yield
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def choose_device(name: str) -> torch.device:
    """Return the device of this process; "auto": a GPU where there is one. DeviceError for one that is absent."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name == "cuda":
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            found = torch.cuda.device_count()
            raise DeviceError(f"cuda was asked for, {local + 1} of it, and torch finds {found}; check `nvidia-smi`")
        torch.cuda.set_device(local)
        return torch.device("cuda", local)
    if name == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("mps was asked for, but torch finds no Apple GPU here; leave out --device")
    return torch.device(name)


def wrapped(model: nn.Module, device: torch.device) -> nn.Module:
    """Return a net whose gradients are the mean over all processes; on GPUs its norms see all their batches, too."""
    if ranks() == 1:
        return model
    return DistributedDataParallel(model, device_ids=[device.index] if device.type == "cuda" else None)


def synced(model: nn.Module, device: torch.device) -> nn.Module:
    """Return a net whose norms see the batches of all processes, where torch can: on GPUs."""
    if ranks() == 1 or device.type != "cuda":
        return model
    return cast(nn.Module, nn.SyncBatchNorm.convert_sync_batchnorm(model))  # type: ignore[no-untyped-call]


def agree(model: nn.Module) -> None:
    """Give all processes the first one's statistics, which each has gathered from its own batches."""
    if ranks() > 1:
        for buffer in model.buffers():
            distributed.broadcast(buffer, 0)


def is_restart() -> bool:
    """Tell whether torchrun has started this anew after a process was lost."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def job() -> str:
    """Return what torchrun calls the work that its processes share, those that join later too; "" if it does not."""
    name = os.environ.get("TORCHELASTIC_RUN_ID", "none")
    return "" if name == "none" else name


def from_first(data: bytes, device: torch.device) -> bytes:
    """Return the bytes of the first process, whatever the others have."""
    if ranks() == 1:
        return data
    size = torch.tensor(len(data), device=device)
    distributed.broadcast(size, 0)
    wanted = bytearray(data) if rank() == 0 else bytearray(int(size))
    sent = torch.frombuffer(wanted, dtype=torch.uint8).to(device) if wanted else torch.empty(0, device=device)
    distributed.broadcast(sent, 0)
    return sent.cpu().numpy().tobytes()


def any_of(flag: bool, device: torch.device) -> bool:
    """Tell whether any process says yes, so that all do the same."""
    if ranks() == 1:
        return flag
    answer = torch.tensor(float(flag), device=device)
    distributed.all_reduce(answer)
    return bool(answer.item())
