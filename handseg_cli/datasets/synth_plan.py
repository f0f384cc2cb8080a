"""What `handseg synth` is to make: its settings, what it says of itself, and which photo goes into which split."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from handseg_cli import __version__
from handseg_cli.config import SynthConfig
from handseg_cli.config.synth import SPLIT_NAMES, EngineName
from handseg_cli.datasets.laid import Place
from handseg_cli.datasets.prepare import CLASSES
from handseg_cli.datasets.survey import Trace
from handseg_cli.errors import DatasetError
from handseg_cli.io.layout import FORMAT, Header
from handseg_cli.io.progress import Progress
from handseg_cli.paths import home
from handseg_cli.registry import resolve
from handseg_cli.synth.labels import NAMES
from handseg_cli.synth.settings import VERSION, SynthSettings

NAME = "synthetic"
ENGINE = "handseg_cli.synth.render:engine_for"
SOURCES = ("assets", "backgrounds", "cutouts")  # fields of the configuration and of the settings
LICENCE = "CC0 1.0, as the assets that it was rendered from"
OTHERS_LICENCE = f"{LICENCE}; photos of --backgrounds and --cutouts keep the terms that they have"

# Multiples of the golden ratio fill a circle evenly, however many there are: any number of photos is parted by shares.
GOLDEN, CIRCLE = 2_654_435_769, 1 << 32

Card = dict[str, object]
Codes = NDArray[np.uint8]  # of each photo, its place in SPLIT_NAMES


@dataclass(frozen=True)
class Plan:
    """What is to be made, and what it rests on."""

    final: Path
    settings: SynthSettings
    splits: Codes
    card: Card  # what the result says of itself, in JSON's terms
    changed_ns: int  # when any of the files that it rests on was changed last

    @property
    def digest(self) -> str:
        """Return the sha256 over all that decides what is made, wherever its files lie."""
        return sha256(json.dumps([FORMAT, self.card]).encode()).hexdigest()

    @property
    def recipe(self) -> str:
        """Return that over what decides each photo, however many there are; files that changed since are others."""
        card = {name: value for name, value in self.card.items() if name != "samples"}
        return sha256(json.dumps([FORMAT, card, self.changed_ns]).encode()).hexdigest()


def plan_of(config: SynthConfig, progress: Progress) -> Plan:
    """Tell what is to be made; DatasetError where a folder that was named is not there."""
    engine_for = cast(Callable[[EngineName], tuple[EngineName, str]], resolve(ENGINE))
    engine, reason = engine_for(config.engine)
    assets = assets_of(config)
    hint = "" if assets else "no assets: all hands are of our own making; see `handseg download assets`"
    for line in filter(None, (reason, hint)):
        progress.say(line)
    settings = SynthSettings(
        config.seed,
        tuple(config.styles.items()),
        (config.size, config.size),
        assets,
        config.backgrounds,
        config.cutouts,
        engine,
        pinhole=config.layout in ("rhd", "interhand"),
    )
    traces = {name: trace(getattr(settings, name)) for name in SOURCES}
    splits = splits_of(config.count, config.shares)
    card = card_of(config, engine, splits) | {
        name: found.content.hex()[:16] or "none" for name, found in traces.items()
    }
    is_named = config.layout != "prepared" or config.out.suffix.lower() == ".h5"
    final = config.out if is_named else config.out.with_name(f"{config.out.name}.h5")
    return Plan(final, settings, splits, card, max(found.changed_ns for found in traces.values()))


def card_of(config: SynthConfig, engine: EngineName, splits: Codes) -> Card:
    """Return what the result says of itself beside what it was made of."""
    counts = np.bincount(splits, minlength=len(SPLIT_NAMES)).tolist()
    alone = config.backgrounds is None and config.cutouts is None
    return {
        "dataset": NAME,
        "handseg": __version__,
        "generator": VERSION,
        "layout": config.layout,
        "labels": config.labels,
        "samples": dict(zip(SPLIT_NAMES, counts, strict=True)),
        "split": ",".join(f"{name}={share:g}" for name, share in config.shares.items()),
        "styles": config.styles,
        "size": config.size,
        "seed": config.seed,
        "engine": engine,
        "licence": LICENCE if alone else OTHERS_LICENCE,
    }


def header_of(plan: Plan) -> Header:
    """Return what a prepared file says of itself, but for its digest."""
    card = plan.card
    labels, styles = str(card["labels"]), cast(dict[str, float], card["styles"])
    made_of = ", ".join(f"{name} {card[name]}" for name in SOURCES)
    kinds = ", ".join(f"{name}={weight:g}" for name, weight in styles.items())
    return Header(
        NAME,
        labels,
        CLASSES.get(labels, NAMES),
        size=max(plan.settings.size),
        split=str(card["split"]),
        seed=plan.settings.seed,
        licence=str(card["licence"]),
        citation=f"rendered by handseg synth {__version__}, generator {VERSION}, {card['engine']}; {kinds}; {made_of}",
        page="handseg synth --help",
        plan=plan.digest,
    )


def assets_of(config: SynthConfig) -> Path | None:
    """Return the folder of assets: the one named, else the one that has been downloaded, else None."""
    folder = config.assets or home() / "raw" / "assets"
    if (folder / "makehuman" / "base.obj").is_file():
        return folder
    if config.assets is None:
        return None
    raise DatasetError(f"{folder}: holds no makehuman/base.obj; `handseg download assets` fetches what belongs there")


def trace(folder: Path | None) -> Trace:
    """Tell what is in a folder by the names and sizes of its files; nothing for None."""
    if folder is None:
        return Trace(b"", 0)
    digest, changed = sha256(), 0
    try:
        if not folder.is_dir():
            raise DatasetError(f"{folder}: is no folder; check the path")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            status = path.stat()
            digest.update(f"{path.relative_to(folder).as_posix()}\n{status.st_size}\n".encode(errors="replace"))
            changed = max(changed, status.st_mtime_ns, status.st_ctime_ns)
    except OSError as error:
        raise DatasetError(
            f"{folder}: cannot be read ({error.strerror}); check its permissions and its disk"
        ) from error
    return Trace(digest.digest(), changed)


def splits_of(count: int, shares: dict[str, float]) -> Codes:
    """Choose a split for each photo, whatever comes after it, so that all have their shares of any number of photos."""
    bounds = np.cumsum([shares.get(name, 0.0) for name in SPLIT_NAMES])
    places = np.arange(count, dtype=np.uint64) * np.uint64(GOLDEN) % np.uint64(CIRCLE)
    return np.searchsorted(bounds / bounds[-1], places / CIRCLE, side="right").astype(np.uint8)


def places(splits: Codes) -> Iterator[Place]:
    """Yield where each photo belongs."""
    training = others = 0
    for index, code in enumerate(map(int, splits)):
        yield Place(index, SPLIT_NAMES[code], others if code else training)
        training, others = training + (code == 0), others + (code > 0)
