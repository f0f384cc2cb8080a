"""One photo on stdin, one picture of it on stdout."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ImageError
from handseg_cli.io.files import write_stdout
from handseg_cli.io.images import read_photo
from handseg_cli.predict.manifest import Manifest, Record, Summary
from handseg_cli.predict.opening import opened
from handseg_cli.predict.progress import Reporter
from handseg_cli.predict.stamps import Source
from handseg_cli.predict.work import FAILURES, failure, pixels_needed

STDIN = Path("-")
LIMIT = 512 << 20  # bytes of a photo


def predict_pipe(config: PredictConfig) -> Summary:
    """Read a photo from stdin and write its picture, of the one kind that is asked for, to stdout."""
    summary = Summary(fail_on=config.fail_on)
    with Manifest(False, config.manifest) as manifest, Reporter(config.quiet) as reporter:
        record, picture = segment(config)
        write_stdout(picture)
        summary.add(record)
        manifest.write(record)
        reporter.show(record, 1)
    return summary


def segment(config: PredictConfig) -> tuple[Record, bytes]:
    """Return the record and the picture, empty after a failure, of the photo on stdin."""
    predictor, sinks = opened(config)
    (kind,) = config.kinds
    start = time.perf_counter()
    try:
        data = read_stdin()
        photo = read_photo(data, "stdin", max_pixels=config.max_pixels, pixels=pixels_needed(config, predictor))
        (prediction,) = predictor.segment([photo])
        source = Source(len(data), 0, hashlib.sha256(data).hexdigest())
        picture = sinks.encode(kind, photo.image, prediction, sinks.stamp(kind, source))
    except FAILURES as error:
        return Record(STDIN, "failed", failure(error, "stdin"), model=sinks.model), b""
    record = Record(STDIN, "done", outputs={kind: STDIN}, model=sinks.model)
    return record.of(prediction, time.perf_counter() - start), picture


def read_stdin() -> bytes:
    """Read all of stdin, up to what a photo may have."""
    data = sys.stdin.buffer.read(LIMIT + 1) if sys.stdin else b""
    if len(data) > LIMIT:
        raise ImageError(f"stdin: brings more than the {LIMIT >> 20} MiB that a photo may have")
    return data
