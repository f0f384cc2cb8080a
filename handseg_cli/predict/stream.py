"""The predict verb: inputs in, pictures and records out, in order, whatever happens on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import cast

import cv2

from handseg_cli.config import PredictConfig
from handseg_cli.errors import NothingFoundError
from handseg_cli.io.files import sync_folder
from handseg_cli.predict.appending import of_shard
from handseg_cli.predict.gauges import Gauges
from handseg_cli.predict.json_log import JsonLog
from handseg_cli.predict.manifest import Manifest, Record, Summary
from handseg_cli.predict.opening import sinks_of
from handseg_cli.predict.ordered import cores, ordered
from handseg_cli.predict.predictor import batch_size
from handseg_cli.predict.progress import Reporter
from handseg_cli.predict.shards import find_shard
from handseg_cli.predict.sources import Item, Sources
from handseg_cli.predict.stops import Stop, signals
from handseg_cli.predict.work import Work
from handseg_cli.registry import resolve

# Inputs that need no work go through in chunks of this many: by thousands a second they may be.
CHUNK = 64
STORE_WAITERS = 16

Engine = Callable[
    [PredictConfig, Iterable[Item | None], Work], AbstractContextManager[Iterator[Record]]
]  # yields records, as they come


def predict(config: PredictConfig) -> Summary:
    """Write the pictures that the configuration asks for and return what came of it."""
    cv2.setNumThreads(1)  # our own threads keep the cores busy
    if config.raw:
        from handseg_cli.predict.raw import predict_raw

        return predict_raw(config)
    if config.from_pipe:
        from handseg_cli.predict.pipe import predict_pipe

        return predict_pipe(config)
    return predict_files(config)


def watched(sources: Sources) -> Iterable[Item | None]:
    """Return the inputs that are there and those that come."""
    watch = cast(Callable[[Sources], Iterable[Item | None]], resolve("handseg_cli.predict.watch:watch"))
    return watch(sources)


def predict_files(config: PredictConfig) -> Summary:
    """Do all photos and videos that are named or found."""
    stop = Stop()
    shard = find_shard(config.shard, os.environ)
    work = Work(config, sinks_of(config), stop)
    sources = Sources(config, shard)
    items = watched(sources) if config.watch else sources
    summary = Summary(fail_on=config.fail_on, shard=str(shard))
    labels = {"model": work.sinks.model, "shard": f"{shard.index + 1}/{shard.count}"}
    last: Record | None = None
    with (
        Manifest(config.json, of_shard(config.manifest, shard)) as manifest,
        Gauges(config.metrics, summary, sources, labels) as gauges,
        JsonLog(config.quiet, summary) if config.log_json else Reporter(config.quiet) as reporter,
        begun(config, items, work) as ended,
    ):
        for record in ended:
            summary.add(record)
            manifest.write(record)
            gauges.add(record)
            reporter.show(record, sources.total)
            last = record if record.status == "done" else last
            if config.strict and record.status == "failed":
                stop.set(1)
        # To be told to stop is how a watch ends.
        summary.stopped = 0 if config.watch and stop.code > 128 else stop.code
        if not (sources.met or stop.code):
            raise NothingFoundError("no photo was found; name photos or folders of photos, or add --recursive")
    if last is not None and isinstance(written := next(iter(last.outputs.values())), Path):
        sync_folder(written.parent)
    return summary


@contextmanager
def begun(config: PredictConfig, items: Iterable[Item | None], work: Work) -> Iterator[Iterator[Record]]:
    """Begin to do the inputs, here or on a cluster, and give their records; signals end it."""
    if config.engine == "ray":
        on_ray = cast(Engine, resolve("handseg_cli.predict.on_ray:begun"))
        with on_ray(config, items, work) as ended:
            yield ended
    else:
        with signals(work.stop):
            yield records(config, items, work)


def records(config: PredictConfig, items: Iterable[Item | None], work: Work) -> Iterator[Record]:
    """Do the inputs in several threads and yield their records in order."""
    # While some wait for the disk, or longer for a store, the others keep the cores busy.
    workers = config.workers or cores() + (STORE_WAITERS if config.is_remote else 2)
    with ThreadPoolExecutor(workers, "photo") as pool:
        for results in ordered(pool, work, chunks(config, items, work), 2 * workers + 1):
            yield from results


def chunks(config: PredictConfig, items: Iterable[Item | None], work: Work) -> Iterator[list[Item | Record]]:
    """Put together the photos that the net sees at once; inputs that need no work ride along as their records."""
    batch = batch_size(config)
    chunk: list[Item | Record] = []
    room = batch
    for item in items:
        if work.stop.code:
            break
        if item is not None:
            entry = work.check(item) or item
            chunk.append(entry)
            room -= isinstance(entry, Item)
        if item is None or room == 0 or len(chunk) >= CHUNK:
            yield chunk
            chunk, room = [], batch
    yield chunk
