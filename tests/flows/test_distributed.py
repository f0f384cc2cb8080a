"""Several processes train as one, under torchrun, and none waits for ever for one that is gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from handseg_cli.checkpoints.start import start
from handseg_cli.checkpoints.weights import header
from handseg_cli.config import TrainConfig
from handseg_cli.train.train import train
from tests.tiny import discs

# Norms would follow the batches of their own process, and most rates the number of epochs.
SAME: dict[str, Any] = {
    "size": 64,
    "warmup": 2,
    "schedule": "constant",
    "ema": 0.0,
    "freeze": "norms",
    "weights": "lite",
    "optimizer": "sgd",
    "lr": 0.005,
}
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("discs") / "discs.h5"
    discs.build(path)
    return path


def torchrun(run: Path, prepared: Path, **given: Any) -> list[str]:
    options = {"datasets": prepared, "device": "cpu", "workers": 0, "batch": 4, **SAME, **given}
    words = (word for name, value in options.items() for word in (f"--{name}", str(value)))
    return [sys.executable, *TORCHRUN, "-m", "handseg_cli", "train", str(run), "--quiet", *words]


@pytest.fixture(scope="module")
def killed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Return a run of two processes, one of which was killed when an epoch was done, and how it ended."""
    run = tmp_path_factory.mktemp("two")
    arguments = torchrun(run, prepared, epochs=60)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as job:
        while not (run / "last.safetensors").exists():
            assert job.poll() is None, job.stdout and job.stdout.read()
            time.sleep(0.05)
        os.kill(children(job.pid)[1], signal.SIGKILL)
        return run, job.wait(60)


def children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(each) for each in found]


def test_a_process_that_is_killed_ends_the_training(killed: tuple[Path, int]) -> None:
    assert killed[1] != 0


def test_two_processes_go_on_and_equal_one_at_double_batch(
    killed: tuple[Path, int], tmp_path: Path, prepared: Path
) -> None:
    run, _ = killed
    epochs = json.loads(header((run / "last.safetensors").read_bytes())["state"])["at"]["epoch"] + 1
    resumed = [*torchrun(run, prepared, epochs=epochs), "--resume"]
    done = subprocess.run(resumed, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    alone: dict[str, Any] = {"datasets": (str(prepared),), "device": "cpu", "workers": 0, "batch": 8, "quiet": True}
    train(TrainConfig(run=tmp_path, epochs=epochs, **alone, **SAME | {"freeze": ("norms",)}))
    one, two, begun = weights(tmp_path), weights(run), embedded()
    assert (one - begun).norm() > 0.01
    # Rounding is of the ten-thousandth part; losses that processes weigh unlike would be of the hundredth.
    assert (two - one).norm() < 1e-3 * (one - begun).norm()


def weights(run: Path) -> torch.Tensor:
    return joined({name: each for name, each in load_file(run / "last.safetensors").items() if "model." in name})


def embedded() -> torch.Tensor:
    # As training begins with them: what no term asks for is no longer told.
    model, _ = start("lite", {"tells": ["hand"]}, "lite")
    return joined({f"model.{name}": each for name, each in model.state_dict().items()})


def joined(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensors[name].flatten().double() for name in sorted(tensors)])
