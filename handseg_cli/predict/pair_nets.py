"""The nets that pairs of hands take: one that finds hands, and one that looks at two at once."""

from __future__ import annotations

from handseg_cli.checkpoints.weights import Weights, find_weights, require_task
from handseg_cli.config import NetConfig
from handseg_cli.errors import ConfigError
from handseg_cli.predict.pair_net import PairNet
from handseg_cli.predict.pairs import PairPredictor
from handseg_cli.predict.pose_nets import PoseNets, find_finder, open_finder
from handseg_cli.predict.predictor import choose_runtime, open_net, whole

NO_MODEL = (
    "--task hands3d: no model of two hands comes with this version; name one by --model FILE: train it with "
    "`handseg train RUN --preset digit`, or get the published db7cba8c1.pt and run `handseg export` on it"
)


def find_pair_nets(config: NetConfig, finder: str = "") -> PoseNets:
    """Find a model of two hands and the net that is to find hands for it: `finder`, or the embedded one."""
    if config.weights == NetConfig.weights:
        raise ConfigError(NO_MODEL)
    own = config.net(config.weights)
    model = find_weights(own.weights, choose_runtime(own))
    require_task(model.name, model.card, "hands3d")
    return PoseNets(own, config.net(finder or NetConfig.weights), model, find_finder(config, finder))


def open_pairs(nets: PoseNets, focal: float = 0.0) -> PairPredictor:
    """Open the nets."""
    assert isinstance(nets.model, Weights)
    net = PairNet(open_net(nets.model, nets.config), whole(nets.model, "size"))
    return PairPredictor(open_finder(nets), net, focal=focal)
