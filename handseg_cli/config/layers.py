"""Settings from several places, the later the stronger: defaults, a preset, a TOML file or an earlier run, options."""

from __future__ import annotations

import json
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from handseg_cli.config.presets import OF_MODELS, PRESETS
from handseg_cli.errors import ConfigError

T = TypeVar("T")
Settings = dict[str, Any]

RUN_FILE = "config.json"  # in the folder of a run


def layered(config: type[T], given: Settings) -> T:
    """Make a configuration of what was given on the command line, upon what the given names lead to."""
    below: Settings = {}
    if given.get("resume"):
        path = Path(given["run"]) / RUN_FILE
        below = from_table(config, read(path, json.loads), str(path))
    if given.get("config"):
        path = Path(given["config"])
        below |= from_table(config, read(path, tomllib.loads), str(path))
    preset = {**below, **given}.get("preset", "")
    if preset and preset not in PRESETS:
        raise ConfigError(f"--preset is {preset!r}; there are {', '.join(PRESETS)}")
    chosen = {**PRESETS.get(preset, {}), **below, **given}
    return config(**{**OF_MODELS.get(chosen.get("model", ""), {}), **chosen})


def read(path: Path, parse: typing.Callable[[str], Any]) -> Mapping[str, Any]:
    """Read a file of settings; ConfigError where there is none, or it is damaged."""
    try:
        table = parse(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); is it the right path?") from error
    except ValueError as error:
        raise ConfigError(f"{path}: is damaged ({error}); correct it") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: holds no settings by name; correct it")
    return table


def from_table(config: type[Any], table: Mapping[str, Any], where: str) -> Settings:
    """Turn a table of plain values into those of the fields; ConfigError for a name or a kind that does not fit."""
    hints, known = typing.get_type_hints(config), {field.name for field in fields(config)}
    settings = {name.replace("-", "_"): value for name, value in table.items()}
    unknown = sorted(settings.keys() - known)
    if unknown:
        raise ConfigError(f"{where}: {', '.join(unknown)} is no setting; there are {', '.join(sorted(known))}")
    return {name: converted(value, hints[name], f"{where}: {name}") for name, value in settings.items()}


def converted(value: Any, kind: Any, where: str) -> Any:
    """Return a plain value as what a field holds: a Path for its text, a tuple for a list."""
    origin, choices = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal and value in choices:
        return value
    if origin is types.UnionType:
        return None if value is None else converted(value, choices[0], where)
    if origin is tuple and isinstance(value, list):
        return tuple(converted(item, choices[0], where) for item in value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    wanted = "one of " + ", ".join(map(repr, choices)) if origin is Literal else getattr(kind, "__name__", str(kind))
    raise ConfigError(f"{where} is {value!r}; it is {wanted}")


def to_table(config: Any) -> Settings:
    """Return a configuration as a table of plain values, for JSON."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}
