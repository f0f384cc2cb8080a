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
    "lr": 0.05,
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
    one, two = (load_file(tmp_path / name / "last.safetensors") for name in ("one", "two"))
    begun = load_file(Path(__file__).parents[2] / "handseg_cli" / "checkpoints" / "lite.safetensors")
    moved = [(name, one[f"model.{name}"] - begun[name]) for name in begun if begun[name].is_floating_point()]
    assert max(change.abs().max().item() for _, change in moved) > 5e-3
    for name, _ in moved:
        torch.testing.assert_close(two[f"model.{name}"], one[f"model.{name}"], rtol=0, atol=5e-5)


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
