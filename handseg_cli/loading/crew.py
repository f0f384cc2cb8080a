"""Worker processes that make batches in the order in which they are asked for."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from handseg_cli.datasets.pool import Worker, dismiss, hire, receive, send
from handseg_cli.loading.pictures import Arrays, Job, Maker

AHEAD = 2  # jobs that each worker has been given: one batch waits to be fetched while the next is made


class Crew:
    """Workers that live from one epoch to the next, and end with the process or with this object.

    Not torch's own: these send their batches through pipes, not through shared memory, of which containers have
    little, load no torch, and are gone at once and without a word when the parent is.
    """

    def __init__(self, maker: Maker, count: int) -> None:
        self.maker, self.count = maker, count
        self.idle: list[Worker] = []

    def run(self, jobs: Sequence[Job]) -> Generator[Arrays, None, None]:
        """Yield what comes of each job, in order; a HandsegError of a worker is raised here."""
        # Taken away, so that another run meanwhile hires workers of its own.
        workers, self.idle = self.idle or [hire(self.maker) for _ in range(self.count)], []
        try:
            for number in range(min(AHEAD * len(workers), len(jobs))):
                send(workers[number % len(workers)], jobs[number])
            for number in range(len(jobs)):
                worker = workers[number % len(workers)]
                arrays = receive({worker.line: worker})[1]
                assert isinstance(arrays, Arrays)
                following = number + AHEAD * len(workers)
                if following < len(jobs):
                    send(worker, jobs[following])
                yield arrays
            self.idle, workers = workers, []
        finally:
            # They are in the midst of what nobody asks for any more.
            dismiss(workers)
