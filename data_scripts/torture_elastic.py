"""Take a node away from a training on two nodes and bring it back: nothing may be lost, done twice, or end worse.

    python data_scripts/torture_elastic.py                  as the README reports it; needs root, on Linux, and `ip`
    python data_scripts/torture_elastic.py --epochs 7       shorter

Two network namespaces are joined by a bridge in a third, and torchrun trains in both, on CPUs. First nothing is done to
them. Then every process of the second node is killed, and started anew once the first has done some epochs alone. Then
the second node's link is down for ten seconds. Prints a table of epochs; the exit code is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from torture_training import make_raw

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.prepare import prepare

OFTEN = 6  # each photo is seen in an epoch
ALONE = 2  # epochs that the first node does without the second
DOWN_S = 10.0
TOLERANCE = 0.03  # by which the last mean IoU may be below that of the training to which nothing was done
PATIENCE_S = 900.0
PORT = 29_400


@dataclass
class Node:
    """A network namespace with one torchrun in it."""

    name: str
    address: str
    agents: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, run: Path, words: list[str]) -> None:
        """Begin to train, or join those who do."""
        first = self.address.endswith(".1")
        conf = f"is_host={str(first).lower()},last_call_timeout=3"
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "1:2", "--nproc-per-node", "1"]
        torchrun += ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"10.77.0.1:{PORT}", "--rdzv-id", run.name]
        torchrun += ["--rdzv-conf", conf, "--local-addr", self.address, "--max-restarts", "9"]
        command = ["ip", "netns", "exec", self.name, *torchrun, "-m", "handseg_cli", "train", str(run), *words]
        around = os.environ | {"GLOO_SOCKET_IFNAME": "eth0", "OMP_NUM_THREADS": "1"}
        # Else torch 2.15 never tells a node that comes later where the first process is, if that has stayed.
        around |= {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
        with run.with_suffix(f".{self.address}.txt").open("ab") as said:
            self.agents.append(subprocess.Popen(command, stdout=said, stderr=said, env=around))

    def kill(self) -> None:
        """End all that runs on the node at once, as a power cut does."""
        found = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True)
        for number in found.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)
        for agent in self.agents:
            agent.wait()

    def set_link(self, state: str) -> None:
        """Cut the node off, or connect it again."""
        ip("-n", self.name, "link", "set", "eth0", state)


def ip(*words: str) -> None:
    """Change the network."""
    subprocess.run(["ip", *words], check=True)


@contextmanager
def network() -> Iterator[list[Node]]:
    """Have two nodes until the work is done; this machine's own network has no part in it."""
    hub = f"handseg{os.getpid()}"
    nodes = [Node(f"{hub}n{number}", f"10.77.0.{number}") for number in (1, 2)]
    try:
        ip("netns", "add", hub)
        ip("-n", hub, "link", "add", "bridge", "type", "bridge")
        ip("-n", hub, "link", "set", "bridge", "up")
        for node in nodes:
            port = f"to{node.name[-1]}"
            ip("netns", "add", node.name)
            ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", node.name)
            ip("-n", hub, "link", "set", port, "master", "bridge", "up")
            ip("-n", node.name, "addr", "add", f"{node.address}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                ip("-n", node.name, "link", "set", link, "up")
        yield nodes
    finally:
        for node in nodes:
            with suppress(subprocess.CalledProcessError):
                node.kill()
        for name in (*(node.name for node in nodes), hub):
            subprocess.run(["ip", "netns", "del", name], check=False)


def epochs_of(run: Path) -> list[dict[str, Any]]:
    """Return the lines of a log that tell of whole epochs."""
    with suppress(FileNotFoundError):
        texts = (run / "log.jsonl").read_text().splitlines(keepends=True)
        lines = [json.loads(text) for text in texts if text.endswith("}\n")]
        return [line for line in lines if line.get("train")]
    return []


def wait_until(holds: Callable[[], bool], nodes: list[Node]) -> None:
    """Wait; an error where that takes too long, or the first node ends before."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end or nodes[0].agents[-1].poll() is not None:
            raise RuntimeError("the training has ended, or stands still")
        time.sleep(0.1)


def disturb(how: str, run: Path, nodes: list[Node], words: list[str]) -> None:
    """Do to the second node what is to be done."""
    if how == "nothing":
        return
    wait_until(lambda: len(epochs_of(run)) >= ALONE, nodes)
    if how == "killed":
        nodes[1].kill()
        wanted = len(epochs_of(run)) + ALONE
        wait_until(lambda: len(epochs_of(run)) >= wanted, nodes)
        nodes[1].start(run, words)
    else:
        nodes[1].set_link("down")
        time.sleep(DOWN_S)
        nodes[1].set_link("up")


def trained(how: str, folder: Path, epochs: int, wrong: list[str]) -> float:
    """Train on both nodes, disturb the second, tell of each epoch, and return the last score."""
    run, began = folder / how, time.monotonic()
    options = {"datasets": f"{folder / 'data' / 'folder.h5'}={OFTEN}", "size": 64, "batch": 4, "epochs": epochs}
    options |= {"warmup": 10, "workers": 0, "device": "cpu", "ema": 0.9, "weights": "lite"}
    words = ["--quiet", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
    with network() as nodes:
        for node in nodes:
            node.start(run, words)
        try:
            disturb(how, run, nodes, words)
            ends = [node.agents[-1].wait(PATIENCE_S) for node in nodes]
            wrong += [f"{how}: a node ended with {end}" for end in ends if end != 0]
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            wrong.append(f"{how}: {error}")
    lines = epochs_of(run)
    if [line["epoch"] for line in lines] != [*range(1, epochs + 1)]:
        wrong.append(f"{how}: the log has the epochs {[line['epoch'] for line in lines]}")
    steps = [after - before for before, after in pairwise([0, *(line["step"] for line in lines)])]
    scores = [line["val"]["iou"] for line in lines]
    print(f"{how}: {time.monotonic() - began:.0f} s; steps of each epoch {steps}; IoU {[round(x, 3) for x in scores]}")
    return scores[-1] if scores else 0.0


def main() -> int:
    """Train three times and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="leave runs and what was said in this folder")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # else nodes would outlive it
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = (options.keep or Path(name)).resolve()
        make_raw(folder / "raw")
        prepare(PrepareConfig(("folder",), raw=folder / "raw", output=folder / "data", quiet=True))
        scores = {how: trained(how, folder, options.epochs, wrong) for how in ("nothing", "killed", "cut off")}
    for how, score in scores.items():
        if score < scores["nothing"] - TOLERANCE:
            wrong.append(f"{how}: ends with an IoU of {score:.3f}, and {scores['nothing']:.3f} where nothing was done")
    print("\n".join([f"WRONG: {len(wrong)}", *wrong]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
