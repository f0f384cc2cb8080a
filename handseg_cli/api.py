"""What `from handseg_cli import load, load_poses` gives: the predictors behind `handseg predict`, for use in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

from handseg_cli.config import POSE_WEIGHTS, DeviceName, NetConfig
from handseg_cli.predict.pose_nets import find_pose_nets, open_poses
from handseg_cli.predict.poses import PosePredictor
from handseg_cli.predict.predictor import Predictor, open_predictor

P = ParamSpec("P")


def opened_by(settings: Callable[P, NetConfig]) -> Callable[P, Predictor]:
    """Return a function that takes what `settings` takes, so that names, types and defaults stay in one place."""

    @functools.wraps(settings, assigned=(), updated=())
    def load(*args: P.args, **kwargs: P.kwargs) -> Predictor:
        """Open a net and return its predictor; weights, runtime, device and the rest are those of NetConfig.

        predictor = load("lite", threshold=0.6, crf=True)
        prediction = predictor(image)
        """
        predictor, _ = open_predictor(settings(*args, **kwargs))
        return predictor

    return load


load = opened_by(NetConfig)


def load_poses(
    weights: str = POSE_WEIGHTS, finder: str = "", focal: float = 0.0, *, device: DeviceName = "cpu"
) -> PosePredictor:
    """Open a pose model and a net that finds hands for it; all are as in `handseg predict --task pose`.

    prediction = load_poses()(image)
    prediction.poses[0].points
    """
    return open_poses(find_pose_nets(NetConfig(weights=weights, device=device), finder), focal)
