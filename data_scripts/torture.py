"""Maltreat `handseg predict` for half an hour and check after each blow that nothing was lost, torn or done twice.

    python data_scripts/torture.py                     everything, as the README reports it
    python data_scripts/torture.py kills --count 30    one trial, shorter

Prints a table; the exit code is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_images import mutant
from fuzz_images import photos as small_photos
from PIL import Image

from handseg_cli.checkpoints.weights import find_weights
from handseg_cli.io.files import PART
from handseg_cli.predict.stamps import is_stamped

PREDICT = [sys.executable, "-m", "handseg_cli", "predict", "--quiet"]
HANG_S = 10.0  # a photo that takes longer counts as a hang
MEMORY_MB = 500.0

Identity = tuple[int, int]  # inode and modification time


@dataclass
class Trial:
    """What one kind of maltreatment brought to light."""

    name: str
    blows: int = 0
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self, holds: bool, what: str) -> None:
        """Note what is wrong unless a claim holds."""
        if not holds:
            self.wrong.append(what)

    def __str__(self) -> str:
        verdict = "ok" if not self.wrong else f"{len(self.wrong)} WRONG"
        return f"{self.name:<10} {self.blows:>7}  {verdict:<10} {'; '.join(self.notes)}"


def make_photo(path: Path, seed: int, size: tuple[int, int]) -> None:
    """Write a photo of soft blotches."""
    colours = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC).save(path)


def make_photos(folder: Path, count: int, size: tuple[int, int] = (1280, 720)) -> Path:
    """Fill a new folder with photos."""
    folder.mkdir()
    for number in range(count):
        make_photo(folder / f"{number:05}.jpg", number, size)
    return folder


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start `handseg predict`."""
    return subprocess.Popen([*PREDICT, *map(str, arguments)], stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes], trial: Trial, codes: tuple[int, ...] = (0,)) -> None:
    """Wait for a process and check how it ends."""
    _, said = process.communicate()
    trial.check(process.returncode in codes, f"exit code {process.returncode}: {said[-500:].decode(errors='replace')}")
    trial.check(b"Traceback" not in said, f"traceback: {said[-2000:].decode(errors='replace')}")


def look_at_masks(folder: Path, trial: Trial) -> dict[str, Identity]:
    """Check that each mask of a folder is whole and stamped, and return which file each is."""
    found = {}
    for path in folder.glob("*.*.png"):
        try:
            with Image.open(path) as mask:
                mask.load()
        except (OSError, SyntaxError) as error:
            trial.check(False, f"{path.name} is torn: {error}")
        trial.check(is_stamped(path), f"{path.name} has no stamp")
        found[path.name] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found


def parts_in(folder: Path) -> list[str]:
    """Return the hidden files of unfinished writes."""
    return [path.name for path in folder.iterdir() if path.name.endswith(PART)]


def run_again(photos: Path, trial: Trial, count: int, codes: tuple[int, ...] = (0,)) -> None:
    """Check that one more run completes the masks, leaves those that are finished alone, and nothing else behind."""
    before = look_at_masks(photos, trial)
    finish(start(photos), trial, codes)
    after = look_at_masks(photos, trial)
    trial.check(len(after) == count, f"{len(after)} of {count} masks after the last run")
    trial.check(after.items() >= before.items(), "the last run did finished masks again")
    trial.check(not parts_in(photos), f"left over: {parts_in(photos)}")


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a manifest; a line that is cut raises."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def kills(folder: Path, count: int) -> Trial:
    """Kill runs over 50 photos at random moments, from the start of Python to the last mask."""
    trial = Trial("kills", count)
    photos = make_photos(folder / "photos", 50)
    rng = random.Random(1)
    begun = time.perf_counter()
    finish(start(photos), trial)
    whole_run_s = time.perf_counter() - begun
    finished: dict[str, Identity] = {}
    rounds = most_parts = late = 0
    for _ in range(count):
        if len(finished) in (0, 50):
            rounds += 1
            finished = {}
            for path in photos.glob("*.png"):
                path.unlink()
        process = start(photos)
        # Half of the kills fall where masks are written, the others anywhere in a run.
        if rng.random() < 0.5:
            wait_for_masks(process, photos, len(finished) + rng.randint(0, 6))
            time.sleep(rng.random() * 0.01)
        else:
            time.sleep(rng.random() * whole_run_s)
        late += process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = look_at_masks(photos, trial)
        trial.check(now.items() >= finished.items(), f"done twice or lost: {finished.items() - now.items()}")
        most_parts = max(most_parts, len(parts_in(photos)))
        finished = now
    run_again(photos, trial, 50)
    trial.notes.append(f"{rounds} times from none to 50 masks; {late} runs had ended before their kill")
    trial.notes.append(f"at most {most_parts} hidden files left by a kill")
    return trial


def wait_for_masks(process: subprocess.Popen[bytes], photos: Path, wanted: int) -> None:
    """Wait until there are so many masks, or the process has ended."""
    while len(list(photos.glob("*.png"))) < min(wanted, 50) and process.poll() is None:
        time.sleep(0.0005)


