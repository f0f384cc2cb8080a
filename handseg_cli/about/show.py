"""The `show` verb: the names that a command takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

from handseg_cli.about.augmented import write_augmented
from handseg_cli.about.inventory import EXTRAS, RUNTIME_PACKAGES, embedded, installed
from handseg_cli.about.prepared import prepared, write_sheet
from handseg_cli.config import ShowConfig
from handseg_cli.datasets.dataset import Dataset
from handseg_cli.errors import ConfigError
from handseg_cli.loading.recipe import Recipe
from handseg_cli.registry import DATASETS, MODELS, RUNTIMES, WEIGHTS, resolve

Row = dict[str, object]


def show(config: ShowConfig) -> str:
    """Return a list of the registry, or what a prepared file holds: as a table for people, or as JSON."""
    rows = LISTS[config.what]() if config.what in LISTS else file_rows(Path(config.what), config)
    return json.dumps(rows, indent=2) if config.json else table(rows) or f"no {config.what} yet"


def file_rows(path: Path, config: ShowConfig) -> list[Row]:
    """Tell what is in a prepared file, and draw its contact sheet if that is asked for."""
    if not path.exists():
        raise ConfigError(f"{path} is neither one of {', '.join(LISTS)} nor a file; see `handseg show --help`")
    rows = prepared(path)
    if config.sheet is not None:
        recipe = Recipe(cutouts=config.cutouts)
        count = write_augmented(path, config.sheet, recipe) if config.augmented else write_sheet(path, config.sheet)
        rows[0]["sheet"] = f"{config.sheet}, {count} photos"
    return rows


def models() -> list[Row]:
    """List the nets, and which embedded weights are for each."""
    cards = {name: embedded(name)[0].card for name in WEIGHTS}
    rows: list[Row] = []
    for model, target in MODELS.items():
        fitting = [name for name, card in cards.items() if card["model"] == model]
        rows.append({"name": model, "defined_in": target, "weights": fitting})
    return rows


def datasets() -> list[Row]:
    """List the datasets, what their labels tell, and where they come from under which terms."""
    found = [(name, cast(type[Dataset], resolve(target))()) for name, target in DATASETS.items()]
    return [
        {"name": name, "labels": list(each.labels), "page": each.page, "licence": each.licence, "cite": each.citation}
        for name, each in found
    ]


def weights() -> list[Row]:
    """List the embedded weights, each file with its hash, and what their cards say."""
    rows: list[Row] = []
    for name in WEIGHTS:
        found, files = embedded(name)
        sums = [{"path": str(file.path), "sha256": file.sha256, "is_right": file.is_right} for file in files]
        rows.append({"name": name, "files": sums, "card": found.card})
    return rows


def runtimes() -> list[Row]:
    """List what can run a net, and whether it is installed."""
    return [runtime(name) for name in RUNTIMES]


def runtime(name: str) -> Row:
    """Return one runtime with the version of its package, or how to install it."""
    package = RUNTIME_PACKAGES[name]
    wanted = f"handseg[{EXTRAS[package]}]" if package in EXTRAS else package
    return {"name": name, "package": package, "version": installed(package) or f"absent: pip install '{wanted}'"}


LISTS: dict[str, Callable[[], list[Row]]] = {
    "models": models,
    "datasets": datasets,
    "weights": weights,
    "runtimes": runtimes,
}


def table(rows: list[Row]) -> str:
    """Lay rows out for people: a name, and below it each field on a line of its own."""
    return "\n".join(line for row in rows for line in (str(row["name"]), *lines(row, "  ")))


def lines(row: Row, indent: str) -> list[str]:
    """Return "field  value" for the fields of a row save its name, what is nested below it further in."""
    shown = []
    for key, value in row.items():
        if key == "name":
            continue
        if isinstance(value, dict):
            shown += [f"{indent}{key}", *lines(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            shown += [f"{indent}{key}", *(line for item in value for line in lines(item, indent + "  "))]
        else:
            shown.append(f"{indent}{key:12} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return shown
