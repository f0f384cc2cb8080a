"""The figures of all models on all splits: as a table for people, and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import ClassVar

from handseg_cli.evaluate.findings import Findings, Result, figure, spread
from handseg_cli.evaluate.judge import Figures, Levels, Row, curve
from handseg_cli.metrics.regions import iou, precision, recall, seed_miou
from handseg_cli.paths import shown

SETTINGS = (
    *("protocol", "threshold", "size", "min_area", "crf", "tile", "closer", "tta"),
    *("runtime", "device", "half", "limit"),
)

NOTES = (
    "mIoU: of background and hand, as the first system counts it (a photo without hands gets 0.5 at best).",
    "IoU: of hands, the mean over photos with its 95 % interval (no hand and none found: 1); pooled: of all pixels.",
)


@dataclass(frozen=True)
class MaskResult(Result[Row, Figures]):
    """What came of one model on one split of a dataset."""

    levels: Levels = field(repr=False)

    @property
    def has_probabilities(self) -> bool:
        """Tell whether a net was judged, and not finished masks."""
        return "sha256" in self.model_about


@dataclass(frozen=True)
class Report(Findings[MaskResult]):
    """What `handseg eval` has found of masks."""

    SETTINGS: ClassVar = SETTINGS

    def __str__(self) -> str:
        """Return dataset by partition with mIoU and IoU, a line for each."""
        heads = ("model", "dataset", "split", "photos", "mIoU", "IoU", "95 %", "pooled", "dice", "net ms")
        notes = list(NOTES)
        if self.config.protocol == "seed":
            notes = ["Masks were compared as squares of 256 x 256 pixels (--protocol seed).", "", *notes]
        return self.table(heads, cells, notes)

    def json(self) -> str:
        """Return all figures, down to each photo, as one JSON object."""
        return self.as_json(result_json, "photos", row_json)


def cells(result: MaskResult) -> tuple[str, ...]:
    """Return the line of one result."""
    scores = result.scores
    ends = spread(result.figures.intervals["iou"], 3) or "-"
    means = [figure(scores[name]) for name in ("seed_miou", "iou")]
    rest = [figure(scores[name]) for name in ("pooled_iou", "dice")]
    latency = figure(scores["net_ms"], 1)
    name = shown(result.model), shown(result.dataset), result.split, f"{len(result.rows):,}"
    return *name, *means, ends, *rest, latency


def result_json(result: MaskResult) -> dict[str, object]:
    """Return what only this task has as what JSON can hold."""
    return {
        "intervals": {name: list(ends) if ends else None for name, ends in result.figures.intervals.items()},
        "by_hand_size": {name: scores.json() for name, scores in result.figures.sizes.items()},
        "thresholds": curve(result.levels) if result.has_probabilities else [],
    }


def row_json(row: Row) -> dict[str, object]:
    """Return the figures of one photo."""
    counts = row.counts
    measures = {"iou": iou, "seed_miou": seed_miou, "precision": precision, "recall": recall}
    values = {name: round(how(counts), 5) for name, how in measures.items()}
    found = {"key": row.key, "group": row.group, **values, "boundary_f": round(row.boundary, 5)}
    return found | {"hand_share": round(row.share, 5), **asdict(counts)}
