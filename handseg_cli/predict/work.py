"""One chunk of photos from the disk through the net and back to the disk; threads share one `Work`."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from handseg_cli.config import Kind, PredictConfig
from handseg_cli.errors import DiskFullError, HandsegError, ImageError
from handseg_cli.io.images import Photo, PhotoFile
from handseg_cli.paths import Place, Url
from handseg_cli.predict.manifest import Record
from handseg_cli.predict.names import names_picture
from handseg_cli.predict.opening import Predicts, opened
from handseg_cli.predict.sinks import NEED_FULL, Sinks, State
from handseg_cli.predict.sources import Item
from handseg_cli.predict.stamps import Source
from handseg_cli.predict.stops import Stop
from handseg_cli.predict.stored import Writing, stored
from handseg_cli.sample import Prediction

FAILURES = (HandsegError, MemoryError)  # what ends one photo; anything else is a bug and ends the run
Failure = HandsegError | MemoryError

HUGE = 30_000_000  # pixels; larger photos are done one at a time, as each takes some hundred megabytes


@dataclass(frozen=True)
class Todo:
    """An input that needs work, and what was seen of each of its pictures."""

    item: Item
    outputs: dict[Kind, Place]
    states: dict[Kind, State]


@dataclass
class Job:
    """A photo that is claimed and decoded; `seconds` is the time spent on it so far."""

    item: Item
    outputs: dict[Kind, Place]
    claims: dict[Kind, Writing]
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
        self._opening = threading.Lock()
        self._predictor: Predicts | None = None

    @property
    def predictor(self) -> Predicts:
        """The net, opened at its first use by one thread while the others wait."""
        with self._opening:
            if self._predictor is None:
                self._predictor = opened(self.config)[0]
            return self._predictor

    def check(self, item: Item) -> Record | None:
        """Return the record of an input that needs no work, None for one that does or that a store has to tell of."""
        if not item.error and (isinstance(item.path, Url) or isinstance(self.config.output, Url)):
            return None  # the threads ask for many at once
        found = self.look(item)
        return found if isinstance(found, Record) else None

    def look(self, item: Item) -> Todo | Record:
        """Look what there is to do for an input."""
        try:
            if item.error:
                raise ImageError(item.error)
            if item.video:
                return Todo(item, {}, {})
            if self.is_picture(item):
                return Record(item.path, "skipped", "was made by handseg", model=self.sinks.model)
            outputs = self.sinks.paths(item.path, item.key)
            states = self.states(item, outputs)
        except FAILURES as error:
            return self.failed(item, error)
        if {"fresh"} == {*states.values()}:
            return self.up_to_date(item, outputs)
        return Todo(item, outputs, states)

    def is_picture(self, item: Item) -> bool:
        """Tell whether an object is a picture of ours; of files that was told before."""
        if isinstance(item.path, Path) or not names_picture(item.path.name):
            return False
        written = stored(item.path).written()
        return written is not None and written.stamp is not None

    def states(self, item: Item, outputs: dict[Kind, Place]) -> dict[Kind, State]:
        """Tell of each picture whether it is there and, by its photo's size and time, up to date."""
        written = {kind: stored(path).written() for kind, path in outputs.items()}
        if not any(written.values()):
            return dict.fromkeys(outputs, "missing")
        source = item.source or stored(item.path).look()
        return {kind: self.sinks.judge(kind, path, written[kind], source) for kind, path in outputs.items()}

    def up_to_date(self, item: Item, outputs: dict[Kind, Place]) -> Record:
        return Record(item.path, "skipped", "up to date", outputs, model=self.sinks.model)

    def __call__(self, chunk: Sequence[Item | Record]) -> list[Record]:
        """Do the items of a chunk and return the records of all, in order; once the run stops, of fewer."""
        looked = [self.look(each) if isinstance(each, Item) else each for each in chunk]
        if any(isinstance(each, Todo) for each in looked):
            _ = self.predictor  # that it cannot be opened ends the run
        with ExitStack() as claims:
            begun = [self.begin(each, claims) if isinstance(each, Todo) else each for each in looked]
            start = time.perf_counter()
            jobs = [each for each in begun if isinstance(each, Job)]
            results = iter(self.segment([job.photo for job in jobs]))
            for job in jobs:
                job.seconds += (time.perf_counter() - start) / len(jobs)
            ended = (self.finish(each, next(results)) if isinstance(each, Job) else each for each in begun)
            return [record for record in ended if record is not None]

    def begin(self, todo: Todo, claims: ExitStack) -> Job | Record | None:
        """Claim and decode a photo; a record if that is all there is to it, None once the run stops."""
        if self.stop.code:
            return None
        start, item = time.perf_counter(), todo.item
        try:
            if item.video:
                return self.video(item)
            mine = self.claim(todo, claims)
            if mine is None:
                return Record(item.path, "busy", "another run is at it, or it was named twice", model=self.sinks.model)
            if mine:
                data, source = stored(item.path).read()
                self.drop_fresh(mine, todo, source)
            if not mine:
                return self.up_to_date(item, todo.outputs)
            file = PhotoFile(data, str(item.path), self.config.max_pixels)
            if file.pixels > HUGE:
                claims.enter_context(self.one_at_a_time)
                trim()
            photo = file.read(pixels_needed(self.config, self.predictor))
            return Job(item, todo.outputs, mine, source, photo, time.perf_counter() - start)
        except FAILURES as error:
            return self.failed(item, error)

    def video(self, item: Item) -> Record | None:
        """Do a video; None if the run stops before its end."""
        from handseg_cli.predict.video import predict_video  # FFmpeg takes a while to load

        return predict_video(item, self.predictor, self.sinks, self.stop)

    def claim(self, todo: Todo, stack: ExitStack) -> dict[Kind, Writing] | None:
        """Claim the pictures that are not up to date; None where another run has one of them."""
        mine: dict[Kind, Writing] = {}
        for kind, state in todo.states.items():
            if state == "fresh":
                continue
            claimed = stored(todo.outputs[kind]).claim(self.config.output is not None)
            if claimed is None:
                for other in mine.values():
                    other.release()
                return None
            mine[kind] = stack.enter_context(claimed)
        # On a disk, another run may have finished one just before it was claimed.
        looked = self.states(
            todo.item, {kind: each.final for kind, each in mine.items() if isinstance(each.final, Path)}
        )
        for kind, state in looked.items():
            if state == "fresh":
                mine.pop(kind).release()
        return mine

    def drop_fresh(self, claims: dict[Kind, Writing], todo: Todo, source: Source) -> None:
        """Release the pictures that turn out to be up to date, now that the hash of the photo is known."""
        for kind in [kind for kind in claims if todo.states[kind] != "missing"]:
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
                mine.write(self.sinks.encode(kind, job.photo.image, result, stamp), str(stamp))
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
