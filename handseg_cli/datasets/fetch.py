"""The download verb: show the plan, ask once, then fetch and unpack what is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from handseg_cli.config import DownloadConfig
from handseg_cli.datasets.plan import FEW, Step, described, what_to_fetch
from handseg_cli.errors import ConfigError, DiskFullError, DownloadError, HandsegError
from handseg_cli.io.archives import unpack, unpack_parts
from handseg_cli.io.download import Tell, fetch, import_file
from handseg_cli.io.files import explained
from handseg_cli.io.inputs import read_bytes
from handseg_cli.io.progress import Progress
from handseg_cli.paths import home, shown


@dataclass
class Downloaded:
    """What came of a download, or the plan of one."""

    plan: str = ""
    done: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 where something could not be had, so that a script can tell."""
        return 1 if self.failures else 0

    def __str__(self) -> str:
        lines = [*self.done, *(f"failed: {shown(each)}" for each in self.failures[:FEW])]
        if len(self.failures) > FEW:
            lines.append(f"failed: {len(self.failures) - FEW} more")
        return self.plan or "\n".join(lines) or "all there already"


def download(config: DownloadConfig) -> Downloaded:
    """Fetch and unpack what is missing of the datasets; one that cannot be had does not keep the others away."""
    root = home(config.root)
    steps = what_to_fetch(config.names, root)
    if config.dry_run:
        return Downloaded(plan=described(steps))
    result = Downloaded()
    if config.from_file is not None:
        result.done.append(take(config.from_file, steps))
    steps = what_to_fetch(config.names, root)
    # Who brings one archive has not asked for the others.
    todo = [step for step in steps if step.state == "fetched" or (step.state == "missing" and not config.from_file)]
    if any(step.state == "missing" and (config.mirror or not step.by_hand) for step in todo):
        agree(described(steps), config)
    fetched: list[Path] = []
    recorded: list[str] = []
    with Progress(config.quiet, "bytes") as progress:
        for step in todo:
            with failures_kept(result):
                get(step, steps, config.mirror, progress, recorded.append)
                fetched += [step.file] if step.state == "missing" else []
        result.done += came(fetched)
        for line in noted(recorded):
            progress.say(line)
        for folder, parts in to_unpack(what_to_fetch(config.names, root)):
            with failures_kept(result):
                open_up(folder, parts, progress)
                result.done.append(f"unpacked {folder}")
    return result


def agree(plan: str, config: DownloadConfig) -> None:
    """Show the plan and ask, where somebody is there to answer; ConfigError without a yes."""
    if config.yes:
        return
    if sys.stdin is None or sys.stderr is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        if sys.stderr is not None:
            sys.stderr.write(f"{plan}\n")
        raise ConfigError("nobody is here to agree to that: add --yes")
    sys.stderr.write(f"{plan}\nFetch that under these terms? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ConfigError("nothing was fetched")


def take(file: Path, steps: Sequence[Step]) -> str:
    """Put an archive that was fetched by hand where it belongs: by its name, or where no other has to come so."""
    missing = [step for step in steps if step.state == "missing"]
    by_hand = [step for step in missing if step.by_hand]
    fitting = [step for step in steps if step.archive.name == file.name] or by_hand or missing
    if len(fitting) != 1:
        names = ", ".join(step.archive.name for step in fitting or steps)
        raise ConfigError(f"{file}: could be any of {names}; give it the name of the one it is")
    (step,) = fitting
    archive = step.archive
    with explained(step.file):
        step.file.parent.mkdir(parents=True, exist_ok=True)
    import_file(file, step.file, size=archive.size, sha256=archive.sha256, md5=md5_of(step, steps))
    return f"took {file} as {step.file}"


def came(files: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each file that was fetched, or for each folder with many of them."""
    for folder, group in groupby(files, key=lambda file: file.parent):
        mine = list(group)
        yield from [f"fetched {len(mine)} files into {folder}"] if len(mine) > FEW else [f"fetched {e}" for e in mine]


def noted(recorded: Sequence[str]) -> Sequence[str]:
    """Return what to say of hashes that were recorded: a line for each, or one for many."""
    if len(recorded) <= FEW:
        return recorded
    return [
        f"nobody has published the hashes of {len(recorded)} files; they are recorded beside them for the next time"
    ]


def get(step: Step, steps: Sequence[Step], mirror: str, progress: Progress, recorded: Tell) -> None:
    """Fetch one archive, or check one that is there; tell of a hash that was recorded."""
    archive = step.archive
    urls = [*([f"{mirror.rstrip('/')}/{archive.name}"] if mirror else []), archive.url, *archive.mirrors]
    if step.by_hand and not mirror:
        raise DownloadError(step.by_hand)
    with progress.task(archive.name, step.size) as report:
        fetch(
            urls[0],
            step.file,
            mirrors=tuple(filter(None, urls[1:])),
            size=archive.size,
            about=archive.about,
            sha256=archive.sha256,
            md5=md5_of(step, steps),
            report=report,
            tell=progress.say,
            recorded=recorded,
        )


def md5_of(step: Step, steps: Sequence[Step]) -> str:
    """Return the MD5 that an archive must have, if need be from the list that was fetched before it; "" if unknown."""
    archive = step.archive
    if not archive.sums:
        return archive.md5
    (listed,) = (each.file for each in steps if each.archive.name == archive.sums)
    if not listed.is_file():
        raise DownloadError(f"{archive.name}: {listed}, which tells its MD5, is missing; run the same again")
    lines = (line.split() for line in read_bytes(listed).decode("utf-8", "replace").splitlines())
    sums = {words[-1].rpartition("/")[2].lstrip("*"): words[0] for words in lines if len(words) >= 2}
    if archive.name not in sums:
        raise DownloadError(f"{listed}: does not list {archive.name}; delete it and run the same again")
    return sums[archive.name]


def to_unpack(steps: Sequence[Step]) -> Iterator[tuple[Path, list[Step]]]:
    """Yield the folders to unpack into, each with its archive, or with all parts of a split one once they are there."""
    waiting = [step for step in steps if step.archive.unpacked and step.state != "done"]
    for _, group in groupby(waiting, key=lambda step: step.archive.part_of or step.archive.name):
        parts = list(group)
        if all(part.state == "fetched" for part in parts):
            yield parts[0].folder, parts


def open_up(folder: Path, parts: Sequence[Step], progress: Progress) -> None:
    """Unpack an archive, or the parts of one."""
    name = parts[0].archive.part_of or parts[0].archive.name
    with progress.task(f"unpacking {name}", 0) as report:
        if parts[0].archive.part_of:
            unpack_parts([part.file for part in parts], folder, name=name, report=report)
        else:
            unpack(parts[0].file, folder, report=report, sha256=parts[0].archive.sha256)


@contextmanager
def failures_kept(result: Downloaded) -> Iterator[None]:
    """Note a failure and go on, save on a full disk, where nothing would succeed any more."""
    try:
        yield
    except DiskFullError:
        raise
    except HandsegError as error:
        result.failures.append(str(error))
