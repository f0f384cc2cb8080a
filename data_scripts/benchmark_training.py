"""Measure what the loader costs a training, and what the loop gains: steps fed from a prepared file, and from memory.

    python data_scripts/benchmark_training.py                          lite at 256 pixels on the CPU
    python data_scripts/benchmark_training.py --device cuda --amp auto --batch 64 --model deeplab

In one run, by turns: the loop of `handseg train` fed from a prepared file with every alteration; the same steps on one
batch that is in memory; and the shape of torchvision's reference loop, float32 and not channels-last, on that batch.
The exit code is 1 if the prepared file feeds it at less than 90 % of the rate of memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import cast

import torch
from benchmark_loading import make_raw
from torch.nn import functional as F

from handseg_cli.checkpoints.build import blank_card, build
from handseg_cli.config import PrepareConfig, TrainConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.loading.batches import Batch, Feed
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.tasks.losses import at_size, hand
from handseg_cli.train.asked import recipe_of, task_of
from handseg_cli.train.distributed import choose_device
from handseg_cli.train.loop import train_one_epoch
from handseg_cli.train.train import Feeds, Job, feeds_of, prepared

ROUNDS = 5
WANTED = 0.9
OFTEN = 10_000.0  # each photo is taken: one epoch is longer than the measurement


class Held:
    """A feed that has its one batch already."""

    def __init__(self, feed: Feed) -> None:
        self.length, self.batch = len(feed), next(feed.epoch(0))

    def __len__(self) -> int:
        return self.length

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the same batch for ever."""
        while True:
            yield self.batch


def product(config: TrainConfig, job: Job, feed: Feed | Held) -> Iterator[object]:
    """Make the steps of the product's loop."""
    feeds = Feeds(cast(Feed, feed), cast(Feed, feed))
    job = replace(job, model=build(job.card))
    loop, state = prepared(config, job, feeds, choose_device(config.device))
    yield from train_one_epoch(loop, state, feeds.train)


def reference(config: TrainConfig, job: Job, batch: Batch) -> Iterator[object]:
    """Make the steps of torchvision's loop: SGD, float32, one tensor of floats a batch."""
    device = choose_device(config.device)
    model = build(job.card).to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    while True:
        images, labels = (batch.image.float() / 255).to(device), batch.targets["mask"].to(device)
        logits = hand(at_size(model(images)["mask"], labels.shape[1:]))
        loss = F.binary_cross_entropy_with_logits(logits, (labels == 1).float())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield loss.item()


def rates(ways: dict[str, Iterator[object]], seconds: float, batch: int) -> dict[str, float]:
    """Return the median of pictures per second of each way, by turns."""
    found = defaultdict[str, list[float]](list)
    for number in range(ROUNDS + 1):
        for name, steps in ways.items():
            began, made = time.perf_counter(), 0
            while time.perf_counter() - began < seconds:
                made += len(list(islice(steps, 1)))
            if number:  # the first round warms up
                found[name].append(made * batch / (time.perf_counter() - began))
    return {name: median(each) for name, each in found.items()}


def gpu_use() -> subprocess.Popen[str] | None:
    """Start what tells twice a second how busy the GPU is; None without one."""
    if not torch.cuda.is_available():
        return None
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=500"]
    return subprocess.Popen(query, stdout=subprocess.PIPE, text=True)


def main() -> int:
    """Prepare photos, take turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lite")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--amp", default="off")
    parser.add_argument("--workers", type=int, default=-1)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10, help="of each turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_raw(folder / "raw", options.photos)
        prepare(PrepareConfig(("folder",), raw=folder / "raw", output=folder, quiet=True))
        given = {each: getattr(options, each) for each in ("model", "size", "batch", "device", "amp", "workers")}
        config = TrainConfig(run=folder / "run", datasets=(str(folder / "folder.h5"),), epochs=1, **given)
        mix = Mix([Part("folder", folder / "folder.h5", OFTEN)], "all")
        card = blank_card(options.model, {})
        task = task_of(config, card)
        job = Job(config.run, build(card), card, task, recipe_of(config, task), mix, mix)
        feed = feeds_of(config, job, choose_device(config.device)).train
        held = Held(feed)
        ways = {
            "from the prepared file": product(config, job, feed),
            "from memory": product(config, job, held),
            "reference loop, from memory": reference(config, job, held.batch),
        }
        watch = gpu_use()
        found = rates(ways, options.seconds, options.batch)
        if watch:
            watch.terminate()
            busy = [float(line) for line in watch.communicate()[0].split()]
            print(f"the GPU was busy {sum(busy) / len(busy):.0f} % of the time")
    for way, rate in found.items():
        print(f"{way:28} {rate:8.1f} images/s  {rate / found['from memory']:6.1%} of memory")
    return 0 if found["from the prepared file"] >= WANTED * found["from memory"] else 1


if __name__ == "__main__":
    sys.exit(main())
