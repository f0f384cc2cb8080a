"""The synth verb: render photos of hands, as a prepared file or in the folders of other datasets.

Finished stretches are kept beside the output until all are there, so that a run that was killed goes on where it was.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from handseg_cli.config import SynthConfig
from handseg_cli.datasets.pool import run
from handseg_cli.datasets.prepare import assemble, cores
from handseg_cli.datasets.stretches import LAYOUTS, LENGTH, Job, Stretch, make, read_notes, stretches
from handseg_cli.datasets.synth_plan import NAME, Card, Plan, header_of, places, plan_of
from handseg_cli.errors import DatasetError, DiskFullError, OutputError
from handseg_cli.io.files import Claim, busy, claim, explained, sync_folder, write_atomic
from handseg_cli.io.hdf5 import Reader
from handseg_cli.io.progress import Progress

RENDER = "handseg_cli.synth.render:render"
CARD = "synthetic.json"


@dataclass(frozen=True)
class Synthesized:
    """What was made, or was there."""

    path: Path
    card: Card
    size: int  # bytes
    was_there: bool

    def __str__(self) -> str:
        facts = {name: value for name, value in self.card.items() if name != "dataset"}
        lines = [f"{NAME}  {self.path}{'  (is up to date)' if self.was_there else ''}"]
        lines += [f"  {name:11} {told(value)}" for name, value in facts.items()]
        return "\n".join([*lines, f"  {'bytes':11} {self.size:,}"])


class Rendering(NamedTuple):
    """The notes of all stretches, and the bytes that their photos take."""

    notes: list[Path]
    size: int


def told(value: object) -> str:
    """Return a fact of a card for people."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {part:,g}" for name, part in value.items())
    return str(value)


def synth(config: SynthConfig) -> Synthesized:
    """Render what the configuration asks for, unless it is there."""
    with Progress(config.quiet, "samples") as progress:
        plan = plan_of(config, progress)
        final = plan.final
        with explained(final):
            final.parent.mkdir(parents=True, exist_ok=True)
        with claim(final) or busy(final) as mine:
            before = there(plan)
            if before is not None:
                size = before
            elif config.layout == "prepared":
                size = one_file(mine, plan, config, progress)
            else:
                size = one_folder(plan, config, progress)
            shutil.rmtree(hidden(final), ignore_errors=True)
        sync_folder(final.parent)
    return Synthesized(final, plan.card, size, was_there=before is not None)


def one_file(mine: Claim, plan: Plan, config: SynthConfig, progress: Progress) -> int:
    """Write a prepared file, and return its bytes."""
    folder = staged(plan.final, plan.recipe)
    assemble(mine, header_of(plan), rendered(plan, folder, config, progress).notes, progress)
    return plan.final.stat().st_size


def one_folder(plan: Plan, config: SynthConfig, progress: Progress) -> int:
    """Write a folder, which gets its name when all of it is there, and return the bytes of its photos."""
    folder = staged(plan.final, f"{plan.digest} {plan.recipe}")
    tree, done = folder / "tree", rendered(plan, folder, config, progress)
    LAYOUTS[config.layout].finish(tree, partial(read_notes, done.notes))
    write_atomic(tree / CARD, json.dumps({**plan.card, "bytes": done.size, "plan": plan.digest}, indent=1).encode())
    with explained(plan.final):
        if plan.final.is_dir():
            plan.final.rmdir()  # only an empty one has come so far
        os.replace(tree, plan.final)
    return done.size


def there(plan: Plan) -> int | None:
    """Return the bytes of what is to be made if it is there, None where nothing is; OutputError for anything else."""
    final = plan.final
    with explained(final):
        if not final.exists() or (final.is_dir() and not any(final.iterdir())):
            return None
    with suppress(DatasetError, OSError, ValueError, LookupError, TypeError):
        if final.is_dir():
            card = json.loads((final / CARD).read_bytes())
            said, size = str(card["plan"]), int(card["bytes"])
        else:
            with Reader(final) as reader:
                said, size = reader.header.plan, final.stat().st_size
        if said == plan.digest:
            return size
    raise OutputError(f"{final}: is there and was not made with these settings; remove it or write elsewhere")


def hidden(final: Path) -> Path:
    """Return the folder beside a file or folder in which that is made."""
    return final.with_name(f".{final.name}.parts")


def staged(final: Path, recipe: str) -> Path:
    """Return the folder in which a file or folder is made; what is in it already is of the same recipe."""
    folder = hidden(final)
    mark = folder / "recipe"
    with explained(mark):
        if folder.is_dir() and not (mark.is_file() and mark.read_text() == recipe):
            shutil.rmtree(folder)
        for inner in ("notes", "tree"):
            (folder / inner).mkdir(parents=True, exist_ok=True)
        write_atomic(mark, recipe.encode())
    return folder


def rendered(plan: Plan, folder: Path, config: SynthConfig, progress: Progress) -> Rendering:
    """Render all stretches that are not there yet; DiskFullError as soon as it is seen that they will not fit."""
    job = Job(RENDER, plan.settings, config.layout, config.labels, folder)
    notes: list[Path] = []

    def listed() -> Iterator[Stretch]:
        for stretch in stretches(job, places(plan.splits)):
            notes.append(stretch.note)
            yield stretch

    copies = 2 if config.layout == "prepared" else 1
    crew, done, size = min(config.workers or cores(), -(-config.count // LENGTH)), 0, 0
    with progress.task(f"{NAME}: rendered", config.count) as report, closing(run(listed(), make, crew)) as made:
        for some in made:
            done, size = done + some.count, size + some.size
            report(done, config.count)
            require_room(folder, size * copies * config.count // done - size)
    return Rendering(notes, size)


def require_room(folder: Path, needed: int) -> None:
    """Raise DiskFullError unless there is room for about so many bytes more."""
    with explained(folder):
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(
            f"{folder.parent}: about {needed / 1e6:,.1f} MB more are needed, {free / 1e6:,.1f} MB are free; "
            "make room and run the same again, ask for a smaller --count, or write elsewhere"
        )
