"""The train verb: data, net and loop put together, in a folder that a stopped run goes on from."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from handseg_cli.checkpoints.start import start
from handseg_cli.checkpoints.store import save
from handseg_cli.config import LoopConfig, TrainConfig
from handseg_cli.config.marks import require
from handseg_cli.errors import ConfigError
from handseg_cli.io.progress import Progress
from handseg_cli.loading.batches import Feed
from handseg_cli.loading.mix import Mix, parts
from handseg_cli.loading.recipe import Recipe
from handseg_cli.loading.targets import TARGETS
from handseg_cli.paths import home
from handseg_cli.predict.stops import Stop, signals
from handseg_cli.tasks.task import Task
from handseg_cli.train.asked import arguments_of, each_of, recipe_of, seen, task_of
from handseg_cli.train.distributed import (
    agree,
    any_of,
    choose_device,
    from_first,
    joined,
    rank,
    ranks,
    share_of_cores,
    synced,
    wrapped,
)
from handseg_cli.train.examples import draw_examples
from handseg_cli.train.folder import goes_on, opened
from handseg_cli.train.log import Log, Plan
from handseg_cli.train.loop import Loop, train_one_epoch, validate
from handseg_cli.train.optim import freeze, make_optimizer, share_of_rate
from handseg_cli.train.state import BEST, LAST, Place, State, read_last

SAVE_EVERY_S = 300.0


@dataclass(frozen=True)
class Job:
    """What is to be trained, for what, and on what."""

    run: Path
    model: nn.Module
    card: dict[str, Any]
    task: Task
    recipe: Recipe
    train: Mix
    val: Mix
    has_learned: bool = False  # already: then it has a score to begin with, and is kept where nothing is gained


@dataclass(frozen=True)
class Feeds:
    """Where batches come from."""

    train: Feed
    val: Feed


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    run: Path
    measure: str
    at: Place
    exit_code: int = 0

    def __str__(self) -> str:
        at = self.at
        if self.exit_code:
            return f"stopped in epoch {at.epoch + 1}; go on with --resume"
        before = "" if at.first is None else f", {at.first:.4f} before"
        return f"{self.run / BEST}: {self.measure} {at.best:.4f}{before}; {at.epoch} epochs"


def train(config: TrainConfig) -> Trained:
    """Train a net on prepared datasets."""
    torch.manual_seed(config.seed)  # of what no weights are there for
    files = parts(config.datasets, home(config.root))
    model, card = start(
        config.model, arguments_of(config), config.weights, Progress(config.quiet or rank() > 0, "").say
    )
    config = replace(config, size=config.size or card["size"])
    task = task_of(config, card)
    samples, judged = (Mix(files, split, each_of(config)) for split in (config.train_split, config.val_split))
    for name in task.targets:
        told = any(TARGETS[name].told(reader) for reader in samples.readers)
        require(told, f"no file of --datasets tells of {name}, which is asked for; `handseg synth` makes one that does")
    card |= seen(config, samples)
    return work(config, Job(config.run, model, card, task, recipe_of(config, task), samples, judged))


def work(config: LoopConfig, job: Job) -> Trained:
    """Train until the last epoch, until nothing is gained any more, or until a signal."""
    device, stop = choose_device(config.device), Stop()
    with signals(stop), joined(device), opened(config, job.run, device), Progress(config.quiet, "steps") as progress:
        feeds = feeds_of(config, job, device)
        loop, state = prepared(config, job, feeds, device)
        go_back(config, job.run, state, device)
        plan = Plan(config.epochs, loop.steps, config.batch * config.accumulate * ranks(), config.accumulate)
        with progress.task("training", config.epochs * loop.steps) as report:
            log = Log(job.run, plan, state.at, progress, report) if rank() == 0 else None
            go_on(Training(loop, state, feeds, job, log), stop)
    return Trained(job.run, loop.task.best, state.at, stop.code)


def go_back(config: LoopConfig, run: Path, state: State, device: torch.device) -> None:
    """Bring a state to where an earlier training stopped, if there is one to go on with.

    The first process decides and reads for all: others may be new, or see an older file.
    """
    first = rank() == 0
    data = from_first(read_last(run / LAST) if first and goes_on(config, run) else b"", device)
    if data:
        state.restore(run / LAST, data)
    state.at.regroup(config.batch * ranks(), config.accumulate)


def feeds_of(config: LoopConfig, job: Job, device: torch.device) -> Feeds:
    """Return the batches to train on, altered by chance, and those to judge by, which are not."""
    # Where the net takes all cores, workers hold it up by more than they do.
    spare = 0 if device.type == "cpu" else max(0, share_of_cores() - 1)
    workers = config.workers if config.workers >= 0 else spare
    plain = replace(job.recipe, augment="none", cutouts=None, noise=())
    made = [
        Feed(mix, each, batch=config.batch, seed=config.seed, workers=workers, rank=rank(), ranks=ranks())
        for mix, each in ((job.train, job.recipe), (job.val, plain))
    ]
    return Feeds(*made)


def prepared(config: LoopConfig, job: Job, feeds: Feeds, device: torch.device) -> tuple[Loop, State]:
    """Bring a net to its device, with all that training it takes."""
    steps = len(feeds.train) // config.accumulate
    if steps == 0:
        few = f"{len(feeds.train)} batches make no step of {config.accumulate}"
        raise ConfigError(f"{few}; lower --accumulate or --batch, or prepare more samples")
    freeze(job.model, config.freeze)
    model = synced(job.model, device).to(device).to(memory_format=torch.channels_last)
    mean = copy.deepcopy(model).requires_grad_(False) if config.ema else model
    half = half_type(config, device)
    # Only numbers as small as those of float16 have to be scaled up.
    scaler = torch.amp.GradScaler(device.type, enabled=half is torch.float16)
    net = cast(nn.Module, torch.compile(model)) if config.compile else model
    state = State(model, mean, make_optimizer(model, config), scaler)
    return Loop(config, job.task, wrapped(net, device), device, half, steps), state


def half_type(config: LoopConfig, device: torch.device) -> torch.dtype | None:
    """Return the half precision to compute in, None for none."""
    if config.amp == "auto":
        if device.type != "cuda":
            return None
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return {"off": None, "bf16": torch.bfloat16, "fp16": torch.float16}[config.amp]


@dataclass(frozen=True)
class Training:
    """A training under way; the process that writes has a log."""

    loop: Loop
    state: State
    feeds: Feeds
    job: Job
    log: Log | None

    def save_last(self) -> None:
        """Keep all that going on takes."""
        if self.log:
            self.state.save(self.job.run / LAST, self.job.card)

    def save_best(self, scores: dict[str, float | None]) -> None:
        """Keep the model that the running mean is now."""
        if self.log:
            card, at = self.job.card, self.state.at
            about = {
                "started_from": card.get("training", {}).get("started_from", ""),
                "datasets": self.job.train.about(),
            }
            about |= {"epochs": at.epoch, "steps": at.step, "validation": scores}
            save(self.job.run / BEST, self.state.mean, card | {"training": about})


def go_on(training: Training, stop: Stop) -> None:
    """Train epoch by epoch, from wherever the state is."""
    config, at = training.loop.config, training.state.at
    if training.job.has_learned and at.first is None:
        judge(training)
        at.first = at.best
    while at.epoch < config.epochs and not (config.patience and at.stale >= config.patience):
        if not finish_epoch(training, stop):
            return
        at.epoch += 1
        judge(training)
        training.save_last()


def finish_epoch(training: Training, stop: Stop) -> bool:
    """Make the steps that are left of an epoch; save and return False where a signal stops them."""
    config, at, loop = training.loop.config, training.state.at, training.loop
    saved = time.monotonic()
    for losses in train_one_epoch(loop, training.state, training.feeds.train):
        if training.log:
            done, steps = at.done(loop.steps, config.accumulate), config.epochs * loop.steps
            training.log.step(at, losses, config.lr * share_of_rate(done - 1, steps, config))
        if any_of(stop.code != 0, loop.device):
            training.save_last()
            stop.set(stop.code or 1)
            return False
        if time.monotonic() - saved > SAVE_EVERY_S:
            training.save_last()
            saved = time.monotonic()
    return True


def judge(training: Training) -> None:
    """Measure what the net has become, keep it if it is the best so far, and tell."""
    state, loop, at = training.state, training.loop, training.state.at
    agree(state.mean)
    scores = validate(loop, state.mean, training.feeds.val)
    losses = {name: total / loop.steps for name, total in at.sums.items()}
    at.batch, at.sums = 0, {}
    better = scores[loop.task.best] > at.best
    at.best, at.stale = (scores[loop.task.best], 0) if better else (at.best, at.stale + 1)
    if better:
        training.save_best(scores.json())
    if training.log:
        training.log.epoch(at, losses, scores, loop.task.best)
        training.log.examples(at, draw_examples(loop, state.mean, next(training.feeds.val.once())))
