"""What the figures of all tasks have in common: counts and failures, the table for people, the frame of the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from handseg_cli import __version__
from handseg_cli.config import EvalConfig
from handseg_cli.errors import DatasetError, ImageError

# What ends one photo; anything else ends the run.
FAILURES = (ImageError, DatasetError, MemoryError)


@dataclass(frozen=True)
class Failure:
    """A photo that was not judged."""

    key: str
    reason: str


class Judged(Protocol):
    """What came of one model on one split of a dataset."""

    @property
    def rows(self) -> Sequence[object]:
        """Return what was judged, one by one."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """Return the photos that were not."""
        ...


R = TypeVar("R", bound=Judged)


@dataclass(frozen=True)
class Findings(Generic[R]):
    """What `handseg eval` has found; exits with 1 if photos could not be judged."""

    SETTINGS: ClassVar[tuple[str, ...]]  # what the figures depend on, by the names of the options

    config: EvalConfig
    results: list[R]

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
    def settings(self) -> dict[str, object]:
        """Return what the figures depend on."""
        return {name: getattr(self.config, name) for name in self.SETTINGS}

    def table(self, heads: tuple[str, ...], cells: Callable[[R], tuple[str, ...]], notes: Sequence[str]) -> str:
        """Return a line for each result, and under them what has to be known of them."""
        rows = [heads, *map(cells, self.results)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
        lines = ["  ".join(aligned(row, widths)).rstrip() for row in rows]
        if self.config.limit:
            notes = [f"At most {self.config.limit:,} photos of each split were judged (--limit).", "", *notes]
        return "\n".join([*lines, "", *notes])

    def as_json(self, result_json: Callable[[R], dict[str, object]]) -> str:
        """Return all figures as one JSON object."""
        results = [result_json(result) for result in self.results]
        content = {"handseg": __version__, "settings": self.settings, "results": results}
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def failure_of(key: str, error: Exception) -> Failure:
    """Say why a photo was not judged."""
    return Failure(key, "there is not enough memory for it" if isinstance(error, MemoryError) else str(error))


def figure(value: float, digits: int = 3) -> str:
    """Write a figure, a dash for one that is not known."""
    return f"{value:.{digits}f}" if value == value else "-"


def aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Pad the cells of a line: names to the left, numbers to the right."""
    return [
        cell.ljust(width) if column < 3 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
