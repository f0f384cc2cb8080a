"""Measure `handseg predict --engine ray` against the single-machine command on the same cores, in one run.

The cluster stands before the first photo, as clusters do. The two take turns. Beside the wall clock, which on a machine
that others use tells little, the CPU time of all processes that do the work is counted: with every core busy the one
divided by the other is the ratio of the rates, but for the cluster's own processes, which are told apart as they take
the same at any rate. What either takes for a single photo, its start, is subtracted in a second set of figures.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from secrets import token_hex
from statistics import median

import ray
from benchmark import make_photos
from processes import Meter

CORES = len(os.sched_getaffinity(0))


def measure(photos: Path, output: Path, options: list[str]) -> tuple[float, float, float, float]:
    """Run the command over a folder and return seconds: wall, and CPU of all that work, the command, the cluster."""
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "handseg_cli", "predict", "--quiet", str(photos), "-o", str(output), *options]
    manifest = output.with_suffix(".jsonl")
    manifest.unlink(missing_ok=True)
    own, began = own_seconds(), time.perf_counter()
    with Meter() as meter:
        subprocess.run([*command, "--manifest", str(manifest)], check=True)
        wall = time.perf_counter() - began
    own = own_seconds() - own
    # An idle cluster is no part of the other way.
    return wall, own + meter.seconds(workers=True), own, meter.seconds(workers=False) - own if options else 0.0


def own_seconds() -> float:
    """Return the CPU seconds of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def masks(folder: Path) -> dict[str, bytes]:
    """Return the masks in a folder by name."""
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of photos to make the benchmark's photos of")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    # Workers are as nice as the single-machine command, which on a machine that others use makes a difference.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_TOKEN": token_hex(32), "RAY_worker_niceness": "0"}
    ray.init(
        num_cpus=CORES,
        include_dashboard=False,
        object_store_memory=100 << 20,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    address = ray.get_runtime_context().gcs_address
    ways: dict[str, list[str]] = {"one machine": [], "on Ray": ["--engine", "ray", "--address", address]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many, one = folder / "many", folder / "one"
        many.mkdir()
        one.mkdir()
        paths = make_photos(options.photos, many, options.count, (1280, 720))
        shutil.copy(paths[0], one)
        figures: dict[str, list[tuple[float, ...]]] = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way, arguments in ways.items():
                start = measure(one, folder / f"{way} start", arguments)
                figures[way].append((*measure(many, folder / way, arguments), *start))
        same = masks(folder / "one machine") == masks(folder / "on Ray")
        print(f"{options.count} JPEGs of 1280x720, {CORES} cores, median of {options.rounds} rounds")
        print(f"{'':14}{'photos/s':>10}{'CPU ms a photo':>16}{'of the command':>16}   without their start:")
        rows = {way: [median(column) for column in zip(*each, strict=True)] for way, each in figures.items()}
        for way, (wall, cpu, own, rest_of_cluster, *alone) in rows.items():
            every = (options.count / wall, 1e3 * cpu / options.count, 1e3 * own / options.count)
            rest = options.count - 1
            steady = (rest / (wall - alone[0]), 1e3 * (cpu - alone[1]) / rest, 1e3 * (own - alone[2]) / rest)
            print(
                f"{way:14}{every[0]:10.1f}{every[1]:16.2f}{every[2]:16.2f}   " + "".join(f"{x:10.2f}" for x in steady)
            )
            print(f"{'':14}the cluster's own processes: {100 * rest_of_cluster / wall:.1f} % of a core all the while")
        base, other = rows["one machine"], rows["on Ray"]
        share, later = base[1] / other[1], (base[1] - base[5]) / (other[1] - other[5])
        print(f"by CPU time, Ray makes {100 * share:.0f} % of the rate, {100 * later:.0f} % its start not counted")
        print(f"the masks are {'the same, byte for byte' if same else 'NOT the same'}")
    ray.shutdown()
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
