"""What a run of any task takes: its sinks, known before a net is opened, and the opened nets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from handseg_cli.checkpoints.weights import find_weights, require_task
from handseg_cli.config import PredictConfig
from handseg_cli.io.images import Photo
from handseg_cli.predict.predictor import choose_runtime, open_for, whole
from handseg_cli.predict.sinks import Sinks
from handseg_cli.sample import Image, Prediction


class Predicts(Protocol):
    """What tells of photos what a run is to write; may be called from several threads at once."""

    @property
    def needs_full(self) -> bool:
        """Tell whether photos have to be decoded at their full size."""
        ...

    @property
    def pixels(self) -> int:
        """Return how many pixels of a photo are looked at."""
        ...

    def __call__(self, image: Image) -> Prediction:
        """Tell of one photo: (H, W, 3) uint8 RGB."""
        ...

    def segment(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Tell of some photos."""
        ...


def sinks_of(config: PredictConfig) -> Sinks:
    """Return where a run writes to, with what its nets are known by; none of them is opened."""
    if config.task == "pose":
        from handseg_cli.predict.pose_nets import find_pose_nets  # nobody waits for it who wants masks

        return find_pose_nets(config, config.finder).sinks(config)
    if config.task == "hands3d":
        from handseg_cli.predict.pair_nets import find_pair_nets

        return find_pair_nets(config, config.finder).sinks(config)
    weights = find_weights(config.weights, choose_runtime(config))
    require_task(weights.name, weights.card, "hands")
    return Sinks(config, weights.sha256[:16], config.size or whole(weights, "size"), weights.name)


def opened(config: PredictConfig) -> tuple[Predicts, Sinks]:
    """Open the nets of a run, and return where it writes to."""
    if config.task == "pose":
        from handseg_cli.predict.pose_nets import find_pose_nets, open_poses

        nets = find_pose_nets(config, config.finder)
        return open_poses(nets, config.focal), nets.sinks(config)
    if config.task == "hands3d":
        from handseg_cli.predict.pair_nets import find_pair_nets, open_pairs

        nets = find_pair_nets(config, config.finder)
        return open_pairs(nets, config.focal), nets.sinks(config)
    predictor, weights = open_for(config)
    return predictor, Sinks(config, weights.sha256[:16], predictor.size, weights.name)
