"""Stop `handseg train` at random moments, by SIGKILL, SIGTERM and SIGINT, and check that what resumes ends the same.

    python data_scripts/torture_training.py                 50 stops, as the README reports it
    python data_scripts/torture_training.py --stops 10      shorter

Every training that is let to its end must leave the very bytes of one that was never stopped, and a log without gaps
or repetitions. Prints a table; the exit code is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from handseg_cli.config import PrepareConfig
from handseg_cli.datasets.prepare import prepare

PHOTOS = 40
EPOCHS = 6
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ENDS = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
FILES = ("last.safetensors", "best.safetensors")


def make_raw(folder: Path) -> None:
    """Write photos of soft blotches with a bright disc for a hand, and their masks."""
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(PHOTOS):
        colours = Image.fromarray(rng.integers(0, 160, (4, 5, 3), dtype=np.uint8))
        photo, mask = colours.resize((120, 96), Image.Resampling.BICUBIC), Image.new("L", (120, 96))
        left, top = int(rng.integers(0, 80)), int(rng.integers(0, 60))
        for picture, colour in ((photo, (230, 180, 150)), (mask, 255)):
            ImageDraw.Draw(picture).ellipse((left, top, left + 36, top + 32), fill=colour)
        photo.save(folder / "images" / f"{number:03}.jpg")
        mask.save(folder / "masks" / f"{number:03}.png")


def start(run: Path, prepared: Path) -> subprocess.Popen[bytes]:
    """Start the training of a run, or go on with it."""
    command = [sys.executable, "-m", "handseg_cli", "train", str(run), "--quiet"]
    if (run / "last.safetensors").exists():
        command += ["--resume"]
    else:
        options = {"datasets": prepared, "size": 64, "batch": 4, "epochs": EPOCHS, "warmup": 2, "workers": 1}
        command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command += ["--device", "cpu"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def end(process: subprocess.Popen[bytes], wanted: set[int], wrong: list[str]) -> None:
    """Wait for the end of a process and note one that is unlike what was wanted."""
    _, said = process.communicate(timeout=300)
    if process.returncode not in wanted:
        wrong.append(f"ended with {process.returncode}, not {wanted}: {said.decode()[-400:]}")


def result(run: Path) -> dict[str, str]:
    """Return the hashes of what a finished training has left, and the steps and epochs of its log."""
    hashes = {name: hashlib.sha256((run / name).read_bytes()).hexdigest()[:16] for name in FILES}
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    hashes["log"] = str([(line["step"], line.get("loss") or line["val"]) for line in lines])
    return hashes


def main() -> int:
    """Stop and resume until there were enough stops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, wrong, counts = random.Random(options.seed), list[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_raw(folder / "raw")
        prepare(PrepareConfig(("folder",), raw=folder / "raw", output=folder / "data", quiet=True))
        prepared = folder / "data" / "folder.h5"
        began = time.monotonic()
        end(start(folder / "whole", prepared), {0}, wrong)
        whole, lasts = result(folder / "whole"), time.monotonic() - began
        while sum(counts[each.name] for each in set(SIGNALS)) < options.stops:
            run = folder / f"run{counts['ends']}"
            began, process = time.monotonic(), start(run, prepared)
            how = chance.choice(SIGNALS)
            try:
                process.wait(chance.uniform(0, 1.2 * lasts))
                end(process, {0}, wrong)
            except subprocess.TimeoutExpired:
                process.send_signal(how)
                counts[how.name] += 1
                counts["before the first save"] += not (run / "last.safetensors").exists()
                # 0: it was done already when the signal came.
                end(process, {ENDS[how], 0}, wrong)
                continue
            counts["ends"] += 1
            lasts = min(lasts, time.monotonic() - began)
            wrong += [f"{run.name}: another {name}" for name, each in result(run).items() if each != whole[name]]
    rows = [f"{name:24} {count:5}" for name, count in sorted(counts.items())]
    print("\n".join([f"an uninterrupted training takes {lasts:.1f} s", *rows, f"{'WRONG':24} {len(wrong):5}", *wrong]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
