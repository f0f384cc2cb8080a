"""The figures of all models on all splits: as a table for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from handseg_cli import __version__
from handseg_cli.config import EvalConfig
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.evaluate.judge import Figures, Levels, Row, curve
from handseg_cli.metrics.regions import iou, precision, recall, seed_miou
from handseg_cli.metrics.scores import Scores
from handseg_cli.paths import shown

SETTINGS = (
    *("protocol", "threshold", "size", "min_area", "crf", "tile", "closer", "tta"),
    *("runtime", "device", "half", "limit"),
)

NOTES = (
    "mIoU: of background and hand, as the first system counts it (a photo without hands gets 0.5 at best).",
    "IoU: of hands, the mean over photos with its 95 % interval (no hand and none found: 1); pooled: of all pixels.",
)


# What ends one photo; anything else ends the run.
FAILURES = (ImageError, DatasetError, MemoryError)


@dataclass(frozen=True)
class Failure:
    """A photo that was not judged."""

    key: str
    reason: str


def failure_of(key: str, error: Exception) -> Failure:
    """Say why a photo was not judged."""
    return Failure(key, "there is not enough memory for it" if isinstance(error, MemoryError) else str(error))


@dataclass(frozen=True)
class Result:
    """What came of one model on one split of a dataset."""

    model: str
    dataset: str
    split: str
    model_about: dict[str, str]
    split_about: dict[str, str | int]
    rows: list[Row] = field(repr=False)
    failures: list[Failure] = field(repr=False)
    levels: Levels = field(repr=False)
    figures: Figures = field(repr=False)

    @property
    def scores(self) -> Scores:
        """Return the figures over all photos."""
        return self.figures.scores

    @property
    def has_probabilities(self) -> bool:
        """Tell whether there was more to judge than finished masks."""
        return bool(self.levels[:, 1:255].any())


@dataclass(frozen=True)
class Report:
    """What `handseg eval` has found; exits with 1 if photos could not be judged."""

    config: EvalConfig
    results: list[Result]

    @property
    def exit_code(self) -> int:
        """Return 1 if any photo was not judged."""
        return int(self.failed > 0)

    @property
    def judged(self) -> int:
        """Return how many photos were judged, by all models together."""
        return sum(len(result.rows) for result in self.results)

    @property
    def failed(self) -> int:
        """Return how many were not."""
        return sum(len(result.failures) for result in self.results)

    @property
    def settings(self) -> dict[str, object]:
        """Return what the figures depend on."""
        return {name: getattr(self.config, name) for name in SETTINGS}

    def __str__(self) -> str:
        """Return dataset by partition with mIoU and IoU, a line for each."""
        heads = ("model", "dataset", "split", "photos", "mIoU", "IoU", "95 %", "pooled", "dice", "net ms")
        rows = [heads, *map(cells, self.results)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
        lines = ["  ".join(aligned(row, widths)).rstrip() for row in rows]
        if self.failed:
            lines += ["", f"Not judged, and so in no figure: {self.failed:,} of {self.failed + self.judged:,} photos."]
        if self.config.protocol == "seed":
            lines += ["", "Masks were compared as squares of 256 x 256 pixels (--protocol seed)."]
        if self.config.limit:
            lines += ["", f"At most {self.config.limit:,} photos of each split were judged (--limit)."]
        return "\n".join([*lines, "", *NOTES])

    def json(self) -> str:
        """Return all figures, down to each photo, as one JSON object."""
        results = [result_json(result) for result in self.results]
        content = {"handseg": __version__, "settings": self.settings, "results": results}
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def cells(result: Result) -> tuple[str, ...]:
    """Return the line of one result."""
    scores = result.scores
    found = result.figures.intervals["iou"]
    ends = "{:.3f}-{:.3f}".format(*found) if found else "-"
    means = [figure(scores[name]) for name in ("seed_miou", "iou")]
    rest = [figure(scores[name]) for name in ("pooled_iou", "dice")]
    latency = figure(scores["net_ms"], 1)
    name = shown(result.model), shown(result.dataset), result.split, f"{len(result.rows):,}"
    return *name, *means, ends, *rest, latency


def figure(value: float, digits: int = 3) -> str:
    """Write a figure, a dash for one that is not known."""
    return f"{value:.{digits}f}" if value == value else "-"


def aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Pad the cells of a line: names to the left, numbers to the right."""
    return [
        cell.ljust(width) if column < 3 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def result_json(result: Result) -> dict[str, object]:
    """Return one result as what JSON can hold."""
    return {
        "model": {"name": result.model, **result.model_about},
        "dataset": {"name": result.dataset, **result.split_about},
        "scores": result.scores.json(),
        "intervals": {name: list(ends) if ends else None for name, ends in result.figures.intervals.items()},
        "by_hand_size": {name: scores.json() for name, scores in result.figures.sizes.items()},
        "thresholds": curve(result.levels) if result.has_probabilities else [],
        "failures": [asdict(failure) for failure in result.failures],
        "photos": [row_json(row) for row in result.rows],
    }


def row_json(row: Row) -> dict[str, object]:
    """Return the figures of one photo."""
    counts = row.counts
    measures = {"iou": iou, "seed_miou": seed_miou, "precision": precision, "recall": recall}
    values = {name: round(how(counts), 5) for name, how in measures.items()}
    found = {"key": row.key, "group": row.group, **values, "boundary_f": round(row.boundary, 5)}
    return found | {"hand_share": round(row.share, 5), **asdict(counts)}
