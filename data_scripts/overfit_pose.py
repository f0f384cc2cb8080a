"""Let every net of joints, and the net that finds hands for them, learn a few samples by heart: what cannot is broken.

    handseg synth hands.h5 --count 100 --size 320 --style two-hands --style object
    python data_scripts/overfit_pose.py hands.h5                    at windows of 96 pixels, for a CPU
    python data_scripts/overfit_pose.py hands.h5 --size 256 --device cuda

Each stage sees one batch again and again, unaltered. Prints a table: the loss before and after, and what was learned
of these samples; the exit code is 1 if a stage scores less than 0.85 by what its task is judged by. The loss of
posenet cannot be nothing: at windows of 64, 96, 128 and 256 pixels no maps of an eighth of that come below 0.10, 0.04,
0.02 and 0.005.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.start import start
from handseg_cli.config import TrainConfig
from handseg_cli.config.layers import layered
from handseg_cli.loading.batches import Feed
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.tasks.task import Task
from handseg_cli.train.asked import arguments_of, each_of, task_of
from handseg_cli.train.loop import to_batch

WANTED = 0.85  # of the score by which a task chooses the best net: all are 1 at most


@dataclass(frozen=True)
class Stage:
    """A net, its settings, and at which rate it learns by heart."""

    model: str
    rate: float
    settings: dict[str, Any]
    enlarged: int = 1  # times the size of windows: of whole photos


STAGES = {
    "handsegnet": Stage("handsegnet", 1e-4, {"fit": "squash", "loss": ("ce",)}, enlarged=2),
    "posenet": Stage("posenet", 1e-4, {}),
    "lifting, proposed": Stage("poselift", 1e-3, {}),
    "lifting, direct": Stage("poselift", 1e-3, {"variant": "direct"}),
    "lifting, bottleneck": Stage("poselift", 2e-3, {"variant": "bottleneck"}),
    "lifting, local": Stage("poselift", 1e-3, {"variant": "local"}),
    "handpose": Stage("handpose", 2e-3, {}),
    "digit": Stage("digit", 3e-4, {}),
    "digit, unfused": Stage("digit", 3e-4, {"variant": "unfused"}),
}
SHOWN = (
    *("pooled_iou", "epe_median_px", "auc_0_30_px", "epe_median_mm", "auc_0_50_mm", "side_accuracy", "hand_accuracy"),
    *("mpjpe_all", "mrrpe", "handness_acc", "part_iou"),
)


def taught(stage: Stage, options: argparse.Namespace) -> tuple[nn.Module, Task, dict[str, Tensor]]:
    """Return the net of a stage, its task, and the one batch that it sees."""
    given = {"run": Path(), "model": stage.model, "datasets": (str(options.prepared),), **stage.settings}
    config = layered(TrainConfig, {**given, "size": stage.enlarged * options.size, "augment": "none"})
    card = blank_card(stage.model, arguments_of(config))
    task = task_of(config, card)
    mix = Mix([Part("hands", options.prepared)], "train", each_of(config))
    recipe = Recipe(config.size, config.fit, "none", targets=task.targets)
    batch = next(Feed(mix, recipe, batch=options.samples, seed=0, workers=0).once())
    torch.manual_seed(0)
    model, _ = start(stage.model, arguments_of(config), options.weights if stage.model == "handpose" else "")
    return model.to(options.device), task, to_batch(batch, torch.device(options.device))


def steps(model: nn.Module, task: Task, batch: dict[str, Tensor], rate: float, count: int) -> Iterator[None]:
    """Make steps at a rate that falls to nothing."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=count, pct_start=0.1)
    for _ in range(count):
        model.train()
        loss = torch.stack([*task.loss(model(*task.inputs(batch)), batch).values()]).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        yield


@torch.inference_mode()
def judged(model: nn.Module, task: Task, batch: dict[str, Tensor]) -> tuple[float, dict[str, float]]:
    """Return the loss of a net as it is used, and its scores."""
    outputs = model.eval()(*task.inputs(batch))
    task.measure(outputs, batch)
    return float(sum(task.loss(outputs, batch).values())), dict(task.scores().values)


def main() -> int:
    """Teach each stage and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prepared", type=Path, help="a prepared file with joints and masks")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--stages", nargs="*", default=[*STAGES])
    parser.add_argument("--weights", default="", help="of handpose to begin with, such as lite")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    failed = 0
    for name in options.stages:
        stage, began = STAGES[name], time.monotonic()
        model, task, batch = taught(stage, options)
        before, _ = judged(model, task, batch)
        for _ in steps(model, task, batch, stage.rate, options.steps):
            pass
        after, scores = judged(model, task, batch)
        # A hand of a few pixels is a photo, too: over all pixels these count as little as they are.
        failed += not scores.get("pooled_iou", scores[task.best]) >= WANTED
        told = "  ".join(f"{each} {scores[each]:.3f}" for each in SHOWN if each in scores)
        print(f"{name:20} loss {before:9.4f} -> {after:8.5f}  {told}  {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
