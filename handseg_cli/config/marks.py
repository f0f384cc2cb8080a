"""What the fields of configurations are marked with, and how their values are checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from handseg_cli.errors import ConfigError
from handseg_cli.paths import Url, is_address, place


class Short(NamedTuple):
    """Marks a field that has a second, shorter option."""

    flag: str


class Positional(NamedTuple):
    """Marks a field that is an argument although it has a default; its name is for the usage line."""

    metavar: str


def check_addresses(names: Iterable[str], allow_http: bool) -> None:
    """Raise ConfigError for an address among names that is not to be read from."""
    for url in (place(name) for name in names if is_address(name)):
        web = isinstance(url, Url) and url.is_web
        require(allow_http or not web, f"{url} is on the web; add --allow-http to read from there")


def require(holds: bool, message: str) -> None:
    """Raise ConfigError with the message unless the condition holds."""
    if not holds:
        raise ConfigError(message)
