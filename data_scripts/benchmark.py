"""Measure `handseg predict` against the way it replaces, and against the floor of its own parts, in one run.

The other way is the common one: Pillow decodes, the photo is squashed to 256x256, torchvision's DeepLabV3-ResNet50
runs in eager PyTorch, softmax*255 is resized bicubically to full size and saved as PNG, one photo at a time. Its
weights are random here, which does not change its speed. The floor is what decoding, the net and encoding alone take
when every core is kept busy with nothing else.
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
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CORES = len(os.sched_getaffinity(0))
FLOOR = ("decode", "net", "encode")


def make_photos(source: Path, target: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """Write `count` JPEGs of (width, height) `size` made of the photos in `source`, each cut a little differently."""
    originals = sorted(path for path in source.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not originals:
        sys.exit(f"{source}: holds no photo")
    paths = []
    for index in range(count):
        with Image.open(originals[index % len(originals)]) as opened:
            photo = opened.convert("RGB")
        left, top = (index * 7) % 16, (index * 3) % 16
        photo = photo.resize((size[0] + 16, size[1] + 16)).crop((left, top, left + size[0], top + size[1]))
        paths.append(target / f"photo_{index:04d}.jpg")
        photo.save(paths[-1], quality=90)
    return paths


def rate(photos: int, work: Callable[[], object]) -> float:
    """Return photos per second of one piece of work."""
    began = time.perf_counter()
    work()
    return photos / (time.perf_counter() - began)


def other_way(paths: list[Path], output: Path) -> float:
    """Run the way that handseg replaces over the photos and return photos per second, its start not counted."""
    import torch
    from torchvision.models.segmentation import deeplabv3_resnet50
    from torchvision.transforms.functional import normalize, to_tensor

    model = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=2).eval()

    def one(path: Path) -> None:
        photo = Image.open(path)
        batch = normalize(to_tensor(photo.resize((256, 256))), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[None]
        with torch.no_grad():
            shown = model(batch)["out"].softmax(1)[0, 1]
        mask = Image.fromarray((shown * 255).numpy().astype(np.uint8))
        mask.resize(photo.size, Image.Resampling.BICUBIC).save(output / f"{path.name}.png")

    one(paths[0])
    return rate(len(paths), lambda: list(map(one, paths)))


def handseg(folder: Path, arguments: list[str]) -> tuple[float, float, float]:
    """Run the command and return photos per second of the whole process, of its work alone, and peak memory in MB.

    Each run finds no masks, as the first over a folder does. The work alone is the command's time less what a single
    photo takes. The memory is the most that any child has
    had, which on Linux is at least what this process has when it starts one: so the other way, with torch, comes last.
    """
    command = [sys.executable, "-m", "handseg_cli", "predict", "--quiet", *arguments, str(folder)]
    count = sum(1 for path in folder.iterdir() if path.suffix == ".jpg")

    def run() -> float:
        for mask in folder.glob("*.png"):
            mask.unlink()
        began = time.perf_counter()
        subprocess.run(command, check=True)
        return time.perf_counter() - began

    wall = min(run() for _ in range(4))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    alone = wall - start_up(folder, arguments)
    return count / wall, count / alone, memory


def start_up(folder: Path, arguments: list[str]) -> float:
    """Return the seconds that the command takes for a single photo, less that photo's own share of the work."""
    with tempfile.TemporaryDirectory() as single:
        photo = next(path for path in sorted(folder.iterdir()) if path.suffix == ".jpg")
        shutil.copy(photo, single)
        command = [sys.executable, "-m", "handseg_cli", "predict", "--quiet", "--refresh", *arguments, single]
        times = []
        for _ in range(4):
            began = time.perf_counter()
            subprocess.run(command, check=True)
            times.append(time.perf_counter() - began)
    return min(times)


def floor(paths: list[Path], arguments: list[str]) -> dict[str, float]:
    """Return the seconds a photo that each piece of work takes alone, with every core busy.

    FLOOR names those that no way to a mask can leave out. Scaling and writing (temporary file, sync, rename) are
    measured to tell where the rest goes.
    """
    from handseg_cli.config import PredictConfig
    from handseg_cli.io.files import write_atomic
    from handseg_cli.io.images import read_photo
    from handseg_cli.io.png import encode_grey
    from handseg_cli.predict.predictor import open_predictor

    runtime: Any = arguments[1]
    predictor, _ = open_predictor(PredictConfig(paths=(Path(),), runtime=runtime, half="--half" in arguments))
    contents = [path.read_bytes() for path in paths]

    def decode(data: bytes) -> object:
        return read_photo(data, "photo", max_pixels=10**8, pixels=predictor.pixels)

    def write(number: int) -> None:
        write_atomic(paths[number].with_suffix(".mask"), encoded)

    photo = read_photo(contents[0], "photo", max_pixels=10**8, pixels=predictor.pixels)
    mask = predictor.segment([photo])[0].mask
    encoded = encode_grey(mask)
    batch = np.random.default_rng(0).integers(0, 256, (1, 288, 512, 3), np.uint8)
    stages: dict[str, tuple[Callable[[Any], object], Iterable[Any]]] = {
        "decode": (decode, contents),
        "net": (predictor.session.run, [batch] * len(paths)),
        "encode": (encode_grey, [mask] * len(paths)),
        "net, scaling": (predictor.segment, [[photo]] * len(paths)),
        "write": (write, range(len(paths))),
    }
    seconds = {}
    with ThreadPoolExecutor(CORES) as pool:
        for name, (work, items) in stages.items():
            every = partial(lambda work, items: deque(pool.map(work, items), maxlen=0), work, items)  # keeps nothing
            seconds[name] = min(1 / rate(len(paths), every) for _ in range(3))
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of photos to make the benchmark's photos of")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--others", type=int, default=20, help="photos for the other way, which is slow")
    parser.add_argument("--runtimes", nargs="+", default=["onnx"], help="of: onnx openvino openvino-half")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = make_photos(options.photos, Path(folder), options.count, (1280, 720))
        masks = Path(folder) / "other"
        masks.mkdir()
        measured = {}
        for runtime in options.runtimes:
            name, _, half = runtime.partition("-")
            arguments = ["--runtime", name, *(["--half"] if half else [])]
            measured[runtime] = (*handseg(Path(folder), arguments), floor(paths, arguments))
        base = other_way(paths[: options.others], masks)
        print(f"{options.count} JPEGs of 1280x720, {CORES} cores")
        print(f"{'':34}{'photos/s':>9}{'ratio':>8}{'% of floor':>12}{'peak MB':>9}")
        print(f"{'DeepLabV3-ResNet50, one by one':34}{base:9.2f}{1:8.1f}")
        for runtime, (whole, alone, memory, parts) in measured.items():
            best = 1 / sum(parts[name] for name in FLOOR)
            print(f"{f'handseg, {runtime}, whole process':34}{whole:9.1f}{whole / base:8.1f}{'':12}{memory:9.0f}")
            share = 100 * alone / best
            print(f"{f'handseg, {runtime}, start not counted':34}{alone:9.1f}{alone / base:8.1f}{share:12.0f}")
            print(f"{'  floor':34}{best:9.1f}{best / base:8.1f}{100:12.0f}")
            for name, seconds in parts.items():
                print(f"{f'    {name} alone':34}{1 / seconds:9.1f}   {seconds * CORES * 1e3:6.2f} core-ms a photo")


if __name__ == "__main__":
    main()
