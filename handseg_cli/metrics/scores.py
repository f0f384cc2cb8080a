"""Figures with their names, for people and for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """Named numbers in a fixed order; one that is not known is NaN."""

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def __str__(self) -> str:
        """Return one line for each figure, names and numbers aligned."""
        width = max(map(len, self.values), default=0)
        return "\n".join(f"{name:{width}}  {number(value):>10}" for name, value in self.values.items())

    def json(self) -> dict[str, float | None]:
        """Return the figures as a dict that JSON can hold: what is not known is None."""
        return {name: value if math.isfinite(value) else None for name, value in self.values.items()}


def number(value: float) -> str:
    """Write a count with commas, any other figure with four digits, and one that is not known as a dash."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
