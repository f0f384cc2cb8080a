"""Stretches: so many photos at a time are rendered and kept, by any process, and a note says that they are there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from handseg_cli.datasets import files_layout, interhand_layout, rhd_layout
from handseg_cli.datasets.encode import Policy, encode
from handseg_cli.datasets.laid import Laid, Note, Place
from handseg_cli.datasets.pool import interrupts_held
from handseg_cli.errors import DatasetError, HandsegError
from handseg_cli.io.encoded import Encoded
from handseg_cli.io.files import explained, write_atomic
from handseg_cli.io.parts import pack, read_part, to_bytes
from handseg_cli.registry import resolve
from handseg_cli.sample import Sample
from handseg_cli.synth.labels import ARM
from handseg_cli.synth.rendered import Rendered
from handseg_cli.synth.settings import SynthSettings

Render = Callable[[SynthSettings, int], Rendered]

LENGTH = 16  # photos of a stretch: what a kill costs each process at most


class Layout(Protocol):
    """How photos lie in a folder."""

    def laid_out(self, place: Place, rendered: Rendered) -> Laid:
        """Return the files of one photo."""
        ...

    def finish(self, folder: Path, notes: Callable[[], Iterator[Note]]) -> None:
        """Write what tells of all photos."""
        ...


LAYOUTS: dict[str, Layout] = {"rhd": rhd_layout, "interhand": interhand_layout, "files": files_layout}


@dataclass(frozen=True)
class Job:
    """What all stretches of a run share."""

    render: str  # "module:attribute"
    settings: SynthSettings
    layout: str
    labels: str
    folder: Path  # of `notes/`, and of `tree/` for a layout of folders


@dataclass(frozen=True)
class Stretch:
    """Some photos that follow each other, and the file that says that they are made: the photos' part, or a list."""

    job: Job
    places: tuple[Place, ...]

    @property
    def note(self) -> Path:
        """Return the file that is there once all photos are."""
        return self.job.folder / "notes" / f"{self.places[0].index:08}-{self.places[-1].index:08}"


@dataclass(frozen=True)
class Made:
    """How many photos there are now, and how many bytes they take."""

    count: int
    size: int


def stretches(job: Job, places: Iterable[Place]) -> Iterator[Stretch]:
    """Divide photos into stretches."""
    rest = iter(places)
    while some := tuple(islice(rest, LENGTH)):
        yield Stretch(job, some)


def make(stretch: Stretch) -> Made:
    """Render the photos of a stretch, unless they are there and whole."""
    size = kept_part(stretch.note) if stretch.job.layout == "prepared" else kept_files(stretch)
    if size is None:
        size = make_part(stretch) if stretch.job.layout == "prepared" else make_files(stretch)
    return Made(len(stretch.places), size)


def kept_part(part: Path) -> int | None:
    """Return the bytes of a part file, None where there is no whole one."""
    with suppress(DatasetError):
        return sum(read_part(part).head.totals.values()) if part.is_file() else None
    return None


def make_part(stretch: Stretch) -> int:
    """Write the photos of a stretch as a part of a prepared file, and return its bytes."""
    policy = Policy(stretch.job.labels, 0)
    samples: list[Encoded] = []
    for place, rendered in rendered_of(stretch):
        samples.append(encode(sample_of(place, rendered, stretch.job.labels), None, policy))
    part = pack(samples)
    write_atomic(stretch.note, to_bytes(part))
    return sum(part.head.totals.values())


def sample_of(place: Place, rendered: Rendered, labels: str) -> Sample:
    """Return the sample of a scene as a prepared file has it; each scene is its own group."""
    sample = replace(rendered.sample, key=place.key, group=place.key, split=place.split, depth=rendered.depth)
    if labels == "hand+arm" and sample.mask is not None and sample.parts is not None:
        return replace(sample, mask=np.maximum(sample.mask, ARM[sample.parts]))
    return sample


def kept_files(stretch: Stretch) -> int | None:
    """Return the bytes of the files of a stretch, None unless all that were noted are there."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        sizes: dict[str, int] = json.loads(stretch.note.read_bytes())["sizes"]
        tree = stretch.job.folder / "tree"
        if all((tree / name).stat().st_size == size for name, size in sizes.items()):
            return sum(sizes.values())
    return None


def make_files(stretch: Stretch) -> int:
    """Write the files of the photos of a stretch, then the note of them, and return their bytes."""
    layout, tree = LAYOUTS[stretch.job.layout], stretch.job.folder / "tree"
    sizes: dict[str, int] = {}
    notes: list[Note] = []
    for place, rendered in rendered_of(stretch):
        laid = layout.laid_out(place, rendered)
        for name, data in laid.files.items():
            with explained(tree / name):
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(tree / name, data)
            sizes[name] = len(data)
        notes.append(laid.note)
    write_atomic(stretch.note, json.dumps({"sizes": sizes, "notes": notes}).encode())
    return sum(sizes.values())


def read_notes(paths: Iterable[Path]) -> Iterator[Note]:
    """Yield the notes of photos out of those of stretches."""
    for path in paths:
        found: dict[str, Any] = json.loads(path.read_bytes())
        yield from found["notes"]


def rendered_of(stretch: Stretch) -> Iterator[tuple[Place, Rendered]]:
    """Render the photos of a stretch one by one."""
    job, render = stretch.job, renderer(stretch.job.render)
    for place in stretch.places:
        try:
            yield place, render(job.settings, place.index)
        except HandsegError as error:
            raise DatasetError(f"photo {place.index} of seed {job.settings.seed}: {error}") from error


@cache
def renderer(target: str) -> Render:
    """Return what "module:attribute" names."""
    with interrupts_held():  # some packages swallow what is raised while they load
        return cast(Render, resolve(target))
