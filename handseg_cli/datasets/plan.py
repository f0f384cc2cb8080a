"""What a download takes: which archives are to be fetched or unpacked, and what people have to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, Protocol, cast

from handseg_cli.datasets.dataset import Archive
from handseg_cli.errors import ConfigError
from handseg_cli.io.archives import is_unpacked
from handseg_cli.registry import ALIASES, DATASETS, DOWNLOADS, FIRST_SYSTEM, resolve

State = Literal["missing", "fetched", "done"]
DEEDS: dict[State, str] = {"missing": "fetch", "fetched": "unpack", "done": "is there"}
FEW = 8  # archives that are told one by one


class Source(Protocol):
    """Something that can be fetched: a dataset, or files that are none."""

    archives: tuple[Archive, ...]
    licence: str
    citation: str
    page: str


@dataclass(frozen=True)
class Step:
    """One archive of a source: where it goes, and what is there already."""

    name: str
    archive: Archive
    file: Path
    folder: Path  # that it is unpacked into
    state: State

    @property
    def size(self) -> int:
        """Return its bytes, perhaps roughly; 0 where nobody knows."""
        return self.archive.size or self.archive.about

    @property
    def by_hand(self) -> str:
        """Say what people have to do themselves; "" where there is nothing."""
        if self.state != "missing" or self.archive.url:
            return ""
        page = source(self.name).page
        return f"by hand: {self.archive.name} from {page}, then handseg download {self.name} --from FILE"


def source(name: str) -> Source:
    """Return what a name stands for; ConfigError with all names where it is none."""
    known = DATASETS | DOWNLOADS
    target = known.get(ALIASES.get(name, name))
    if target is None:
        raise ConfigError(f"{name} is no dataset; there are {', '.join(known)}")
    return cast(type[Source], resolve(target))()


def what_to_fetch(names: Sequence[str], root: Path) -> list[Step]:
    """List the archives of some names, each name once, and what is there of them."""
    steps = []
    for name in dict.fromkeys(ALIASES.get(name, name) for name in names or FIRST_SYSTEM):
        archives = source(name).archives
        if not archives:
            raise ConfigError(
                f"{name} is for data of your own: there is nothing to fetch, see `handseg prepare --help`"
            )
        steps += [step(name, archive, root) for archive in archives]
    return steps


def step(name: str, archive: Archive, root: Path) -> Step:
    """Tell where an archive goes and whether it is there."""
    folder = root / "raw" / name / archive.into
    if not archive.unpacked:
        file = folder / archive.name
        return Step(name, archive, file, folder, "done" if file.is_file() else "missing")
    file = root / "archives" / name / archive.name
    if is_unpacked(folder, archive.part_of or archive.name) or (archive.brings and (folder / archive.brings).exists()):
        return Step(name, archive, file, folder, "done")
    return Step(name, archive, file, folder, "fetched" if file.is_file() else "missing")


def described(steps: Sequence[Step]) -> str:
    """Say what would be done, name by name, with licence and citation."""
    lines = []
    for name in dict.fromkeys(step.name for step in steps):
        mine = [step for step in steps if step.name == name]
        about = source(name)
        lines += [f"{name}  {about.page}", f"  licence   {about.licence}", f"  cite      {about.citation}"]
        lines += [f"  {line}" for line in rows(mine)]
    missing = [step for step in steps if step.state == "missing" and not step.by_hand]
    unknown = ", and some of unknown size" if any(step.size == 0 for step in missing) else ""
    lines.append(f"to fetch: {len(missing)} files, {megabytes(sum(step.size for step in missing))}{unknown}")
    return "\n".join(lines)


def rows(steps: Sequence[Step]) -> list[str]:
    """Return a line for each archive, or one for some files that lie in the same folder of the web."""
    lines = []
    for _, group in groupby(steps, key=lambda step: "" if step.archive.unpacked else place(step)):
        mine = list(group)
        many = len(mine) > FEW // 2 and not mine[0].archive.unpacked
        lines += summed(mine) if many else [said(each) for each in shortened(mine)]
    return lines


def place(step: Step) -> str:
    """Return the folder of the web in which a file lies."""
    return step.archive.url.rpartition("/")[0]


def summed(steps: Sequence[Step]) -> list[str]:
    """Return one line for each state that some files of the same folder are in."""
    states = {state: [step for step in steps if step.state == state] for state in DEEDS}
    return [
        f"{DEEDS[state]:9} {len(some)} files  {megabytes(sum(each.size for each in some))}  {place(some[0])}/"
        for state, some in states.items()
        if some
    ]


def shortened(steps: Sequence[Step]) -> list[Step]:
    """Leave out the middle of a long list of parts."""
    return list(steps) if len(steps) <= FEW else [*steps[:3], *steps[-3:]]


def said(step: Step) -> str:
    """Return the line of one archive."""
    return step.by_hand or f"{DEEDS[step.state]:9} {step.archive.name}  {megabytes(step.size)}  {step.archive.url}"


def megabytes(size: int) -> str:
    """Return a size for people."""
    if size == 0:
        return "? MB"
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):,.1f} MB"
