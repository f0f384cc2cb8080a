"""The nets that poses take: one that finds hands and a pose model, our own net or a folder with those of hand3d."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

from handseg_cli.checkpoints.chain import Chain, find_chain
from handseg_cli.checkpoints.weights import Weights, find_weights, require_task
from handseg_cli.config import POSE_WEIGHTS, DeviceName, NetConfig, PredictConfig, pose_weights
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.predict.posers import Hand3d, Handpose, Poser
from handseg_cli.predict.poses import PosePredictor
from handseg_cli.predict.predictor import Predictor, choose_runtime, open_net, predictor_of, whole
from handseg_cli.predict.sinks import Sinks
from handseg_cli.registry import WEIGHTS, resolve
from handseg_cli.runtime.session import ArraySession, Session

OPEN_CHECKPOINT = "handseg_cli.runtime.torch_session:open_checkpoint"

Card = dict[str, Any]


class TorchNet(Session, ArraySession, Protocol):
    """An opened checkpoint of any kind."""


@dataclass(frozen=True)
class PoseNets:
    """The nets of poses before they are opened, and how they are to be: `finding` is of the one that finds hands.

    `finder` is None where a chain has one of its own.
    """

    config: NetConfig
    finding: NetConfig
    model: Weights | Chain
    finder: Weights | None

    def sinks(self, config: PredictConfig) -> Sinks:
        """Return where a run writes to, with what the nets are known by; a chain's own finder is in its hash."""
        finder = self.finder.sha256[:16] if self.finder else ""
        size = config.size or (whole(self.finder, "size") if self.finder else 0)
        return Sinks(config, self.model.sha256[:16], size, self.model.name, finder)


def load_poses(
    weights: str = POSE_WEIGHTS, finder: str = "", focal: float = 0.0, *, device: DeviceName = "cpu"
) -> PosePredictor:
    """Open a pose model and a net that finds hands for it; all are as in `handseg predict --task pose`.

    prediction = load_poses()(image)
    prediction.poses[0].points
    """
    return open_poses(find_pose_nets(NetConfig(weights=weights, device=device), finder), focal)


def find_pose_nets(config: NetConfig, finder: str = "") -> PoseNets:
    """Find a pose model and the net that is to find hands for it: `finder`, or the model's own, or the embedded one."""
    config, finding = config.net(pose_weights(config.weights)), config.net(finder or NetConfig.weights)
    model = find_model(config)
    if isinstance(model, Chain) and model.finder and not finder:
        return PoseNets(config, finding, model, None)
    return PoseNets(config, finding, model, find_finder(config, finder))


def find_finder(config: NetConfig, finder: str) -> Weights:
    """Find a net that finds hands by name or path, the embedded one if none is named."""
    finding = config.net(finder or NetConfig.weights)
    weights = find_weights(finding.weights, choose_runtime(finding))
    require_task(weights.name, weights.card, "hands")
    return weights


def find_model(config: NetConfig) -> Weights | Chain:
    """Find a pose model by name or path."""
    folder = Path(config.weights)
    if config.weights not in WEIGHTS and folder.is_dir():
        if config.runtime not in ("auto", "torch"):
            raise ConfigError(f"{folder}: hand3d runs in PyTorch; leave out --runtime {config.runtime}")
        return find_chain(folder)
    weights = find_weights(config.weights, choose_runtime(config))
    require_task(weights.name, weights.card, "pose")
    return weights


def open_poses(nets: PoseNets, focal: float = 0.0) -> PosePredictor:
    """Open the nets."""
    return PosePredictor(open_finder(nets), open_poser(nets), focal=focal)


def open_finder(nets: PoseNets) -> Predictor:
    """Open the net that finds hands, and have it tell of sides if it can."""
    if nets.finder is not None:
        predictor = predictor_of(open_net(nets.finder, nets.finding), nets.finder, nets.finding)
        return replace(predictor, draws_sides=predictor.sides)
    assert isinstance(nets.model, Chain)
    session, card = open_checkpoint(nets.model.finder, nets.config)
    require_task(nets.model.finder, card, "hands")
    return predictor_of(session, Weights(nets.model.finder, None, None, "", card), nets.finding)


def open_poser(nets: PoseNets) -> Poser:
    """Open the model that tells joints."""
    model, config = nets.model, nets.config
    if isinstance(model, Weights):
        return Handpose(open_net(model, config), whole(model, "size"))
    posenet, card = open_checkpoint(model.posenet, config)
    require_task(model.posenet, card, "keypoints")
    poselift, other = open_checkpoint(model.poselift, config)
    require_task(model.poselift, other, "lifting")
    size = whole(Weights(model.posenet, None, None, "", card), "size")
    return Hand3d(posenet, poselift, size, palm=root_of(model, card, other) == "palm")


def root_of(model: Chain, *cards: Card) -> str:
    """Return what is in the wrist's place: published weights, whose cards do not say, have the middle of the palm."""
    roots = {str(card.get("root", "palm")) for card in cards}
    if len(roots) > 1:
        raise CheckpointError(
            f"{model.name}: one of its nets has the palm in the wrist's place, one has not; take two alike"
        )
    return roots.pop()


def open_checkpoint(path: str, config: NetConfig) -> tuple[TorchNet, Card]:
    """Open a checkpoint of ours or of another system in PyTorch."""
    opens = cast(Callable[..., tuple[TorchNet, Card]], resolve(OPEN_CHECKPOINT))
    return opens(Path(path), device=config.device, half=config.half)