def mutations(folder: Path, count: int) -> Trial:
    """Run over damaged photos of all formats: each is reported, none takes the run down or holds it up."""
    trial = Trial("mutations", count)
    photos = folder / "photos"
    photos.mkdir()
    seeds = small_photos()
    for number in range(count):
        (photos / f"{number:05}.jpg").write_bytes(mutant(seeds, 0, number)[2])
    manifest = folder / "m.jsonl"
    memory_mb, longest_s = measure(start(photos, "--manifest", manifest), manifest, trial, (0, 1))
    records = read_records(manifest)
    statuses = Counter(record["status"] for record in records)
    trial.check(len({record["path"] for record in records}) == len(records) == count, f"{len(records)} records")
    trial.check(all(record["reason"] for record in records if record["status"] == "failed"), "a failure without reason")
    trial.check(set(statuses) <= {"done", "failed"}, f"statuses {dict(statuses)}")
    trial.check(longest_s < HANG_S, f"nothing happened for {longest_s:.1f} s")
    run_again(photos, trial, statuses["done"], (0, 1))
    trial.notes.append(f"{statuses['done']} done, {statuses['failed']} failed; longest wait {longest_s:.1f} s")
    trial.notes.append(f"{memory_mb:.0f} MB at most")
    return trial


def overlaps(folder: Path, count: int) -> Trial:
    """Run three times at once over 50 photos; in every other round one of the three is killed."""
    trial = Trial("overlaps", count)
    photos = make_photos(folder / "photos", 50)
    rng = random.Random(3)
    shared = 0
    for number in range(count):
        for path in photos.glob("*.png"):
            path.unlink()
        manifests = [folder / f"{number}-{run}.jsonl" for run in range(3)]
        processes = []
        for manifest in manifests:
            processes.append(start(photos, "--manifest", manifest))
            time.sleep(rng.random() * 0.2)
        if number % 2:
            while not list(photos.glob("*.png")):
                time.sleep(0.001)
            processes[0].send_signal(signal.SIGKILL)
            time.sleep(0.1)
        for process in processes:
            finish(process, trial, (0, -signal.SIGKILL) if number % 2 and process is processes[0] else (0,))
        done = [{each["path"] for each in read_records(path) if each["status"] == "done"} for path in manifests]
        trial.check(len(set.union(*done)) == sum(map(len, done)), "some were done twice")
        shared += sum(bool(each) for each in done) > 1
        trial.check(number % 2 == 1 or len(look_at_masks(photos, trial)) == 50, "the three left masks out")
        run_again(photos, trial, 50)
    trial.notes.append(f"in {shared} rounds the work was shared")
    return trial


def many(folder: Path, count: int) -> Trial:
    """Run over 100 and over very many photos, compare the memory, and time the run that finds all done."""
    trial = Trial("many", count)
    seeds = make_photos(folder / "seeds", 8, (480, 360))
    peaks = {}
    for number in (100, count):
        photos = folder / f"photos{number}"
        photos.mkdir()
        for index in range(number):
            os.link(seeds / f"{index % 8:05}.jpg", photos / f"{index:06}.jpg")
        manifest = folder / f"{number}.jsonl"
        begun = time.perf_counter()
        peaks[number], _ = measure(start(photos, "--manifest", manifest), manifest, trial)
        seconds = time.perf_counter() - begun
        trial.check(sum(record["status"] == "done" for record in read_records(manifest)) == number, "not all were done")
        begun = time.perf_counter()
        measure(start(photos), manifest, trial)
        again_s = time.perf_counter() - begun
        pace = f"{number / seconds:.0f}/s, again {number / again_s:.0f}/s"
        trial.notes.append(f"{number}: {peaks[number]:.0f} MB, {pace}")
    most_mb = min(MEMORY_MB, 1.25 * peaks[100])  # each thread's heap takes some hundred photos to reach its size
    trial.check(peaks[count] < most_mb, f"memory grows from {peaks[100]:.0f} to {peaks[count]:.0f} MB")
    return trial


def measure(
    process: subprocess.Popen[bytes], manifest: Path, trial: Trial, codes: tuple[int, ...] = (0,)
) -> tuple[float, float]:
    """Wait for a process; return its peak memory in MB and the longest time in which its manifest did not grow."""
    size, since, longest = 0, time.perf_counter(), 0.0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if manifest.exists() and manifest.stat().st_size != size:
            size, since = manifest.stat().st_size, time.perf_counter()
        longest = max(longest, time.perf_counter() - since)
        time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    finish(process, trial, codes)
    return usage.ru_maxrss / 1024, longest


TRIALS: dict[str, tuple[Callable[[Path, int], Trial], int]] = {
    "kills": (kills, 300),
    "mutations": (mutations, 2000),
    "overlaps": (overlaps, 20),
    "many": (many, 20_000),
}


def torture(names: list[str], count: int | None, folder: Path) -> list[str]:
    """Run some trials, print a line on each, and return all that went wrong."""
    # A model that is replaced meanwhile would rightly have all its masks done again.
    weights = find_weights("lite", "onnx").onnx
    assert weights is not None
    PREDICT.extend(["--weights", str(shutil.copy(weights, folder))])
    wrong = []
    print(f"{'trial':<10} {'blows':>7}  {'verdict':<10} notes")
    for name in names:
        run, usual = TRIALS[name]
        (folder / name).mkdir()
        trial = run(folder / name, count or usual)
        print(trial, flush=True)
        wrong += [f"{name}: {each}" for each in trial.wrong]
        shutil.rmtree(folder / name)
    return wrong


def main() -> int:
    """Read the command line and let things happen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"some of: {', '.join(TRIALS)} (default: all)")
    parser.add_argument("--count", type=int, help="how many blows each trial deals")
    options = parser.parse_args()
    if unknown := set(options.trials) - set(TRIALS):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        wrong = torture(options.trials or list(TRIALS), options.count, Path(folder))
    print(*wrong[:50], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
