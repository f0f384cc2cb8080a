"""Kill workers of `handseg predict --engine ray` at random moments and check that nothing is lost, torn or told twice.

Only processes that this program has started are killed. The exit code is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmark import make_photos
from processes import ray_workers

from handseg_cli.io.files import PART

PREDICT = [sys.executable, "-m", "handseg_cli", "predict", "--quiet"]


def kill_workers(process: subprocess.Popen[bytes], output: Path, count: int, rng: random.Random) -> list[int]:
    """Kill so many workers, each after it has made some masks, and return their process numbers."""
    killed: list[int] = []
    while len(killed) < count and process.poll() is None:
        wanted = len(list(output.glob("*.png"))) + rng.randint(10, 60)
        while len(list(output.glob("*.png"))) < wanted and process.poll() is None:
            time.sleep(0.002)
        for pid in ray_workers()[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
    return killed


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of photos to make those of the trial of")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos, alone, shared = folder / "photos", folder / "alone", folder / "shared"
        photos.mkdir()
        make_photos(options.photos, photos, options.count, (1280, 720))
        subprocess.run([*PREDICT, str(photos), "-o", str(alone)], check=True)
        manifest = folder / "m.jsonl"
        command = [*PREDICT, str(photos), "-o", str(shared), "--engine", "ray", "--manifest", str(manifest)]
        began = time.perf_counter()
        with subprocess.Popen(command) as process:
            killed = kill_workers(process, shared, options.kills, random.Random(1))
        seconds = time.perf_counter() - began
        records = [json.loads(line) for line in manifest.read_text().splitlines()]
        paths = Counter(record["path"] for record in records)
        masks = {path.name: path.read_bytes() for path in shared.glob("*.png")}
        checks = {
            f"{options.kills} workers were killed": len(set(killed)) == options.kills,
            "the exit code is 0": process.returncode == 0,
            "each photo has one record": len(paths) == options.count and set(paths.values()) == {1},
            "each record is done, with all it tells": all(
                record["status"] == "done" and record["hands"] is not None for record in records
            ),
            "the masks are those of one machine, byte for byte": masks
            == {path.name: path.read_bytes() for path in alone.glob("*.png")},
            "no unfinished file is left": not list(shared.rglob(f"*{PART}")),
        }
    for what, holds in checks.items():
        print(f"{'yes' if holds else 'NO':4}{what}")
    print(f"{options.count} photos in {seconds:.0f} s, killed {len(killed)}")
    sys.exit(0 if all(checks.values()) else 1)


if __name__ == "__main__":
    main()
