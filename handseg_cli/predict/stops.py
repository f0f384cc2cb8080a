"""Why a run ends early: a signal, a full disk, the first failure. Whoever works looks here before each photo."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """`code` is what the process is to end with, 0 as long as the run goes on."""

    def __init__(self) -> None:
        self.code = 0

    def set(self, code: int) -> None:
        """End the run; the first reason counts."""
        self.code = self.code or code


@contextmanager
def signals(stop: Stop) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run after the photos in work; a second one ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set(128 + number)
        for each in before:
            signal.signal(each, signal.SIG_DFL)

    # A shell's background jobs and nohup ignore some signals on purpose.
    wanted = (each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is not signal.SIG_IGN)
    before = {each: signal.getsignal(each) for each in wanted}
    for each in before:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
