"""Work in processes of our own: one job each at a time, so that little is in flight, and none outlives us.

Not `concurrent.futures`: its workers stay for ever when their parent is killed, and cannot be ended before their time.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TypeVar, cast

import cv2

from handseg_cli.errors import DatasetError, HandsegError

J = TypeVar("J")
R = TypeVar("R")

# What NumPy's libraries read when they are loaded.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PATIENCE_S = 5.0  # for a worker to end after it was asked to


@dataclass(frozen=True)
class Worker:
    """A process, and the line to it."""

    process: BaseProcess
    line: Connection


def run(jobs: Iterable[J], work: Callable[[J], R], workers: int) -> Generator[R, None, None]:
    """Yield what comes of each job, in any order; a HandsegError that `work` raises is raised here.

    With one worker the jobs are done in this process. Others are spawned, so `work` and the jobs have to be picklable.
    """
    if workers == 1:
        yield from map(work, jobs)
        return
    rest, crew, busy = iter(jobs), list[Worker](), dict[Connection, Worker]()
    try:
        for job in rest:
            if len(busy) == workers:
                free, answer = receive(busy)
                yield cast(R, answer)
            else:
                free = hire(work)
                crew.append(free)
            busy[free.line] = free
            send(free, job)
        while busy:
            yield cast(R, receive(busy)[1])
    finally:
        dismiss(crew)


def hire(work: Callable[[J], R]) -> Worker:
    """Start a worker. It is spawned: a fork would hold on to our locks, and to those on files."""
    ours, its = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=serve, args=(its, work), daemon=True)
    with interrupts_held(), one_thread():
        process.start()
    its.close()  # so that its end closes with it
    return Worker(process, ours)


@contextmanager
def one_thread() -> Iterator[None]:
    """Have a process that is started meanwhile calculate in one thread, unless told otherwise: it has one core."""
    unset = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait. A process that is started meanwhile never gets it: it reaches all of us, and we end our own."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else it is started with the first worker, and lets go what we hold
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def send(worker: Worker, job: object) -> None:
    """Give a worker its next job."""
    try:
        worker.line.send(job)
    except OSError:
        lost(worker)


def receive(busy: dict[Connection, Worker]) -> tuple[Worker, object]:
    """Wait for any worker's answer and return both; a HandsegError is raised."""
    line = cast(Connection, connection.wait(list(busy))[0])
    worker = busy.pop(line)
    try:
        answer = line.recv()
    except (EOFError, OSError):
        lost(worker)
    if isinstance(answer, HandsegError):
        raise answer
    return worker, answer


def lost(worker: Worker) -> None:
    """Raise what there is to say of a worker that is no more."""
    worker.process.join(PATIENCE_S)
    # Whoever ends the workers often ends us, too: let that signal come first.
    time.sleep(0.1)
    code = worker.process.exitcode
    how = f"was ended by signal {-code}, perhaps for want of memory" if code and code < 0 else "has failed, see above"
    raise DatasetError(f"a worker process {how}; run again to go on, perhaps with fewer --workers")


def dismiss(crew: list[Worker]) -> None:
    """End all workers, whatever they are at."""
    for worker in crew:
        worker.line.close()
        worker.process.terminate()
    for worker in crew:
        worker.process.join(PATIENCE_S)
        if worker.process.exitcode is None:
            worker.process.kill()
            worker.process.join()


def serve(line: Connection, work: Callable[[object], object]) -> None:
    """Do jobs until the line is closed: what a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not held
    threading.Thread(target=follow_parent, daemon=True).start()
    cv2.setNumThreads(1)
    while True:
        try:
            job = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer = work(job)
        except HandsegError as error:
            answer = error
        try:
            line.send(answer)
        except OSError:
            return  # nobody waits for it any more


def follow_parent() -> None:
    """End this process at once when its parent is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
