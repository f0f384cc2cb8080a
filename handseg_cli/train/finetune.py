"""The finetune verb: a folder of pairs is prepared, parted and learned from; a model that gains nothing is not kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from handseg_cli.checkpoints.start import start
from handseg_cli.checkpoints.weights import find_weights
from handseg_cli.config import FinetuneConfig, PrepareConfig
from handseg_cli.datasets.prepare import prepare
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.train.train import Job, Trained, work

NAME = "folder"
FINER = 2  # photos are kept so many times as large as training pictures: crops may come near


def finetune(config: FinetuneConfig) -> Trained:
    """Teach a model the photos of a folder."""
    torch.manual_seed(config.seed)
    card = find_weights(config.weights, "torch").card
    model, card = start(str(card.get("model")), dict(card.get("arguments", {})), config.weights)
    config = replace(config, size=config.size or card["size"])
    card |= {"size": config.size}
    path = prepare_folder(config)
    # What other commands keep to choose and to judge by are a fifth each: here one of them is enough.
    count = len(Mix([Part(NAME, path)], "train+test"))
    often = max(1.0, config.steps * config.accumulate * config.batch / count)
    train = Mix([Part(NAME, path, often)], "train+test")
    return work(config, Job(config.run, model, card, train, Mix([Part(NAME, path)], "val"), has_learned=True))


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
