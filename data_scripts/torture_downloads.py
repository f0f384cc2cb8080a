"""Cut 500 downloads at random bytes, in all ways that lines and servers fail; each must end in the right file.

    python data_scripts/torture_downloads.py                 as the README reports it
    python data_scripts/torture_downloads.py --count 50      shorter
    python data_scripts/torture_downloads.py --seed 7        other bytes

Prints a table; the exit code is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from handseg_cli.errors import DownloadError
from handseg_cli.io import download, transfer, web
from handseg_cli.io.download import fetch
from handseg_cli.io.files import part_of

if TYPE_CHECKING:
    from tests.tiny.server import Fault, Served, Server

SERVER = Path(__file__).parents[1] / "tests" / "tiny" / "server.py"
LARGEST = 400_000  # bytes
CUTS = 5  # at most in one download: fewer than `fetch` tries
FETCH = "import sys, pathlib; from handseg_cli.io.download import fetch; fetch(sys.argv[1], pathlib.Path(sys.argv[2]))"


@dataclass
class Trial:
    """What one kind of failure brought to light."""

    name: str
    downloads: int = 0
    requests: int = 0
    resumed: int = 0  # requests for the rest only
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        verdict = "ok" if not self.wrong else f"{len(self.wrong)} WRONG"
        numbers = f"{self.downloads:>9}  {self.requests:>8}  {self.resumed:>9}  {self.seconds:>7.1f}"
        return f"{self.name:<36} {numbers}  {verdict}"


class Torture:
    """One kind of failure: how a file is served, and how it is fetched until it is there."""

    def __init__(self, server: Server, rng: random.Random) -> None:
        self.server = server
        self.rng = rng

    def served(self) -> Served:
        """Return a file of random bytes, of random size."""
        return self.server.served(self.rng.randbytes(self.rng.randint(1, LARGEST)))

    def cuts(self, served: Served) -> list[Fault]:
        """Return answers that are cut at random bytes, by FIN or RST."""
        count = self.rng.randint(1, CUTS)
        places = [self.rng.randint(0, len(served.data)) for _ in range(count)]
        return [self.server.fault(cut=place, reset=self.rng.random() < 0.5) for place in places]

    def plain(self, target: Path) -> Served:
        """Cut an honest server's line."""
        served = self.served()
        fetch(self.server.serve(served, *self.cuts(served)), target)
        return served

    def chunked(self, target: Path) -> Served:
        """Cut a line whose server does not tell the length."""
        served = self.served()
        faults = [self.server.fault(cut=fault.cut, chunked=True) for fault in self.cuts(served)]
        fetch(self.server.serve(served, *faults), target)
        return served

    def no_ranges(self, target: Path) -> Served:
        """Cut the line of a server that always sends all."""
        served = self.served()
        served.ranges = False
        fetch(self.server.serve(served, *self.cuts(served)), target)
        return served

    def no_validators(self, target: Path) -> Served:
        """Cut the line of a server that does not tell whether its file has changed."""
        served = self.served()
        served.etag = served.modified = ""
        fetch(self.server.serve(served, *self.cuts(served)), target)
        return served

    def changing(self, target: Path) -> Served:
        """Cut the line, and put another file of the same size in the place of the first."""
        served = self.served()
        url = self.server.serve(served, *self.cuts(served)[:2])
        fetch(url, target, tell=lambda text: change(served, self.rng) if "trying again" in text else None)
        return served

    def lying(self, target: Path) -> Served:
        """Cut the line, and let some answers tell of another range than they bring, or bring other bytes."""
        served = self.served()
        lies = [self.server.fault(headers={"Content-Range": "bytes 1-9/10"}), self.server.fault(flipped=True)]
        faults = [fault for cut in self.cuts(served)[:2] for fault in (cut, self.rng.choice(lies))]
        if any(fault.flipped for fault in faults):  # after which only a hash can help
            faults.insert(0, self.server.fault(cut=len(served.data) // 2))
        url, sha256 = self.server.serve(served, *faults), hashlib.sha256(served.data).hexdigest()
        until_whole(lambda: fetch(url, target, sha256=sha256))
        return served

    def runs(self, target: Path) -> Served:
        """Cut the line, and let a new run go on after each cut."""
        served = self.served()
        url = self.server.serve(served, *self.cuts(served))
        tries, download.TRIES = download.TRIES, 1
        try:
            until_whole(lambda: fetch(url, target))
        finally:
            download.TRIES = tries
        return served

    def kills(self, target: Path) -> Served:
        """Kill the process (SIGKILL) once some bytes have come, and let a new run go on."""
        served = self.server.served(self.rng.randbytes(LARGEST))
        url = self.server.serve(served, self.server.fault(pause_s=0.002))
        running = subprocess.Popen([sys.executable, "-c", FETCH, url, str(target)])
        part, enough, deadline = part_of(target), self.rng.randint(0, LARGEST // 2), time.monotonic() + 30
        while time.monotonic() < deadline and not (part.exists() and part.stat().st_size >= enough):
            time.sleep(0.001)
        running.kill()
        running.wait()
        fetch(url, target)
        return served


def until_whole(run: Callable[[], object]) -> None:
    """Run again after each failure, as cron would."""
    for _ in range(2 * CUTS + 2):
        with suppress(DownloadError):
            run()
            return
    run()


def change(served: Served, rng: random.Random) -> None:
    """Put another file in the place of one that is served."""
    served.data, served.etag = rng.randbytes(len(served.data)), f'"{rng.random()}"'


def try_all(torture: Torture, count: int, folder: Path) -> list[Trial]:
    """Run all kinds of failure, `count` downloads together; one in twenty is a killed process."""
    kinds: dict[str, Callable[[Path], Served]] = {
        "cut, resumed": torture.plain,
        "cut, sent in chunks": torture.chunked,
        "cut, server ignores ranges": torture.no_ranges,
        "cut, no ETag and no date": torture.no_validators,
        "cut, file changes in between": torture.changing,
        "cut, lies of range and bytes": torture.lying,
        "cut, a new run after each": torture.runs,
    }
    killed = max(1, count // 20)
    shares = {name: (count - killed + place) // len(kinds) for place, name in enumerate(kinds)}
    trials: list[Trial] = []
    for name, kind in (kinds | {"killed, gone on with by a new run": torture.kills}).items():
        trial = Trial(name)
        begin = time.monotonic()
        for number in range(shares.get(name, killed)):
            one(trial, kind, folder / f"{len(trials)}-{number}" / "file.zip")
        trial.seconds = time.monotonic() - begin
        trials.append(trial)
    return trials


def one(trial: Trial, kind: Callable[[Path], Served], target: Path) -> None:
    """Do one download and note what is wrong with what is left."""
    trial.downloads += 1
    try:
        served = kind(target)
    except DownloadError as error:
        trial.wrong.append(str(error))
        return
    trial.requests += len(served.asked)
    trial.resumed += sum(1 for start in served.ranges_asked if start)
    if target.read_bytes() != served.data:
        trial.wrong.append(f"{target}: other bytes")
    left = {path.name for path in target.parent.iterdir()} - {target.name, f"{target.name}.sha256"}
    if left:
        trial.wrong.append(f"{target.parent}: holds also {sorted(left)}")


def load_server() -> type[Server]:
    """Return the server of the tests, which are no package."""
    specification = importlib.util.spec_from_file_location("tiny_server", SERVER)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["tiny_server"] = module
    specification.loader.exec_module(module)
    server: type[Server] = module.Server
    return server


def main() -> int:
    """Run the trials, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    # Waiting would only take time, and files of this size have no 64 KiB to spare.
    download.BACKOFF_S, web.STALL_S, transfer.OVERLAP = 0.0, 5.0, 256
    with load_server()() as server, tempfile.TemporaryDirectory() as folder:
        trials = try_all(Torture(server, random.Random(arguments.seed)), arguments.count, Path(folder))
    print(f"{'':<36} downloads  requests   for rest  seconds")
    for trial in trials:
        print(trial)
    for trial in trials:
        for what in trial.wrong[:5]:
            print(f"{trial.name}: {what}", file=sys.stderr)
    total = sum(trial.downloads for trial in trials)
    wrong = sum(len(trial.wrong) for trial in trials)
    print(f"{total} downloads, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
