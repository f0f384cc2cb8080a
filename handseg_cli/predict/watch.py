"""Photos as they arrive in a folder, each once it is complete: when its writer closes it, or moves it there.

Linux tells both (inotify) of what happens on this machine; what another one writes to a shared disk stays unseen.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from inotify_simple import INotify, flags  # type: ignore[import-untyped]

from handseg_cli.errors import ConfigError, HandsegError
from handseg_cli.paths import Place
from handseg_cli.predict.sources import Item, Sources

COMPLETE = flags.CLOSE_WRITE | flags.MOVED_TO
WANTED = COMPLETE | flags.CREATE | flags.ONLYDIR  # a new folder is no file that somebody closes
TICK_MS = 200


def watch(sources: Sources) -> Iterator[Item | None]:
    """Yield the inputs there are, then those that arrive; None while nothing does. Ends when all folders are gone."""
    folders: dict[int, Path] = {}
    # The kernel's word that somebody wants to write to a file which `is_being_written` looks at.
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    with INotify() as inotify:
        # From before it is listed a folder is watched, so that no photo slips through in between.
        sources.on_folder = adder(inotify, folders)
        yield from complete(sources)
        if not folders:
            raise ConfigError("--watch needs a folder to watch: name it as PATH")
        while folders:
            for event in inotify.read(timeout=TICK_MS):
                if event.mask & flags.Q_OVERFLOW:  # more has happened than the kernel could note
                    yield from complete(sources)
                elif event.mask & flags.IGNORED:
                    folders.pop(event.wd, None)
                elif event.wd in folders and not event.name.startswith("."):
                    path = folders[event.wd] / event.name
                    if event.mask & flags.ISDIR:
                        yield from complete(sources.appeared(path))
                    elif event.mask & COMPLETE:
                        yield from sources.appeared(path)
            yield None


def adder(inotify: INotify, folders: dict[int, Path]) -> Callable[[Path], None]:
    """Return the function that begins to watch a folder."""

    def add(folder: Path) -> None:
        try:
            folders[inotify.add_watch(folder, WANTED)] = folder
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise HandsegError(
                "too many folders to watch; raise them with sysctl fs.inotify.max_user_watches"
            ) from error

    return add


def complete(items: Iterable[Item | None]) -> Iterator[Item | None]:
    """Leave out the files that are being written: there will be word of them once they are closed."""
    return (item for item in items if item is None or not is_being_written(item.path))


def is_being_written(path: Place) -> bool:
    """Tell whether any process has a file open to write to it.

    The kernel knows and refuses a read lease on such a file. On a file of another user, or on a network disk, it grants
    none to anybody: whatever is half-written there fails now and is done when it is closed.
    """
    try:
        descriptor = os.open(str(path), os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False
