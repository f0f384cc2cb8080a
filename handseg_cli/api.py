"""What `from handseg_cli import load` gives: the predictor behind `handseg predict`, for use in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

from handseg_cli.config import NetConfig
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
