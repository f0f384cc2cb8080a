"""The finetune verb: a folder of pairs is prepared, parted and learned from; a model that gains nothing is not kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from handseg_cli.checkpoints.start import start
from handseg_cli.checkpoints.weights import find_weights, tells_of
from handseg_cli.config import FinetuneConfig, PrepareConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.errors import ConfigError
from handseg_cli.io.progress import Progress
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.train.asked import recipe_of, task_of
from handseg_cli.train.train import Job, Trained, work

NAME = "folder"
FINER = 2  # photos are kept so many times as large as training pictures: crops may come near


def finetune(config: FinetuneConfig) -> Trained:
    """Teach a model the photos of a folder."""
    torch.manual_seed(config.seed)
    card = find_weights(config.weights, "torch").card
    model, card = start(str(card.get("model")), dict(card.get("arguments", {})), config.weights)
    if card["task"] != "hands":
        raise ConfigError(f"--model {config.weights}: is of {card['task']}, and masks in a folder teach hands alone")
    config = replace(config, size=config.size or card["size"])
    card |= {"size": config.size}
    if untaught := tells_of(card)[1:]:
        card |= {"untaught": list(untaught)}
        told = ", ".join(untaught)
        Progress(config.quiet, "").say(f"masks teach hands alone: what the model tells of {told} may get worse")
    path = prepare_folder(config)
    # What other commands keep to choose and to judge by are a fifth each: here one of them is enough.
    count = len(Mix([Part(NAME, path)], "train+test"))
    often = max(1.0, config.steps * config.accumulate * config.batch / count)
    train = Mix([Part(NAME, path, often)], "train+test")
    task, judged = task_of(config, card), Mix([Part(NAME, path)], "val")
    job = Job(config.run, model, card, task, recipe_of(config, task), train, judged, has_learned=True)
    return work(config, job)


def prepare_folder(config: FinetuneConfig) -> Path:
    """Prepare the folder within the run."""
    wanted = PrepareConfig(
        names=(NAME,),
        raw=config.folder,
        output=config.run / "data",
        size=min(8192, FINER * config.size),
        seed=config.seed,
        quiet=config.quiet,
    )
    return prepare(wanted).files[0].path
