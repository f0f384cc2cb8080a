"""Worker processes: every job is done once, errors come through, and nobody stays."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from handseg_cli.datasets.pool import run
from handseg_cli.errors import DatasetError

HERE = Path(__file__).parent


def work(job: int) -> tuple[int, int]:
    if job < 0:
        raise DatasetError("job is negative")
    return job * job, os.getpid()


def held(job: int) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.fixture(autouse=True)
def _can_be_imported_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setitem(sys.modules, "test_pool", sys.modules[__name__])
    for function in (work, held):
        monkeypatch.setattr(function, "__module__", "test_pool")


def test_every_job_is_done_once_by_several_processes() -> None:
    answers = list(run(range(40), work, 2))
    assert sorted(square for square, _ in answers) == [job * job for job in range(40)]
    assert len({pid for _, pid in answers} - {os.getpid()}) == 2
    assert not multiprocessing.active_children()


def test_each_process_calculates_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert set(run(["OPENBLAS_NUM_THREADS"] * 2, os.getenv, workers=2)) == {"1"}
    assert "OPENBLAS_NUM_THREADS" not in os.environ


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system holds no signals")
def test_the_terminals_interrupt_reaches_this_process_alone() -> None:
    assert list(run([0, 0], held, 2)) == [True, True]
    assert not held(0)


def test_one_worker_is_this_process() -> None:
    assert list(run([3], work, 1)) == [(9, os.getpid())]


def test_an_error_comes_through_and_ends_all() -> None:
    with pytest.raises(DatasetError, match="job is negative"):
        list(run([1, -1, 2, 3], work, 2))
    assert not multiprocessing.active_children()


def test_who_stops_asking_ends_all_and_little_was_in_flight() -> None:
    taken = []

    def jobs() -> object:
        for job in range(10**6):
            taken.append(job)
            yield job

    with closing(run(jobs(), work, 2)) as answers:  # type: ignore[arg-type]
        next(answers)
    assert len(taken) <= 4
    time.sleep(0.05)
    assert not multiprocessing.active_children()
