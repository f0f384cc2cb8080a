"""A run on a Ray cluster: this process finds the inputs and writes the records, actors on all machines do the photos.

Actors of Ray's core rather than Ray Data: photos stay where they are and only their names travel, so all that is left
of a pipeline is a pool that is fed as it empties. So it takes inputs as they are found, needs neither Arrow nor pandas,
and can take a block apart that kills its workers.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ObjectLostError, RayActorError, RayTaskError

from handseg_cli import __version__
from handseg_cli.config import PredictConfig
from handseg_cli.errors import HandsegError
from handseg_cli.predict.manifest import Record
from handseg_cli.predict.ray_cluster import Muffled, connect, cpus_of_worker, first_line, room_for_workers
from handseg_cli.predict.ray_worker import Worker
from handseg_cli.predict.sources import Item
from handseg_cli.predict.stops import Stop, signals
from handseg_cli.predict.work import Work

BLOCK = 32  # photos; what a dead worker costs at most is the two blocks it had
BLOCKS = 2  # that a worker has at a time, so that its threads need not wait for the next
TRIES = 4  # of a photo that workers die over
STARTS = 10  # workers that die before they have done anything
TICK_S = 0.2
LOOK_EVERY_S = 5.0

Actor = Any  # Ray's handle of a Worker
Ref = Any


@dataclass
class Block:
    """Inputs that go to a worker together, and how many have died over them."""

    items: list[Item]
    deaths: int = 0

    @property
    def is_suspect(self) -> bool:
        """Tell whether it is to be done one by one, by a worker that has nothing else: to see which photo it is."""
        return self.deaths > 1


@contextmanager
def begun(config: PredictConfig, items: Iterable[Item | None], work: Work) -> Iterator[Iterator[Record]]:
    """Begin to do the inputs on a cluster and give their records, in the order in which blocks end."""
    ours = not ray.is_initialized()
    if ours:
        connect(config.address)
    try:
        with redirect_stdout(Muffled(sys.stdout)), signals(work.stop):
            pool = Pool(config, work.stop, work.sinks.model)
            try:
                yield pool.records(items)
            finally:
                pool.close()
    finally:
        if ours:
            ray.shutdown()


class Pool:
    """The workers of a run: started where there is room, fed as they empty, replaced where they die."""

    def __init__(self, config: PredictConfig, stop: Stop, model: str) -> None:
        self.config = config
        self.stop = stop
        self.model = model
        self.cpus = cpus_of_worker()
        self.gpus = int(config.device == "cuda")
        if not (config.actors or any(room_for_workers(self.cpus, self.gpus))):
            kind = f"{self.cpus} CPUs{' and a GPU' if self.gpus else ''}"
            raise HandsegError(f"no machine of the cluster has {kind}; add one, or wait for one with --actors 1")
        self.starting: dict[Ref, Actor] = {}
        self.load: dict[Actor, int] = {}  # how many blocks each has
        self.pending: dict[Ref, tuple[Actor, Block]] = {}
        self.again: deque[Block] = deque()
        self.looked = -LOOK_EVERY_S
        self.failed_starts = 0
        self.halted = False

    def records(self, items: Iterable[Item | None]) -> Iterator[Record]:
        """Do the inputs and yield their records."""
        blocks = blocks_of(items)
        more = True
        while more or self.again or self.pending:
            if self.stop.code:
                more = False
                self.halt()
            else:
                self.grow()
                more = self.feed(blocks)
            yield from self.collect()

    def grow(self) -> None:
        """Start workers where the cluster has room for them; it may have lost or gained machines."""
        now = time.monotonic()
        if self.load and now - self.looked < LOOK_EVERY_S:
            return
        self.looked = now
        wanted = self.config.actors or sum(room_for_workers(self.cpus, self.gpus))
        for _ in range(wanted - len(self.load) - len(self.starting)):
            make = ray.remote(Worker).options(
                num_cpus=self.cpus,
                num_gpus=self.gpus,
                max_concurrency=BLOCKS + 1,  # and one call to halt
                scheduling_strategy="SPREAD",
            )
            actor: Actor = make.remote(self.config, Path.cwd(), self.config.workers or self.cpus + 2)
            self.starting[actor.open.remote()] = actor

    def feed(self, blocks: Iterator[Block | None]) -> bool:
        """Give the workers what they have room for, and tell whether there may be more."""
        while True:
            room = 0 if self.again and self.again[0].is_suspect else BLOCKS - 1
            actor = min(self.load, key=self.load.__getitem__, default=None)
            if actor is None or self.load[actor] > room:
                return True
            block = self.again.popleft() if self.again else next(blocks, END)
            if block is END or block is None:
                return block is None
            self.load[actor] += BLOCKS if block.is_suspect else 1
            self.pending[actor.do.remote(block.items, block.deaths > 0)] = actor, block

    def collect(self) -> Iterator[Record]:
        """Wait a moment for a worker to end a block, or to be ready, and yield the records that this brings."""
        refs = [*self.starting, *self.pending]
        if not refs:
            time.sleep(TICK_S)
            return
        ended, _ = ray.wait(refs, timeout=TICK_S)
        for ref in ended:
            if ref in self.starting:
                self.welcome(ref)
            else:
                yield from self.take(ref)

    def welcome(self, ref: Ref) -> None:
        """Take in a worker that is ready; raise what it says is wrong with its machine."""
        actor = self.starting.pop(ref)
        try:
            found = result(ref)
        except (RayActorError, ObjectLostError) as error:
            self.failed_starts += 1
            if self.failed_starts >= STARTS:
                raise HandsegError(f"workers die as they start ({first_line(error)}); see the logs of Ray") from error
            return
        if found != (__version__, self.model):
            there, here = (" with the model ".join(each) for each in (found, (__version__, self.model)))
            raise HandsegError(f"a machine of the cluster has handseg {there}, this one {here}; make them alike")
        self.failed_starts = 0
        self.load[actor] = 0

    def take(self, ref: Ref) -> Iterator[Record]:
        """Yield the records of a block; where its worker has died it is put back."""
        actor, block = self.pending.pop(ref)
        try:
            records, code = result(ref)
        except (RayActorError, ObjectLostError) as error:
            self.load.pop(actor, None)
            self.looked = -LOOK_EVERY_S  # another is started at once
            ray.kill(actor)  # it may only have been out of reach, and is not to go on
            redo, given_up = after_death(block, first_line(error))
            self.again.extend(redo)
            yield from (Record(item.path, "failed", reason, model=self.model) for item, reason in given_up)
            return
        if actor in self.load:
            self.load[actor] -= BLOCKS if block.is_suspect else 1
        self.stop.set(code)
        yield from records

    def halt(self) -> None:
        """Let the workers end after the photos they have in work."""
        self.again.clear()
        if not self.halted:
            self.halted = True
            for actor in self.load:
                actor.halt.remote(self.stop.code)

    def close(self) -> None:
        """End the workers."""
        for actor in (*self.load, *self.starting.values()):
            ray.kill(actor)


END = Block([])


def blocks_of(items: Iterable[Item | None]) -> Iterator[Block | None]:
    """Put inputs together, a video alone; None now and then while nothing comes."""
    block: list[Item] = []
    for item in items:
        if item is not None and not item.video:
            block.append(item)
        if block and (item is None or len(block) == BLOCK):
            yield Block(block)
            block = []
        if item is None:
            yield None
        elif item.video:
            yield Block([item])
    if block:
        yield Block(block)


def after_death(block: Block, reason: str) -> tuple[list[Block], list[tuple[Item, str]]]:
    """Return what of a block whose worker has died is to be done again, and which inputs are given up, and why.

    It may have been an accident. After the second one, photos are done one by one; then it is the photo.
    """
    deaths = block.deaths + 1
    if deaths < TRIES:
        single = deaths > 1
        return [Block([item], deaths) for item in block.items] if single else [Block(block.items, deaths)], []
    return [], [(item, f"{deaths} workers have died over it, the last: {reason}") for item in block.items]


def result(ref: Ref) -> Any:
    """Return what a worker has answered, or raise what it has raised: our own errors as they were."""
    try:
        return ray.get(ref)
    except RayTaskError as error:
        if isinstance(error.cause, HandsegError):
            raise error.cause from error
        raise
