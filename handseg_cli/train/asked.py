"""What is asked of a net that is to be trained: its task, its arguments, and the pictures it is shown."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median
from typing import Any

from handseg_cli.config import LoopConfig, TrainConfig
from handseg_cli.config.train import FITS_OF_JOINTS
from handseg_cli.loading.mix import Each, Mix
from handseg_cli.loading.recipe import Recipe
from handseg_cli.tasks.hands import Hands
from handseg_cli.tasks.hands3d import Hands3d
from handseg_cli.tasks.keypoints import Keypoints
from handseg_cli.tasks.lifting import Lifting
from handseg_cli.tasks.pose import Pose
from handseg_cli.tasks.task import Task

WIDE = 1.5  # photos are about so much wider than high: what the size of a half says of the whole


def arguments_of(config: TrainConfig) -> dict[str, Any]:
    """Return what the net is built with, as its card will say."""
    arguments: dict[str, dict[str, Any]] = {
        "lite": {"tells": ["hand", *config.tells]},
        "deeplab": {"channels": config.channels},
        "poselift": {"variant": config.variant},
        "digit": {"fusion": config.variant != "unfused"},
    }
    return arguments.get(config.model, {})


def task_of(config: LoopConfig, card: dict[str, Any]) -> Task:
    """Return the task of the net of a card."""
    if card["task"] == "keypoints":
        return Keypoints(config.terms)
    if card["task"] == "lifting":
        return Lifting(config.terms, card["arguments"].get("variant", "proposed"))
    if card["task"] == "hands3d":
        return Hands3d(config.terms)
    return Pose(config.terms) if card["task"] == "pose" else Hands(config.terms)


def each_of(config: LoopConfig) -> Each:
    """Return what a sample is: a photo, a hand of one, or both."""
    if config.fit == "pair":
        return "pair"
    if config.fit == "hand3d":
        return "dominant"
    return "hand" if config.fit == "hand" else "photo"


def recipe_of(config: LoopConfig, task: Task) -> Recipe:
    """Return how training pictures are made."""
    recipe = Recipe(config.size, config.fit, config.augment, config.cutouts, task.targets)
    return replace(recipe, noise=config.noise, palm=config.palm) if isinstance(config, TrainConfig) else recipe


def seen(config: TrainConfig, photos: Mix) -> dict[str, Any]:
    """Return what the card tells of how the net sees photos, given those that it learns from."""
    if config.fit in FITS_OF_JOINTS:
        return {"size": config.size, "fit": "squash", "root": "palm" if config.palm else "wrist"}
    if config.fit == "cut":
        # At their own scale: as large as most of them are.
        usual = median(math.sqrt(height * width) for height, width in photos.sizes())
        return {"size": round(usual / 8) * 8, "fit": "area"}
    # Halves are the squares at both ends of a photo, which is seen as a whole when it is judged.
    size = config.size if config.fit != "halves" else round(config.size * WIDE**0.5 / 16) * 16
    return {"size": size, "fit": "squash" if config.fit == "squash" else "area"}
