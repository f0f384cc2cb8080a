"""What the figures of all tasks have in common: counts and failures, the table for people, the frame of the JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from handseg_cli import __version__
from handseg_cli.config import EvalConfig
from handseg_cli.errors import DatasetError, ImageError
from handseg_cli.metrics.scores import Scores

# What ends one photo; anything else ends the run.
FAILURES = (ImageError, DatasetError, MemoryError)

Ends = tuple[float, float] | None  # of an interval


@dataclass(frozen=True)
class Failure:
    """A photo that was not judged."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one photo, or of one true hand; `place` is where its source has the photo."""

    place: int
    key: str
    group: str


@dataclass(frozen=True)
class Summed:
    """All that is said of many photos; how many they are is among the scores."""

    scores: Scores


Row = TypeVar("Row", bound=Judged)
F = TypeVar("F", bound=Summed)


@dataclass(frozen=True)
class Result(Generic[Row, F]):
    """What came of one model on one split of a dataset."""

    model: str
    dataset: str
    split: str
    model_about: Mapping[str, str]
    split_about: Mapping[str, str | int]
    rows: Sequence[Row] = field(repr=False)
    failures: Sequence[Failure] = field(repr=False)
    figures: F = field(repr=False)

    @property
    def scores(self) -> Scores:
        """Return the figures over everything."""
        return self.figures.scores

    @property
    def name(self) -> str:
        """Say what was judged on what."""
        return f"{self.model} on {self.dataset} {self.split}"


R = TypeVar("R", bound=Result[Any, Any])


@dataclass(frozen=True)
class Findings(Generic[R]):
    """What `handseg eval` has found; exits with 1 if photos could not be judged."""

    SETTINGS: ClassVar[tuple[str, ...]]  # what the figures depend on, by the names of the options

    config: EvalConfig
    results: Sequence[R]

    @property
    def exit_code(self) -> int:
        """Return 1 if any photo was not judged."""
        return int(self.failed > 0)

    @property
    def judged(self) -> int:
        """Return how many photos, or true hands, were judged, by all models together."""
        return sum(len(result.rows) for result in self.results)

    @property
    def failed(self) -> int:
        """Return how many photos were not."""
        return sum(len(result.failures) for result in self.results)

    @property
    def left_out(self) -> str:
        """Say how many photos are in no figure, nothing if all are in."""
        photos = self.failed + sum(int(result.scores["photos"]) for result in self.results)
        return f"Not judged, and so in no figure: {self.failed:,} of {photos:,} photos" if self.failed else ""

    @property
    def limited(self) -> str:
        """Say that only some photos were to be judged, nothing if all were."""
        limit = self.config.limit
        return f"At most {limit:,} photos of each split were judged (--limit)." if limit else ""

    @property
    def settings(self) -> dict[str, object]:
        """Return what the figures depend on."""
        return {name: getattr(self.config, name) for name in self.SETTINGS}

    def table(self, heads: tuple[str, ...], cells: Callable[[R], tuple[str, ...]], notes: Sequence[str]) -> str:
        """Return a line for each result, and under them what has to be known of them."""
        rows = [heads, *map(cells, self.results)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
        lines = ["  ".join(aligned(row, widths)).rstrip() for row in rows]
        for said in (self.limited, f"{self.left_out}." if self.left_out else ""):
            lines += ["", said] if said else []
        return "\n".join([*lines, "", *notes])

    def as_json(self, more: Callable[[R], dict[str, object]], rows: str, row: Callable[[Any], object]) -> str:
        """Return all figures, down to each row, as one JSON object; `more` has what only this task has."""
        results = [
            {
                "model": {"name": result.model, **result.model_about},
                "dataset": {"name": result.dataset, **result.split_about},
                "scores": result.scores.json(),
                **more(result),
                "failures": [asdict(failure) for failure in result.failures],
                rows: [row(each) for each in result.rows],
            }
            for result in self.results
        ]
        content = {"handseg": __version__, "settings": self.settings, "results": results}
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def failure_of(key: str, error: Exception) -> Failure:
    """Say why a photo was not judged."""
    return Failure(key, "there is not enough memory for it" if isinstance(error, MemoryError) else str(error))


def figure(value: float, digits: int = 3) -> str:
    """Write a figure, a dash for one that is not known."""
    return f"{value:,.{digits}f}" if value == value else "-"


def spread(ends: Ends, digits: int) -> str:
    """Write an interval, nothing where there is none."""
    return f"{ends[0]:.{digits}f}-{ends[1]:.{digits}f}" if ends and all(map(math.isfinite, ends)) else ""


def aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Pad the cells of a line: names to the left, numbers to the right."""
    return [
        cell.ljust(width) if column < 3 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
