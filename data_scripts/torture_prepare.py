"""Kill `handseg prepare` at random moments and check that each run which is let to its end makes the very same file.

    python data_scripts/torture_prepare.py                 200 kills, as the README reports it
    python data_scripts/torture_prepare.py --kills 20      shorter

Prints a table; the exit code is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from handseg_cli.errors import DatasetError
from handseg_cli.io.hdf5 import Reader

PHOTOS = 500
BROKEN = (17, 340)
SIZE = (384, 216)  # (width, height)
LINGER_S = 3.0  # for the workers of a killed run to notice


@dataclass
class Report:
    """What the kills brought to light."""

    kills: int = 0
    ends: int = 0  # runs that were let to their end
    resumed: int = 0  # of these, such that found parts of a killed run
    moments: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def check(self, holds: bool, what: str) -> None:
        """Note what is wrong unless a claim holds."""
        if not holds:
            self.wrong.append(f"after kill {self.kills}: {what}")

    def __str__(self) -> str:
        rows = [("kills", self.kills), *((f"  {moment}", count) for moment, count in sorted(self.moments.items()))]
        rows += [
            ("runs to the end", self.ends),
            ("  on parts of killed runs", self.resumed),
            ("WRONG", len(self.wrong)),
        ]
        return "\n".join([f"{what:28} {count:6}" for what, count in rows] + self.wrong)


def make_raw(folder: Path) -> None:
    """Write photos of soft blotches with masks, in 20 folders, two of them damaged."""
    rng = np.random.default_rng(0)
    for number in range(PHOTOS):
        photo = folder / "images" / f"film{number % 20:02}" / f"{number:04}.jpg"
        mask = folder / "masks" / photo.parent.name / f"{number:04}.png"
        photo.parent.mkdir(parents=True, exist_ok=True)
        mask.parent.mkdir(parents=True, exist_ok=True)
        colours = Image.fromarray(rng.integers(0, 256, (5, 8, 3), dtype=np.uint8))
        colours.resize(SIZE, Image.Resampling.BICUBIC).save(photo)
        hands = Image.new("L", SIZE)
        left, top = (int(rng.integers(0, side - 100)) for side in SIZE)
        ImageDraw.Draw(hands).ellipse((left, top, left + 90, top + 70), fill=255)
        hands.save(mask)
        if number in BROKEN:
            photo.write_bytes(photo.read_bytes()[:500])


def start(raw: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start `handseg prepare` in the folder for the output."""
    command = [sys.executable, "-m", "handseg_cli", "prepare", "folder", "--quiet", "--size", "256", "--workers", "2"]
    marked = {**os.environ, "HANDSEG_TORTURE": str(output)}
    arguments: list[str | Path] = [*command, "--raw", raw, "-o", output]
    return subprocess.Popen(arguments, env=marked, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes], report: Report) -> None:
    """Wait for a run that is let to its end, and check how it ends."""
    _, said = process.communicate()
    report.check(process.returncode == 0, f"exit code {process.returncode}: {said[-500:].decode(errors='replace')}")
    report.check(b"Traceback" not in said, f"traceback: {said[-2000:].decode(errors='replace')}")


def parts_in(output: Path) -> int:
    """Count the finished part files."""
    parts = output / ".folder.h5.parts"
    return sum(not path.name.startswith(".") for path in parts.iterdir()) if parts.is_dir() else 0


def sum_of(output: Path) -> str:
    """Return the sha256 of the prepared file, "" if there is none."""
    file = output / "folder.h5"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def kill_once(raw: Path, output: Path, after_s: float, expected: str, report: Report) -> None:
    """Start a run, kill it, and check that there is the whole file or none."""
    process = start(raw, output)
    time.sleep(after_s)
    ended = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    report.kills += not ended
    found = sum_of(output)
    report.check(found in ("", expected), "there is another file")
    writing = (output / ".folder.h5.handseg-part").exists() and parts_in(output) == -(-PHOTOS // 64)
    moment = "too late, not counted" if ended else "file whole, parts left" if found else "while the file was written"
    if not (found or ended or writing):
        moment = "while parts were made" if parts_in(output) else "before the first part"
    report.moments[moment] += 1


def run_to_the_end(raw: Path, output: Path, expected: tuple[str, str], report: Report) -> None:
    """Let a run finish and check that its file is the expected one and that nothing else is left."""
    report.ends += 1
    report.resumed += parts_in(output) > 0
    finish(start(raw, output), report)
    report.check(sum_of(output) == expected[0], "the file has other bytes")
    report.check(digest_of(output, report) == expected[1], "the file has another digest")
    left = sorted(path.name for path in output.iterdir())
    report.check(left == ["folder.h5"], f"left over: {left}")
    (output / "folder.h5").unlink(missing_ok=True)


def digest_of(output: Path, report: Report) -> str:
    """Return the digest of the prepared file, after making sure that its samples have it."""
    try:
        with Reader(output / "folder.h5") as reader:
            reader.verify()
            report.check(len(reader) == PHOTOS - len(BROKEN), f"{len(reader)} samples")
            report.check(reader.header.skipped == len(BROKEN), f"{reader.header.skipped} skipped")
            return reader.header.digest
    except DatasetError as error:
        report.check(False, str(error))
        return ""


def survivors(output: Path) -> int:
    """Count the processes of our runs that are still there (on Linux)."""
    mark, count = f"HANDSEG_TORTURE={output}".encode(), 0
    for process in Path("/proc").glob("[0-9]*/environ"):
        try:
            count += mark in process.read_bytes().split(b"\0")
        except OSError:  # it has ended, or is somebody else's
            continue
    return count


def main() -> None:
    """Kill runs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng, report = random.Random(arguments.seed), Report()
    with tempfile.TemporaryDirectory() as name:
        raw, output = Path(name) / "raw", Path(name) / "prepared"
        make_raw(raw)
        began = time.perf_counter()
        finish(start(raw, output), report)
        takes = time.perf_counter() - began
        expected = sum_of(output), digest_of(output, report)
        (output / "folder.h5").unlink()
        while report.kills < arguments.kills:
            for _ in range(rng.choice((1, 1, 2, 3))):
                # Each run goes on from the last, so that the end is reached, too.
                kill_once(raw, output, rng.uniform(0.05, 1.0) * takes, expected[0], report)
            run_to_the_end(raw, output, expected, report)
        time.sleep(LINGER_S)
        report.check(survivors(output) == 0, f"{survivors(output)} processes of killed runs are still there")
    print(report)
    sys.exit(1 if report.wrong else 0)


if __name__ == "__main__":
    main()
