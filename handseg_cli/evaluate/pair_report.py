"""The figures of all models of two hands on all splits: as a table for people, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from handseg_cli.evaluate.findings import Findings, Result, figure, spread
from handseg_cli.evaluate.pair_judge import PairFigures, PairRow
from handseg_cli.evaluate.pose_report import SETTINGS, curves_json, known
from handseg_cli.paths import shown

NOTES = (
    "MPJPE: how far joints are off, in mm from the own wrist, the mean over 42 joints: of all photos, of those with a",
    "single hand, of those with two. MRRPE: how wrong the way from right to left wrist is. Both as DIGIT counts them.",
    "hands: share of the photos of which it is rightly said which hands there are. IoU: of parts, mean over photos.",
)
OF_GIVEN = {
    "hands": "The true hands were shown, and how far wrists are from the camera was told (--given hands).",
    "photo": "Hands were found in the photos, and are as far away as hands of usual size would be (see --given hands).",
}


PairResult = Result[PairRow, PairFigures]


@dataclass(frozen=True)
class PairReport(Findings[PairResult]):
    """What `handseg eval` has found of two hands."""

    SETTINGS: ClassVar = SETTINGS

    def __str__(self) -> str:
        """Return dataset by partition with errors, a line for each."""
        heads = ("model", "dataset", "split", "photos", "missed", "MPJPE", "95 %", "single", "two", "MRRPE", "hands")
        return self.table((*heads, "IoU", "ms"), cells, [OF_GIVEN[self.config.given], "", *NOTES])

    def json(self) -> str:
        """Return all figures, down to each photo, as one JSON object."""
        return self.as_json(result_json, "photos", row_json)


def cells(result: PairResult) -> tuple[str, ...]:
    """Return the line of one result."""
    scores = result.scores
    name = shown(result.model), shown(result.dataset), result.split
    counts = (f"{scores[each]:,.0f}" for each in ("photos", "missed"))
    ends = spread(result.figures.intervals["mpjpe_all"], 1) or "-"
    errors = (figure(scores[each], 2) for each in ("mpjpe_sh", "mpjpe_ih", "mrrpe"))
    shares = (figure(scores[each]) for each in ("handness_acc", "part_iou"))
    return *name, *counts, figure(scores["mpjpe_all"], 2), ends, *errors, *shares, figure(scores["pair_ms"], 1)


def result_json(result: PairResult) -> dict[str, object]:
    """Return what only this task has as what JSON can hold; "digit" is the table that the fourth system prints."""
    figures = result.figures
    return {
        "intervals": {name: list(map(known, ends)) if ends else None for name, ends in figures.intervals.items()},
        "digit": figures.digit.json(),
        "pck": curves_json(figures.curves),
    }


def row_json(row: PairRow) -> dict[str, object]:
    """Return the figures of one photo."""
    values: Sequence[tuple[str, float]] = (
        ("mpjpe40", row.error),
        ("mrrpe", float(row.two.between[0])),
        ("handness", float(row.two.handedness[0])),
        ("part_iou", row.iou),
    )
    found = {"key": row.key, "group": row.group, "hands": row.hands, "found": row.found}
    return found | {name: known(value) for name, value in values}
