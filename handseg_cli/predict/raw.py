"""Raw frames through a pipe: RGB24 on stdin, grey masks or lines of poses on stdout, each as soon as it is ready."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from handseg_cli.config import PredictConfig
from handseg_cli.errors import DiskFullError, ImageError
from handseg_cli.io.files import FULL
from handseg_cli.predict.manifest import Manifest, Record, Summary
from handseg_cli.predict.opening import opened
from handseg_cli.predict.ordered import cores
from handseg_cli.predict.pose_file import encode_frame, encode_head
from handseg_cli.predict.progress import Reporter
from handseg_cli.predict.sinks import Sinks
from handseg_cli.sample import Image, Prediction

PIPE = Path("-")
Result = TypeVar("Result")


class Readable(Protocol):
    """What frames are read from; a call may bring less than was asked for."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class Writable(Protocol):
    """What is written to; a call may take less than it was given."""

    def write(self, data: memoryview, /) -> int | None: ...


def predict_raw(config: PredictConfig) -> Summary:
    """Write what is told of each raw frame on stdin to stdout: of masks as many bytes as a frame has pixels."""
    predictor, sinks = opened(config)
    summary = Summary(fail_on=config.fail_on, unit="frames")
    count = with_hands = 0
    reason = ""
    with (
        Manifest(False, config.manifest) as manifest,
        Reporter(config.quiet) as reporter,
        # Without buffers: what a reader who left did not take must not come up again at exit.
        open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source,
        open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as target,
    ):
        try:
            for prediction in each_frame(source, config.raw_size, predictor, config.workers or cores()):
                write(target, told(prediction, sinks, count))
                count += 1
                with_hands += bool(prediction.hands)
        except ImageError as error:
            reason = str(error).removeprefix("stdin: ")
        height, width = config.raw_size
        record = Record(
            path=PIPE,
            status="failed" if reason else "done",
            reason=reason,
            outputs={config.kinds[0]: PIPE},
            width=width,
            height=height,
            model=sinks.model,
            frames=count,
            frames_with_hands=with_hands,
        )
        summary.add(record)
        summary.done = count
        manifest.write(record)
        reporter.show(record, 1)
    return summary


def told(prediction: Prediction, sinks: Sinks, number: int) -> NDArray[np.uint8]:
    """Return the bytes of one frame; of poses, the first brings the line along that is about all of them."""
    (kind,) = sinks.config.kinds
    if kind == "parts":
        assert prediction.parts is not None
        return prediction.parts
    if kind != "pose":
        return prediction.mask if kind == "mask" else prediction.probability
    line = encode_frame(prediction, number, None)
    if number == 0:
        line = encode_head(sinks.config.raw_size, sinks.name, sinks.config.focal) + line
    return np.frombuffer(line, np.uint8)


def each_frame(
    source: Readable, size: tuple[int, int], function: Callable[[Image], Result], workers: int
) -> Iterator[Result]:
    """Yield the function's result for each raw (H, W, 3) frame of `size` (H, W), in order.

    A result comes once it is ready, whether or not another frame has: who sends one frame and waits for its mask
    before sending the next is served too. No more than some frames a worker are held.
    """
    results: Queue[Future[Result] | None] = Queue(maxsize=workers)
    with ThreadPoolExecutor(workers, "frame") as pool:
        arguments = (source, size, lambda frame: pool.submit(function, frame), results)
        # A daemon keeps nobody from leaving while it waits for a frame that never comes.
        Thread(target=feed, args=arguments, name="frames", daemon=True).start()
        while (result := results.get()) is not None:
            yield result.result()


def feed(
    source: Readable,
    size: tuple[int, int],
    submit: Callable[[Image], Future[Result]],
    results: Queue[Future[Result] | None],
) -> None:
    """Have each frame of the source worked on; the last in the queue is None or the error that ended them."""
    try:
        while (frame := read_frame(source, size)) is not None:
            results.put(submit(frame))
        results.put(None)
    except (ImageError, OSError) as error:
        failed: Future[Result] = Future()
        failed.set_exception(error)
        results.put(failed)
    except RuntimeError:
        return  # the pool has shut down: whoever took the results went away


def read_frame(source: Readable, size: tuple[int, int]) -> Image | None:
    """Read one (H, W, 3) uint8 RGB frame; None at the end, ImageError if the data ends within a frame."""
    frame = np.empty((*size, 3), np.uint8)
    rest = frame.data.cast("B")
    while rest and (count := source.readinto(rest)):
        rest = rest[count:]
    if len(rest) == frame.nbytes:
        return None
    if rest:
        raise ImageError(
            f"stdin: ends within a frame, {len(rest)} of {frame.nbytes} bytes are missing; "
            f"is the size of the frames {size[1]}x{size[0]}, and are they rgb24?"
        )
    return frame


def write(target: Writable, content: NDArray[np.uint8]) -> None:
    """Write bytes, those of a mask (H, W) row by row from the top."""
    rest = np.ascontiguousarray(content).data.cast("B")
    try:
        while rest:
            rest = rest[target.write(rest) or 0 :]
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError("stdout: no space left on the disk") from error
        raise
