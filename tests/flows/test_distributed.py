"""Several processes train as one, under torchrun, and none waits for ever for one that is gone."""

from __future__ import annotations

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

from tests.tiny import discs

# Norms would follow the batches of their own process.
SAME = {
    "size": 64,
    "epochs": 2,
    "warmup": 2,
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


def command(run: Path, prepared: Path, ranks: int = 1, **given: Any) -> list[str]:
    begin = [sys.executable, *(TORCHRUN if ranks > 1 else ()), "-m", "handseg_cli", "train", str(run)]
    options = {"datasets": prepared, "device": "cpu", "workers": 0, **SAME, **given}
    return [*begin, "--quiet", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


def run(arguments: list[str]) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=110, env=environment())
    assert done.returncode == 0, done.stderr[-2000:]


def test_two_processes_equal_one_at_double_batch(tmp_path: Path, prepared: Path) -> None:
    run(command(tmp_path / "one", prepared, batch=8))
    run(command(tmp_path / "two", prepared, ranks=2, batch=4))
    one, two, begun = (weights(tmp_path / "one"), weights(tmp_path / "two"), embedded())
    assert (one - begun).norm() > 0.01
    # Rounding is of the ten-thousandth part; losses that processes weigh unlike would be of the hundredth.
    assert (two - one).norm() < 1e-3 * (one - begun).norm()


def weights(run: Path) -> torch.Tensor:
    return joined({name: each for name, each in load_file(run / "last.safetensors").items() if "model." in name})


def embedded() -> torch.Tensor:
    path = Path(__file__).parents[2] / "handseg_cli" / "checkpoints" / "lite.safetensors"
    return joined({f"model.{name}": each for name, each in load_file(path).items()})


def joined(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensors[name].flatten().double() for name in sorted(tensors)])


def test_a_process_that_is_killed_ends_the_training_which_then_goes_on(tmp_path: Path, prepared: Path) -> None:
    arguments = command(tmp_path, prepared, ranks=2, batch=4, epochs=60)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()) as job:
        while not (tmp_path / "last.safetensors").exists():
            assert job.poll() is None, job.stdout and job.stdout.read()
            time.sleep(0.05)
        os.kill(children(job.pid)[1], signal.SIGKILL)
        assert job.wait(60) != 0
    run([*command(tmp_path, prepared, ranks=2, batch=4, epochs=1), "--resume"])


def children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(each) for each in found]
