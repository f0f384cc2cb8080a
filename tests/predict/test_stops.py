"""Signals end a run in order, a second one at once; other handlers come back afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from handseg_cli.predict.stops import Stop, signals


def test_the_first_reason_counts() -> None:
    stop = Stop()
    stop.set(5)
    stop.set(1)
    assert stop.code == 5


def test_a_signal_is_noted_and_the_old_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = Stop()
    with signals(stop):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stop = Stop()
        with signals(stop):
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.code == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def run() -> None:
        with signals(Stop()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_second_signal_ends_the_process_at_once() -> None:
    code = """
import os, signal, time
from handseg_cli.predict.stops import Stop, signals
with signals(Stop()):
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == -signal.SIGINT
