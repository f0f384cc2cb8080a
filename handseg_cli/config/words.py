"""Lists on the command line: NAME or NAME=WEIGHT, repeated or with commas between."""

from __future__ import annotations

from collections.abc import Sequence

from handseg_cli.errors import ConfigError


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Return the names in repeated options, each of which may hold several with commas between."""
    return tuple(name for value in values for name in (part.strip() for part in value.split(",")) if name)


def weighted(values: Sequence[str]) -> dict[str, float]:
    """Return the weight of each name, 1 where none is said; the last of a repeated name counts."""
    return dict(map(weight, names(values)))


def weight(text: str) -> tuple[str, float]:
    """Read NAME or NAME=WEIGHT; the name of a file may have a = in it."""
    name, equals, number = text.rpartition("=")
    if not equals or number.endswith(".h5"):
        return text, 1.0
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not (name and 0 < value < float("inf")):
        raise ConfigError(f"{text!r} is not NAME or NAME=WEIGHT with a weight above 0, such as hof=0.5")
    return name, value
