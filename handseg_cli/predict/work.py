"""One chunk of photos from the disk through the net and back to the disk; threads share one `Work`."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from handseg_cli.config import Kind, PredictConfig
from handseg_cli.errors import DiskFullError, HandsegError, ImageError
from handseg_cli.io.files import Claim, claim, explained
from handseg_cli.io.images import Photo, PhotoFile
from handseg_cli.predict.manifest import Record
from handseg_cli.predict.opening import Predicts, opened
from handseg_cli.predict.sinks import NEED_FULL, Sinks
from handseg_cli.predict.sources import Item
from handseg_cli.predict.stamps import Source, look, read_stable
from handseg_cli.predict.stops import Stop
from handseg_cli.sample import Prediction

FAILURES = (HandsegError, MemoryError)  # what ends one photo; anything else is a bug and ends the run
Failure = HandsegError | MemoryError

HUGE = 30_000_000  # pixels; larger photos are done one at a time, as each takes some hundred megabytes


@dataclass
class Job:
    """A photo that is claimed and decoded; `seconds` is the time spent on it so far."""

    item: Item
    outputs: dict[Kind, Path]
    claims: dict[Kind, Claim]
    source: Source
    photo: Photo
    seconds: float


class Work:
    """What is done to photos by the settings of a run."""

    def __init__(self, config: PredictConfig, sinks: Sinks, stop: Stop) -> None:
        self.config = config
        self.sinks = sinks
        self.stop = stop
        self.one_at_a_time = threading.RLock()

    @cached_property
    def predictor(self) -> Predicts:
        """The net, opened at its first use."""
        return opened(self.config)[0]

    def check(self, item: Item) -> Record | None:
        """Return the record of an input that needs no work, None for one that does."""
        try:
            if item.error:
                raise ImageError(item.error)
            outputs = self.sinks.paths(item.path, item.key)
            if not item.video and all(self.is_fresh(item, outputs)):
                return Record(item.path, "skipped", "up to date", outputs, model=self.sinks.model)
        except FAILURES as error:
            return self.failed(item, error)
        _ = self.predictor  # opened here, by one thread, and not when nothing is to be done
        return None

    def is_fresh(self, item: Item, outputs: dict[Kind, Path]) -> Iterable[bool]:
        """Tell of each picture whether it is there and, by its photo's size and time, up to date."""
        source = look(item.path)
        return (self.sinks.state(kind, path, source) == "fresh" for kind, path in outputs.items())

    def __call__(self, chunk: Sequence[Item | Record]) -> list[Record]:
        """Do the items of a chunk and return the records of all, in order; once the run stops, of fewer."""
        with ExitStack() as claims:
            begun = [self.begin(each, claims) if isinstance(each, Item) else each for each in chunk]
            start = time.perf_counter()
            jobs = [each for each in begun if isinstance(each, Job)]
            results = iter(self.segment([job.photo for job in jobs]))
            for job in jobs:
                job.seconds += (time.perf_counter() - start) / len(jobs)
            ended = (self.finish(each, next(results)) if isinstance(each, Job) else each for each in begun)
            return [record for record in ended if record is not None]

    def begin(self, item: Item, claims: ExitStack) -> Job | Record | None:
        """Claim and decode a photo; a record if that is all there is to it, None once the run stops."""
        if self.stop.code:
            return None
        start = time.perf_counter()
        try:
            if item.video:
                return self.video(item)
            outputs = self.sinks.paths(item.path, item.key)
            mine = self.claim(item, outputs, claims)
            if mine is None:
                return Record(item.path, "busy", "another run is at it, or it was named twice", model=self.sinks.model)
            if mine:
                data, source = read_stable(item.path)
                self.drop_fresh(mine, source)
            if not mine:
                return Record(item.path, "skipped", "up to date", outputs, model=self.sinks.model)
            file = PhotoFile(data, str(item.path), self.config.max_pixels)
            if file.pixels > HUGE:
                claims.enter_context(self.one_at_a_time)
                trim()
            photo = file.read(pixels_needed(self.config, self.predictor))
            return Job(item, outputs, mine, source, photo, time.perf_counter() - start)
        except FAILURES as error:
            return self.failed(item, error)

    def video(self, item: Item) -> Record | None:
        """Do a video; None if the run stops before its end."""
        from handseg_cli.predict.video import predict_video  # FFmpeg takes a while to load

        return predict_video(item, self.predictor, self.sinks, self.stop)

    def claim(self, item: Item, outputs: dict[Kind, Path], stack: ExitStack) -> dict[Kind, Claim] | None:
        """Claim the pictures that are not up to date; None where another run has one of them."""
        source = look(item.path)
        mine: dict[Kind, Claim] = {}
        for kind, path in outputs.items():
            if self.sinks.state(kind, path, source) == "fresh":
                continue
            if self.config.output is not None:
                with explained(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
            claimed = claim(path)
            if claimed is None:
                for other in mine.values():
                    other.release()
                return None
            mine[kind] = stack.enter_context(claimed)
        self.drop_fresh(mine, source)  # another run may have finished one just before it was claimed
        return mine

    def drop_fresh(self, claims: dict[Kind, Claim], source: Source) -> None:
        """Release the pictures that turn out to be up to date."""
        for kind in list(claims):
            if self.sinks.state(kind, claims[kind].final, source) == "fresh":
                claims.pop(kind).release()

    def segment(self, photos: Sequence[Photo]) -> list[Prediction | Failure]:
        """Predict photos together or, where one of them makes that fail, one by one."""
        if not photos:
            return []
        try:
            return list(self.predictor.segment(photos))
        except FAILURES as error:
            return [error] if len(photos) == 1 else [each for photo in photos for each in self.segment([photo])]

    def finish(self, job: Job, result: Prediction | Failure) -> Record:
        """Write the pictures of a photo."""
        start = time.perf_counter()
        try:
            if not isinstance(result, Prediction):
                raise result
            for kind, mine in job.claims.items():
                stamp = self.sinks.stamp(kind, job.source)
                mine.write(self.sinks.encode(kind, job.photo.image, result, stamp))
        except FAILURES as error:
            return self.failed(job.item, error)
        finally:
            for mine in job.claims.values():
                mine.release()
        return Record(job.item.path, "done", outputs=job.outputs, model=self.sinks.model).of(
            result, job.seconds + time.perf_counter() - start
        )

    def failed(self, item: Item, error: Failure) -> Record:
        """Return the record of a failure; a full disk stops the run."""
        if isinstance(error, DiskFullError):
            self.stop.set(error.exit_code)
        return Record(item.path, "failed", failure(error, str(item.path)), model=self.sinks.model)


def failure(error: Failure, name: str) -> str:
    """Say why an input failed, without its name."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    return str(error).removeprefix(f"{name}: ")


def trim() -> None:
    """Have the C library give back what is free: it keeps the blocks of huge photos, for each thread its own."""
    with suppress(OSError, AttributeError, TypeError):  # only glibc can
        ctypes.CDLL(None).malloc_trim(0)


def pixels_needed(config: PredictConfig, predictor: Predicts) -> int | None:
    """Return how many pixels of a photo the net and the kinds of pictures need; None for all."""
    return None if predictor.needs_full or NEED_FULL.intersection(config.kinds) else predictor.pixels
