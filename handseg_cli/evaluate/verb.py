"""The eval verb, of any task."""

from __future__ import annotations

from handseg_cli.config import EvalConfig
from handseg_cli.evaluate.pair_report import PairReport
from handseg_cli.evaluate.pair_run import evaluate_pairs
from handseg_cli.evaluate.pose_report import PoseReport
from handseg_cli.evaluate.pose_run import evaluate_poses
from handseg_cli.evaluate.report import Report
from handseg_cli.evaluate.run import evaluate as evaluate_masks


def evaluate(config: EvalConfig) -> Report | PoseReport | PairReport:
    """Judge what the task of the configuration is about."""
    if config.task == "hands3d":
        return evaluate_pairs(config)
    return evaluate_poses(config) if config.task == "pose" else evaluate_masks(config)
