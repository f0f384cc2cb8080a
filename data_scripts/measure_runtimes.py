"""Measure each runtime on this machine's CPU: cold start, time of one photo, and throughput when every core is busy.

    python data_scripts/measure_runtimes.py handseg_cli/checkpoints/lite.onnx [more.onnx ...]

Each row is a process of its own. Milliseconds of CPU time are what other programs on the machine disturb least.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# A child says first what it costs to get here, so nothing that a runtime imports is imported above.


@dataclass(frozen=True)
class Case:
    """One row: a runtime, whether it computes in half precision, and the weights file."""

    runtime: str
    half: bool
    weights: Path

    @property
    def name(self) -> str:
        return f"{self.runtime}{' bf16' if self.half else ''} {self.weights.name}"


def cases(files: list[Path]) -> list[Case]:
    """Return what can run each file; of an ONNX file's weights torch runs the .safetensors beside it."""
    found = []
    for file in files:
        found += [Case("onnx", False, file), Case("openvino", False, file), Case("openvino", True, file)]
        beside = file.with_suffix(".safetensors")
        found += [Case("torch", half, beside) for half in (False, True) if beside.is_file()]
    return found


def measure(case: Case, shape: tuple[int, int], seconds: float) -> dict[str, float]:
    """Open a session, run it alone, then from as many threads as there are cores."""
    start, cpu = time.perf_counter(), time.process_time()
    import numpy as np

    from handseg_cli.checkpoints.weights import find_weights
    from handseg_cli.registry import RUNTIMES, resolve

    open_session = resolve(RUNTIMES[case.runtime])
    assert callable(open_session)
    weights = find_weights(str(case.weights), case.runtime)
    session = open_session(weights, device="cpu", threads=1, half=case.half)
    opened = time.perf_counter()
    batch = np.random.default_rng(0).integers(0, 256, (1, *shape, 3), np.uint8)
    session.run(batch)
    found = {"open": opened - start, "first": time.perf_counter() - opened, "cold_cpu": time.process_time() - cpu}

    def keep_busy(_: int) -> int:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            session.run(batch)
            count += 1
        return count

    for threads in (1, os.cpu_count() or 1):
        start, cpu = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            count = sum(pool.map(keep_busy, range(threads)))
        found[f"rate_{threads}"] = count / (time.perf_counter() - start)
        found[f"cpu_{threads}"] = (time.process_time() - cpu) / count
    return found | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def row(case: Case, found: dict[str, float]) -> str:
    """Lay out one row of the table."""
    cores = os.cpu_count() or 1
    cells = [f"{1000 * found[key]:8.0f}" for key in ("open", "first", "cold_cpu")]
    for threads in (1, cores):
        cells += [f"{1000 * found[f'cpu_{threads}']:8.2f}", f"{found[f'rate_{threads}']:8.1f}"]
    return f"{case.name:34}{''.join(cells)}{found['memory']:8.0f}"


def main() -> None:
    """Print the table, or, as a child, one row's numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--shape", nargs=2, type=int, default=(288, 512), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each rate is measured")
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    shape = (asked.shape[0], asked.shape[1])
    if asked.case:
        case = Case(asked.case[0], asked.case[1] == "half", asked.files[0])
        print(json.dumps(measure(case, shape, asked.seconds)))
        return
    cores = os.cpu_count() or 1
    print(f"{'':34}{'open':>8}{'first':>8}{'both':>8}{'1 thread':>16}{f'{cores} threads':>16}{'memory':>8}")
    print(f"{'':34}{'ms':>8}{'ms':>8}{'ms CPU':>8}{'ms CPU':>8}{'/s':>8}{'ms CPU':>8}{'/s':>8}{'MB':>8}")
    for case in cases(asked.files):
        child = [sys.executable, __file__, str(case.weights), "--case", case.runtime, "half" if case.half else "full"]
        child += ["--shape", *map(str, shape), "--seconds", str(asked.seconds)]
        done = subprocess.run(child, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        print(row(case, json.loads(done.stdout)) if done.returncode == 0 else f"{case.name:34}{done.stderr[-200:]}")


if __name__ == "__main__":
    main()
