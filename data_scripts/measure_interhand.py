"""Measure what listing InterHand2.6M takes: its peak of memory and its time, on annotations of a gigabyte made up here.

The form and the order of the records, images by camera and by frame, are those of the real files; the numbers are
random. With --shuffled the annotations stand in another order than the images, which the dataset does not promise.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import ijson
import numpy as np

from handseg_cli.datasets.interhand import InterHand
from handseg_cli.datasets.interhand_index import JOINTS

CAMERAS = [f"4{index:05d}" for index in range(50)]
FRAMES = 300  # in a sequence
SEQUENCES = 4  # in a capture
BLOCK = 5000  # annotations that change their order among each other


def images(count: int) -> Iterator[dict[str, object]]:
    """Yield the records of so many images, by capture, sequence, camera and frame."""
    for number in range(count):
        rest, frame = divmod(number, FRAMES)
        rest, camera = divmod(rest, len(CAMERAS))
        capture, sequence = divmod(rest, SEQUENCES)
        name = f"0{sequence:03d}_dh_touchROM"
        index = 10_000 + 3 * (sequence * FRAMES + frame)
        yield {
            "id": number,
            "file_name": f"Capture{capture}/{name}/cam{CAMERAS[camera]}/image{index}.jpg",
            "width": 334,
            "height": 512,
            "capture": capture,
            "subject": capture // 2,
            "seq_name": name,
            "camera": CAMERAS[camera],
            "frame_idx": index,
        }


def annotation(number: int) -> str:
    """Return the JSON of one annotation."""
    box = [33.56839370727539 + number % 97, 164.92373657226562, 185.057861328125, 142.7256622314453]
    valid = [[int((number + joint) % 11 > 0)] for joint in range(JOINTS)]
    record = {"id": number, "image_id": number, "bbox": box, "joint_valid": valid}
    return json.dumps({**record, "hand_type": "interacting", "hand_type_valid": 1})


def write_data(path: Path, size: float, shuffled: bool) -> int:
    """Write the images and annotations of about so many bytes and return how many there are."""
    rng = np.random.default_rng(0)
    count = round(size / (len(annotation(10**6)) + len(json.dumps(next(images(1)))) + 12))
    with path.open("w") as file:
        file.write('{"images": [')
        for number, image in enumerate(images(count)):
            file.write(", " * (number > 0) + json.dumps(image))
        file.write('], "annotations": [')
        for start in range(0, count, BLOCK):
            numbers = range(start, min(start + BLOCK, count))
            ordered = rng.permutation(numbers).tolist() if shuffled else numbers
            file.write(", " * (start > 0) + ", ".join(annotation(number) for number in ordered))
        file.write("]}")
    return count


def write_joints(path: Path, captures: int) -> None:
    """Write the joints of all frames of so many captures."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        for capture in range(captures):
            file.write(f'{", " if capture else "{"}"{capture}": ')
            frames = {
                str(10_000 + 3 * index): {
                    "world_coord": rng.normal(0, 100, (JOINTS, 3)).tolist(),
                    "joint_valid": [[True]] * JOINTS,
                    "hand_type": "interacting",
                    "hand_type_valid": True,
                    "seq": "0000_dh_touchROM",
                }
                for index in range(SEQUENCES * FRAMES)
            }
            file.write(json.dumps(frames))
        file.write("}")


def write_cameras(path: Path, captures: int) -> None:
    """Write the cameras of so many captures."""
    values = {"campos": [1.5] * 3, "camrot": np.eye(3).tolist(), "focal": [1276.0] * 2, "princpt": [170.0, 250.0]}
    capture = {field: dict.fromkeys(CAMERAS, value) for field, value in values.items()}
    path.write_text(json.dumps({str(number): capture for number in range(captures)}))


def peak_mb() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def walk(raw: Path) -> None:
    """List all entries and print what that took."""
    start, first, count = time.perf_counter(), 0.0, 0
    for _ in InterHand().find(raw):
        first = first or time.perf_counter() - start
        count += 1
    seconds = time.perf_counter() - start
    print(f"{count:,} entries in {seconds:.1f} s, {count / seconds:,.0f}/s, the first after {first:.2f} s")


def main() -> None:
    """Write the annotations, walk over their entries and print memory and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the JSON files")
    parser.add_argument("--shuffled", action="store_true", help="annotations in another order than the images")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "annotations" / "train"
        notes.mkdir(parents=True)
        (Path(folder) / "images" / "train").mkdir(parents=True)
        count = write_data(notes / "InterHand2.6M_train_data.json", options.gigabytes * 1e9, options.shuffled)
        captures = count // (FRAMES * SEQUENCES * len(CAMERAS)) + 1
        write_joints(notes / "InterHand2.6M_train_joint_3d.json", captures)
        write_cameras(notes / "InterHand2.6M_train_camera.json", captures)
        for path in sorted(notes.iterdir()):
            print(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB")
        print(f"peak of memory before the walk: {peak_mb():.0f} MB (ijson's {ijson.backend})")
        walk(Path(folder))
        print(f"peak of memory after it: {peak_mb():.0f} MB")


if __name__ == "__main__":
    main()
