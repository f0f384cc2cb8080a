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
from PIL import Image

from handseg_cli.io.files import PART
from handseg_cli.predict.stamps import is_stamped

PREDICT = [sys.executable, "-m", "handseg_cli", "predict"]
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


def make_photo(path: Path, seed: int, size: tuple[int, int] = (1280, 720)) -> None:
    """Write a photo of soft blotches."""
    colours = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC).save(path)


def make_photos(folder: Path, count: int) -> Path:
    """Fill a new folder with photos."""
    folder.mkdir()
    for number in range(count):
        make_photo(folder / f"{number:05}.jpg", number)
    return folder


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start `handseg predict`."""
    return subprocess.Popen([*PREDICT, *map(str, arguments)], stderr=subprocess.PIPE, **options)


def finish(process: subprocess.Popen[bytes], trial: Trial, codes: tuple[int, ...] = (0,)) -> None:
    """Wait for a process and check how it ends."""
    _, said = process.communicate()
    trial.check(process.returncode in codes, f"exit code {process.returncode}: {said[-500:].decode(errors='replace')}")
    trial.check(b"Traceback" not in said, f"traceback: {said[-2000:].decode(errors='replace')}")


def look_at_masks(folder: Path, trial: Trial, pattern: str = "*.jpg.png") -> dict[str, Identity]:
    """Check that each mask of a folder is whole and stamped, and return which file each is."""
    found = {}
    for path in folder.glob(pattern):
        try:
            with Image.open(path) as mask:
                mask.load()
        except (OSError, SyntaxError) as error:
            trial.check(False, f"{path.name} is torn: {error}")
        trial.check(is_stamped(path), f"{path.name} has no stamp")
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_mtime_ns)
    return found


def parts_in(folder: Path) -> list[Path]:
    """Return the hidden files of unfinished writes."""
    return [path for path in folder.iterdir() if path.name.endswith(PART)]


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a manifest; a line that is cut raises."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def kills(folder: Path, count: int) -> Trial:
    """Kill runs over 50 photos at random moments, from the start of Python to the last mask."""
    trial = Trial("kills", count)
    photos = make_photos(folder / "photos", 50)
    rng = random.Random(1)
    begun = time.perf_counter()
    finish(start(photos, "--quiet"), trial)
    whole_run_s = time.perf_counter() - begun
    finished: dict[str, Identity] = {}
    rounds = most_parts = late = 0
    for _ in range(count):
        if len(finished) in (0, 50):
            rounds += 1
            finished = {}
            for path in photos.glob("*.png"):
                path.unlink()
        process = start(photos, "--quiet")
        sleep_a_while(process, photos, len(finished), whole_run_s, rng)
        late += process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = look_at_masks(photos, trial)
        again = [name for name, identity in finished.items() if now.get(name) != identity]
        trial.check(not again, f"done twice or lost: {again}")
        most_parts = max(most_parts, len(parts_in(photos)))
        finished = now
    finish(start(photos, "--quiet"), trial)
    after = look_at_masks(photos, trial)
    trial.check(len(after) == 50, f"{len(after)} of 50 masks after the last run")
    trial.check(after.items() >= finished.items(), "the last run did finished masks again")
    trial.check(not parts_in(photos), f"left over: {parts_in(photos)}")
    trial.notes.append(f"{rounds} times from none to 50 masks; {late} runs had ended before their kill")
    trial.notes.append(f"at most {most_parts} hidden files left by a kill")
    return trial


def sleep_a_while(
    process: subprocess.Popen[bytes], photos: Path, finished: int, whole_run_s: float, rng: random.Random
) -> None:
    """Wait for a moment to kill: half of them fall where masks are written, the others anywhere in a run."""
    if rng.random() < 0.5:
        time.sleep(rng.random() * whole_run_s)
        return
    wanted = finished + rng.randint(0, 6)
    while len(list(photos.glob("*.png"))) < min(wanted, 50) and process.poll() is None:
        time.sleep(0.0005)
    time.sleep(rng.random() * 0.01)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Damage the bytes of a photo in one of many ways."""
    body = bytearray(data)
    way = rng.randrange(7)
    if way == 0:
        return bytes(body[: rng.randrange(len(body))])
    if way == 1:
        return rng.choice([b"", b"\0" * 5000, b"<html></html>", rng.randbytes(5000), bytes(body[20:])])
    if way == 2:
        return rng.choice([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"GIF89a", b"RIFF"]) + bytes(
            body[8:]
        )
    for _ in range(rng.choice([1, 3, 10, 100])):
        # Headers are hit most: their numbers are sizes, counts and offsets.
        at = rng.randrange(min(len(body), 600) if way < 5 else len(body))
        if way == 6:
            body[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\xff\xff"])
        else:
            body[at] ^= 1 << rng.randrange(8)
    return bytes(body)


def mutations(folder: Path, count: int) -> Trial:
    """Run over damaged photos of all formats: each is reported, none takes the run down or holds it up."""
    trial = Trial("mutations", count)
    photos = folder / "photos"
    photos.mkdir()
    rng = random.Random(2)
    seeds = []
    for number, kind in enumerate(["jpg", "png", "webp", "tiff", "bmp", "gif", "jpg", "png"]):
        make_photo(folder / f"seed{number}.{kind}", number, (320, 240))
        seeds.append((kind, (folder / f"seed{number}.{kind}").read_bytes()))
    for number in range(count):
        kind, data = rng.choice(seeds)
        (photos / f"{number:05}.{kind}").write_bytes(mutate(data, rng))
    manifest = folder / "m.jsonl"
    memory_mb, longest_s = measure(start(photos, "--quiet", "--manifest", manifest), manifest, trial, (0, 1))
    records = read_records(manifest)
    statuses = Counter(record["status"] for record in records)
    trial.check(len({record["path"] for record in records}) == len(records) == count, f"{len(records)} records")
    trial.check(all(record["reason"] for record in records if record["status"] == "failed"), "a failure without reason")
    trial.check(set(statuses) <= {"done", "failed"}, f"statuses {dict(statuses)}")
    trial.check(longest_s < HANG_S, f"nothing happened for {longest_s:.1f} s")
    masks = look_at_masks(photos, trial, "*.*.png")
    trial.check(len(masks) == statuses["done"], f"{len(masks)} masks of {statuses['done']}")
    finish(start(photos, "--quiet"), trial, (0, 1))
    trial.check(look_at_masks(photos, trial, "*.*.png") == masks, "the second run did some again")
    trial.check(not parts_in(photos), f"left over: {parts_in(photos)}")
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
            processes.append(start(photos, "--quiet", "--manifest", manifest))
            time.sleep(rng.random() * 0.2)
        if number % 2:
            while not list(photos.glob("*.png")):
                time.sleep(0.001)
            processes[0].send_signal(signal.SIGKILL)
            time.sleep(0.1)
        for process in processes:
            finish(process, trial, (0, -signal.SIGKILL) if number % 2 and process is processes[0] else (0,))
        done = [{each["path"] for each in read_records(path) if each["status"] == "done"} for path in manifests]
        twice = (done[0] & done[1]) | (done[0] & done[2]) | (done[1] & done[2])
        trial.check(not twice, f"done twice: {sorted(twice)}")
        shared += sum(bool(each) for each in done) > 1
        before = look_at_masks(photos, trial)
        finish(start(photos, "--quiet"), trial)
        after = look_at_masks(photos, trial)
        trial.check(len(after) == 50 and after.items() >= before.items(), "the last run did finished masks again")
        trial.check(number % 2 == 1 or len(before) == 50, f"{len(before)} of 50 masks")
        trial.check(not parts_in(photos), f"left over: {parts_in(photos)}")
    trial.notes.append(f"in {shared} rounds the work was shared")
    return trial


def many(folder: Path, count: int) -> Trial:
    """Run over 100 and over very many photos, compare the memory, and time the run that finds all done."""
    trial = Trial("many", count)
    seeds = make_photos(folder / "seeds", 8)
    peaks = {}
    for number in (100, count):
        photos = folder / f"photos{number}"
        photos.mkdir()
        for index in range(number):
            os.link(seeds / f"{index % 8:05}.jpg", photos / f"{index:06}.jpg")
        manifest = folder / f"{number}.jsonl"
        begun = time.perf_counter()
        peaks[number], _ = measure(start(photos, "--quiet", "--manifest", manifest), manifest, trial)
        seconds = time.perf_counter() - begun
        trial.check(sum(record["status"] == "done" for record in read_records(manifest)) == number, "not all were done")
        begun = time.perf_counter()
        again_mb, _ = measure(start(photos, "--quiet", "--manifest", manifest), manifest, trial)
        again_s = time.perf_counter() - begun
        trial.notes.append(f"{number}: {peaks[number]:.0f} MB, {number / seconds:.0f}/s")
        trial.notes.append(f"again: {again_mb:.0f} MB, {number / again_s:.0f}/s")
    trial.check(peaks[count] < MEMORY_MB, f"{peaks[count]:.0f} MB")
    trial.check(peaks[count] < 1.1 * peaks[100] + 10, f"memory grows from {peaks[100]:.0f} to {peaks[count]:.0f} MB")
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
        now = manifest.stat().st_size if manifest.exists() else 0
        if now != size:
            size, since = now, time.perf_counter()
        longest = max(longest, time.perf_counter() - since)
        if longest > 6 * HANG_S:
            process.kill()
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


def main() -> int:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"some of: {', '.join(TRIALS)} (default: all)")
    parser.add_argument("--count", type=int, help="how many blows each trial deals")
    options = parser.parse_args()
    if unknown := set(options.trials) - set(TRIALS):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    wrong = []
    print(f"{'trial':<10} {'blows':>7}  {'verdict':<10} notes")
    for name in options.trials or TRIALS:
        run, count = TRIALS[name]
        with tempfile.TemporaryDirectory(prefix="torture-") as folder:
            trial = run(Path(folder), options.count or count)
        print(trial, flush=True)
        wrong += [f"{name}: {each}" for each in trial.wrong]
    print(*wrong[:50], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
