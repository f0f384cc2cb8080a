"""Train the default model, from the photos, the assets and ImageNet's features to weights that can be shipped.

Without --teacher it is trained on rendered photos, composites and photos with masks; with the weights of such a run,
or of several, also on real photos whose masks these have made (see real_photos.py). What is there already is not made
again, so that a run that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from composites import write_composites
from real_photos import open_teacher, read_notes, write_empty, write_labelled, write_unlabelled

NOTES = Path(__file__).with_name("looked_at.json")
RECIPE = Path(__file__).with_name("default.toml")
ROUNDED = Path(__file__).with_name("train_rounded.py")
LAST = ("--size", "288", "--lr", "5e-4", "--epochs", "6", "--seed", "1")  # of that: the net learns to bear 8 bits
STYLES = ("ego=2", "third-person=2", "over-face=1.5", "two-hands=1", "object=2", "sign=1")
CUTOUTS = ("11khands", "massey_asl", "rps_greenscreen", "signdigits", "nfph_grey")
TO_WRIST = ("fridge", "street", "freihand", "wang")  # labelled sets whose masks end there, more or less
BEYOND = ("senz3d", "hgr_with_forearm")  # those whose masks go on into the forearm: they need a teacher
# How often the pictures of each file are drawn in an epoch: the real ones, few as they are, the most.
MIX = {"synth": 0.2, "composites": 0.25, "labelled": 0.6, "empty": 0.4}
TAUGHT = {"unlabelled": 2.0, "senz3d": 0.2, "hgr_with_forearm": 0.6}


def main() -> None:
    """Make the files, then train."""
    options = parsed()
    data, work = options.data, options.out
    cutouts = joined(work / "cutouts", [data / "cutouts" / name for name in CUTOUTS])
    files = {"synth": synth(options, cutouts)}
    files["composites"] = prepared(
        work, "composites", lambda out: write_composites(cutouts, data / "backgrounds", out, options.composites, 77)
    )
    files["labelled"] = prepared(work, "labelled", partial(write_sets, data / "labelled"))
    files["empty"] = prepared(work, "empty", partial(write_empty, data / "backgrounds"))
    if options.teacher:
        files |= taught(options)
    weights = MIX | TAUGHT
    named = ",".join(f"{path}={weights[name]}" for name, path in files.items())
    recipe = ["--config", str(RECIPE), "--datasets", named, "--cutouts", str(cutouts)]
    first = ["--weights", str(options.weights), "--epochs", str(options.epochs)]
    handseg("train", *begun(work / "run"), *recipe, *first)
    then = ["--weights", str(work / "run" / "best.safetensors"), *LAST]
    python(str(ROUNDED), *begun(work / "rounded"), *recipe, *then)


def taught(options: argparse.Namespace) -> dict[str, Path]:
    """Prepare what takes a teacher: photos without masks, and those whose masks go on into the forearm."""
    teacher, notes, data = open_teacher(options.teacher), read_notes(NOTES), options.data
    files = {
        "unlabelled": prepared(
            options.out, "unlabelled", lambda out: write_unlabelled(data / "unlabelled", out, teacher, notes)
        )
    }
    for name in BEYOND:
        files[name] = prepared(options.out, name, partial(write_labelled, data / "labelled" / name, teacher=teacher))
    return files


def write_sets(labelled: Path, out: Path) -> None:
    """Write the labelled photos whose masks end at the wrist."""
    for name in TO_WRIST:
        write_labelled(labelled / name, out / name)


def synth(options: argparse.Namespace, cutouts: Path) -> Path:
    """Render photos of all styles."""
    out: Path = options.out / "synth.h5"
    styles = [word for style in STYLES for word in ("--style", style)]
    found = ["--assets", str(options.assets), "--backgrounds", str(options.data / "backgrounds")]
    count = ["--count", str(options.rendered), "--seed", "61", "--split", "train=0.99", "--split", "val=0.01"]
    handseg("synth", str(out), *count, *styles, *found, "--cutouts", str(cutouts))
    return out


def prepared(work: Path, name: str, write: Callable[[Path], object]) -> Path:
    """Write folders of pairs, and make one prepared file of them, all of it to train on."""
    out = work / "prepared" / f"{name}.h5"
    if not out.exists():
        write(work / "photos" / name / "train" / name)
        place = work / "prepared" / name
        handseg("prepare", "folder", "--raw", str(work / "photos" / name), "-o", str(place), "--split", "official")
        (place / "folder.h5").rename(out)
    return out


def joined(out: Path, folders: list[Path]) -> Path:
    """Gather folders under one, by links to their files."""
    for folder in folders:
        for path in (each for each in folder.rglob("*") if each.is_file()):
            link = out / folder.name / path.relative_to(folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(path.resolve())
    return out


def begun(run: Path) -> list[str]:
    """Return the folder of a training, to go on with if it was begun."""
    return [str(run), "--resume"] if (run / "last.safetensors").exists() else [str(run)]


def handseg(*words: str) -> None:
    """Run a command of handseg; it ends this program if it fails."""
    python("-m", "handseg_cli", *words)


def python(*words: str) -> None:
    """Run a program in Python; it ends this one if it fails."""
    if code := subprocess.run([sys.executable, *words], check=False).returncode:
        raise SystemExit(code)


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of backgrounds/, cutouts/, labelled/ and unlabelled/")
    parser.add_argument("assets", type=Path, help="what `handseg download assets` fetches")
    parser.add_argument("weights", help="to start from: a file of torchvision's MobileNetV2, or of an earlier run")
    parser.add_argument("out", type=Path, help="folder for all that is made; run/ and rounded/ in it are the trainings")
    parser.add_argument("--teacher", type=Path, nargs="*", default=[], help="weights that make masks")
    parser.add_argument("--rendered", type=int, default=9000, help="how many photos to render")
    parser.add_argument("--composites", type=int, default=5000, help="how many to paste")
    parser.add_argument("--epochs", type=int, default=12)
    return parser.parse_args()


if __name__ == "__main__":
    main()
