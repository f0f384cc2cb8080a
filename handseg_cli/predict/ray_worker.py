"""One process of a cluster: it holds a net and does blocks of inputs. It knows nothing of Ray, which calls it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from pathlib import Path

import cv2

from handseg_cli import __version__
from handseg_cli.config import PredictConfig
from handseg_cli.errors import HandsegError
from handseg_cli.predict.manifest import Record
from handseg_cli.predict.opening import sinks_of
from handseg_cli.predict.ordered import ordered
from handseg_cli.predict.sources import Item
from handseg_cli.predict.stops import Stop
from handseg_cli.predict.stream import chunks
from handseg_cli.predict.work import Work


class Worker:
    """Does photos with threads of its own; may be given several blocks at once. `open` comes first."""

    def __init__(self, config: PredictConfig, folder: Path, threads: int) -> None:
        self.config = config
        self.folder = folder
        self.stop = Stop()
        self.pool = ThreadPoolExecutor(threads, "photo")

    def open(self) -> tuple[str, str]:
        """Make ready, and return the version of handseg and the model that are here."""
        cv2.setNumThreads(1)
        try:
            os.chdir(self.folder)  # relative paths are those of the command line
        except OSError as error:
            raise HandsegError(
                f"{self.folder}: is not there on {socket.gethostname()}; photos and masks have to be on a disk "
                "that all machines of the cluster reach by the same path, or in object storage"
            ) from error
        self.work = Work(self.config, sinks_of(self.config), self.stop)
        return __version__, self.work.sinks.model

    def do(self, block: Sequence[Item], again: bool) -> tuple[list[Record], int]:
        """Return what came of each input, in order, of fewer once the run stops, and the code it stops with or 0.

        With `again` no record has come of them from a worker that died: what that one has finished is done again.
        """
        work = self.redoing() if again else self.work
        done = ordered(self.pool, work, chunks(self.config, block, work), len(block) + 1)
        return [record for records in done for record in records], self.stop.code

    def redoing(self) -> Work:
        """Return the work that redoes what was finished before now."""
        _ = self.work.predictor  # opened before it is shared
        work = copy(self.work)
        work.sinks = copy(work.sinks)
        work.sinks.config = replace(self.config, refresh=True)
        work.sinks.started_ns = time.time_ns()
        return work

    def halt(self, code: int) -> None:
        """End after the photos in work."""
        self.stop.set(code)
