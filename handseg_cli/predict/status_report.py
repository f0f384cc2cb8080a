"""What the status verb answers: a table for people, or JSON, and an exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from handseg_cli.paths import Place, shown
from handseg_cli.predict.manifest import readable

COUNTS = ("done", "skipped", "busy", "failed")
WIDTH = 40  # of a manifest's name in the table


@dataclass(frozen=True)
class Failures:
    """The inputs that failed for reasons alike; `example` is the path of one, `reason` its own."""

    reason: str
    count: int
    example: str


@dataclass
class Part:
    """What one manifest tells. `rate` is in photos a second; `last` is the time of its last record, since 1970."""

    path: Place
    exists: bool = False
    damaged: int = 0  # lines that are none, such as one that a power cut has cut off
    done: int = 0
    skipped: int = 0
    busy: int = 0
    failed: int = 0
    rate: float = 0.0
    last: float = 0.0
    running: bool = False

    def row(self, now: float) -> str:
        """Return its line of the table."""
        name = shown(readable(self.path))
        name = name if len(name) <= WIDTH else "..." + name[3 - WIDTH :]
        if not self.exists:
            return f"{name:{WIDTH}}  is not there yet"
        counts = "".join(f"{getattr(self, each):>10}" for each in COUNTS)
        rate = f"{self.rate:.3g}" if self.rate else ""
        age = f"{duration(now - self.last)} ago" if self.last else ""
        damaged = f"  {self.damaged} damaged lines" if self.damaged else ""
        return f"{name:{WIDTH}}{counts}{rate:>10}  {age}{damaged}".rstrip()


@dataclass
class Report:
    """What all manifests tell; `inputs` and `missing` are None where nobody has said what is to be done."""

    parts: list[Part]
    failures: list[Failures]
    inputs: int | None
    missing: int | None
    example: str  # of what is missing
    now: float
    as_json: bool = False

    def total(self, name: str) -> int:
        """Return the sum of a count over all manifests."""
        return sum(getattr(part, name) for part in self.parts)

    @property
    def rate(self) -> float:
        """Return the photos a second of all that is running."""
        return sum(part.rate for part in self.parts if part.running)

    @property
    def seconds_left(self) -> float | None:
        """Return how long what is missing takes at that rate, None where that cannot be told."""
        if self.missing is None:
            return None
        if not self.missing:
            return 0.0
        return self.missing / self.rate if self.rate else None

    @property
    def exit_code(self) -> int:
        """What the process ends with, see `handseg status --help`."""
        is_open = self.total("failed") or self.total("busy") or self.missing
        return int(bool(is_open) or not all(part.exists for part in self.parts))

    def __str__(self) -> str:
        return json.dumps(self.json(), indent=2) if self.as_json else "\n".join(self.lines())

    def json(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        parts = [
            {
                **vars(part),
                "path": readable(part.path),
                "rate": round(part.rate, 3),
                "last": part.last or None,
            }
            for part in self.parts
        ]
        left = self.seconds_left
        return {
            **{name: self.total(name) for name in (*COUNTS, "damaged")},
            "inputs": self.inputs,
            "missing": self.missing,
            "missing_example": self.example,
            "rate": round(self.rate, 3),
            "seconds_left": left if left is None else round(left),
            "failures": [vars(each) for each in self.failures],
            "manifests": parts,
        }

    def lines(self) -> list[str]:
        """Return the report for people."""
        heads = "".join(f"{name:>10}" for name in (*COUNTS, "photos/s"))
        lines = [f"{'manifest':{WIDTH}}{heads}  last record", *(part.row(self.now) for part in self.parts)]
        if len(self.parts) > 1:
            counts = "".join(f"{self.total(name):>10}" for name in COUNTS)
            rate = f"{self.rate:.3g}" if self.rate else ""
            lines.append(f"{'all':{WIDTH}}{counts}{rate:>10}".rstrip())
        for each in self.failures:
            lines.append(f"{each.count} failed, such as {shown(each.example)}: {shown(each.reason)}")
        if self.missing is not None:
            example = f", such as {shown(self.example)}" if self.missing else ""
            lines.append(f"{self.missing} of {self.inputs} missing{example}")
        left = self.seconds_left
        if left:
            lines.append(f"{duration(left)} left")
        elif self.missing:
            lines.append("nothing is running")
        return lines


def duration(seconds: float) -> str:
    """Return a time span in its two largest units."""
    whole = max(round(seconds), 0)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
