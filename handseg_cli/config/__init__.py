"""One frozen dataclass per command: its docstring is the help, each field is an option, and defaults live only here.

A field without a dash in sight is `--its-name`; fields marked `Positional` or without a default are arguments.
Values are checked when the dataclass is made, so that a verb never meets settings that make no sense.
"""

from __future__ import annotations

from handseg_cli.config.about import DoctorConfig, ExportConfig, ShowConfig
from handseg_cli.config.data import DownloadConfig, PrepareConfig, SplitName
from handseg_cli.config.evaluate import EvalConfig, JudgedSplit
from handseg_cli.config.marks import Positional, Short
from handseg_cli.config.net import (
    POSE_WEIGHTS,
    DeviceName,
    Label,
    NetConfig,
    RunConfig,
    RuntimeName,
    TaskName,
    pose_weights,
)
from handseg_cli.config.predict import STDIN, Kind, PredictConfig, parse_shard, parse_size
from handseg_cli.config.status import StatusConfig
from handseg_cli.config.synth import SynthConfig
from handseg_cli.config.train import FinetuneConfig, LoopConfig, TrainConfig

__all__ = [
    "POSE_WEIGHTS",
    "STDIN",
    "DeviceName",
    "DoctorConfig",
    "DownloadConfig",
    "EvalConfig",
    "ExportConfig",
    "FinetuneConfig",
    "JudgedSplit",
    "Kind",
    "Label",
    "LoopConfig",
    "NetConfig",
    "Positional",
    "PredictConfig",
    "PrepareConfig",
    "RunConfig",
    "RuntimeName",
    "Short",
    "ShowConfig",
    "SplitName",
    "StatusConfig",
    "SynthConfig",
    "TaskName",
    "TrainConfig",
    "parse_shard",
    "parse_size",
    "pose_weights",
]
