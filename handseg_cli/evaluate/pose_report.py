"""The figures of all pose models on all splits: as a table for people, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from handseg_cli.evaluate.findings import Findings, Result, figure
from handseg_cli.evaluate.pose_judge import LIMITS, Curves, Floats, HandRow, PoseFigures, mean_of
from handseg_cli.paths import shown

SETTINGS = (
    *("task", "given", "finder", "threshold", "size", "min_area", "crf", "tile", "closer", "tta"),
    *("runtime", "device", "half", "limit"),
)

NOTES = (
    "EPE: how far joints are off, in pixels of the photo and in mm, the mean over joints; of hands that were found.",
    "AUC: the area below the share of joints within each distance, 0-30 px and 20-50 mm; of missed hands, too.",
    "In mm a hand is made as large as the true one and is seen from its wrist (Zimmermann & Brox 2017).",
)


PoseResult = Result[HandRow, PoseFigures]


@dataclass(frozen=True)
class PoseReport(Findings[PoseResult]):
    """What `handseg eval` has found of joints."""

    SETTINGS: ClassVar = SETTINGS

    def __str__(self) -> str:
        """Return dataset by partition with errors and areas, a line for each."""
        heads = (
            *("model", "dataset", "split", "hands", "found", "false", "side"),
            *("EPE px", "median", "AUC px", "EPE mm", "median", "AUC mm", "ms"),
        )
        notes = list(NOTES)
        if self.config.given == "hands":
            notes = ["The true hands were shown, none had to be found (--given hands).", "", *notes]
        return self.table(heads, cells, notes)

    def json(self) -> str:
        """Return all figures, down to each hand, as one JSON object."""
        return self.as_json(lambda result: {"pck": curves_json(result.figures.curves)}, "hands", row_json)


def cells(result: PoseResult) -> tuple[str, ...]:
    """Return the line of one result."""
    scores = result.scores
    name = shown(result.model), shown(result.dataset), result.split
    counts = (f"{scores[each]:,.0f}" for each in ("hands", "found", "false"))
    pixels = figure(scores["epe_mean_px"], 2), figure(scores["epe_median_px"], 2), figure(scores["auc_0_30_px"])
    space = figure(scores["epe_mean_mm"], 2), figure(scores["epe_median_mm"], 2), figure(scores["auc_20_50_mm"])
    return *name, *counts, figure(scores["side_accuracy"]), *pixels, *space, figure(scores["pose_ms"], 1)


def curves_json(curves: Curves) -> dict[str, object]:
    """Return curves with their limits as what JSON can hold."""
    return {unit: {"limits": listed(LIMITS[unit]), "shares": listed(shares)} for unit, shares in curves.items()}


def row_json(row: HandRow) -> dict[str, object]:
    """Return the figures of one hand."""
    errors = {"epe_px": mean_of(row.pixels), "epe_mm": mean_of(row.millimetres)}
    found = {"key": row.key, "group": row.group, "side": row.side, "found": row.found, "said": row.said}
    return found | {name: known(value) for name, value in errors.items()}


def listed(values: Floats) -> Sequence[float | None]:
    """Return numbers as JSON can hold them."""
    return [known(value) for value in values.tolist()]


def known(value: float) -> float | None:
    """Return a rounded number, None for one that is none."""
    return round(value, 5) if math.isfinite(value) else None
