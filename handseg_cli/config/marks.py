"""What the fields of configurations are marked with, and how their values are checked."""

from __future__ import annotations

from typing import NamedTuple

from handseg_cli.errors import ConfigError


class Short(NamedTuple):
    """Marks a field that has a second, shorter option."""

    flag: str


class Positional(NamedTuple):
    """Marks a field that is an argument although it has a default; its name is for the usage line."""

    metavar: str


def require(holds: bool, message: str) -> None:
    """Raise ConfigError with the message unless the condition holds."""
    if not holds:
        raise ConfigError(message)
