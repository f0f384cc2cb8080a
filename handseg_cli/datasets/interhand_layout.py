"""Rendered photos as they lie in InterHand2.6M, version 1.0, with DIGIT's part masks in segm_32/.

Every photo is a frame, a subject and a camera of its own. Cameras stand in the origin of a world whose y is up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.laid import Laid, Note, Place, labels_of, write_pieces
from handseg_cli.io.encoded import encode_jpeg
from handseg_cli.io.png import encode_rgb
from handseg_cli.synth.labels import INTERHAND_JOINTS
from handseg_cli.synth.rendered import Rendered

ORDER = list(INTERHAND_JOINTS)
TURN = np.diag([1.0, -1.0, -1.0])  # world to camera
OF_A_CAPTURE = 1000  # photos
FIRST_CAMERA = 400_000
HANDS = {"left": "left", "right": "right", "both": "interacting"}
ENOUGH = 30  # joints in view, by more of which InterHand2.6M believes that two hands are there
FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def laid_out(place: Place, rendered: Rendered) -> Laid:
    """Return photo and parts of one photo, and what the annotations say of it."""
    capture, camera = place.index // OF_A_CAPTURE, str(FIRST_CAMERA + place.index % OF_A_CAPTURE)
    stem = f"Capture{capture}/{rendered.style}/cam{camera}/image{place.index}"
    height, width = rendered.digit.shape
    note = {
        "split": place.split,
        "image": {
            "id": place.index,
            "file_name": f"{stem}.jpg",
            "width": width,
            "height": height,
            "capture": capture,
            "subject": place.index,
            "seq_name": rendered.style,
            "camera": camera,
            "frame_idx": place.index,
        },
        **annotated(place, rendered),
    }
    files = {
        f"images/{place.split}/{stem}.jpg": encode_jpeg(rendered.sample.image),
        f"segm_32/{place.split}/{stem}.png": encode_rgb(np.repeat(rendered.digit[..., None], 3, axis=2)),
    }
    return Laid(files, note)


def annotated(place: Place, rendered: Rendered) -> Note:
    """Return the annotation of a photo, its moment, that is its joints in the world, and its camera."""
    labels, seen = labels_of(rendered), rendered.sample.hands
    joints, valid, points = labels.joints[ORDER].astype(np.float64), labels.valid[ORDER], labels.points[ORDER]
    there: NDArray[np.bool_] = np.isfinite(joints[:, 0])
    hands = seen or ("right" if there[:21].any() or not there.any() else "left")
    is_sure = bool(seen) and (hands != "both" or valid.sum() > ENOUGH)
    kind: dict[str, Any] = {"hand_type": HANDS[hands], "hand_type_valid": int(is_sure)}
    box = box_of(points[valid]) if valid.any() else [0.0, 0.0, *map(float, rendered.digit.shape[::-1])]
    return {
        "annotation": {"id": place.index, "image_id": place.index, "bbox": box, "joint_valid": column(valid), **kind},
        "moment": {
            "world_coord": (np.nan_to_num(joints) @ TURN).tolist(),
            "joint_valid": column(there),
            **kind,
            "seq": rendered.style,
        },
        "focal": [float(labels.camera[0, 0]), float(labels.camera[1, 1])],
        "princpt": labels.camera[:2, 2].tolist(),
    }


def box_of(points: NDArray[np.float32]) -> list[float]:
    """Return left, top, width and height of what points (J, 2) take up."""
    return [*points.min(axis=0).tolist(), *np.ptp(points, axis=0).tolist()]


def column(flags: NDArray[np.bool_]) -> list[list[int]]:
    """Return flags as numbers, each in a list of its own."""
    return [[int(flag)] for flag in flags]


def finish(folder: Path, notes: Callable[[], Iterator[Note]]) -> None:
    """Write the annotations of each split that has photos, the skeleton and the subjects."""
    annotations = folder / "annotations"
    for split in sorted({note["split"] for note in notes()}):
        mine = partial(of_split, notes, split)
        stem = f"InterHand2.6M_{split}"
        write(annotations / split / f"{stem}_data.json", data(mine))
        write(annotations / split / f"{stem}_camera.json", cameras(mine()))
        write(annotations / split / f"{stem}_joint_3d.json", moments(mine()))
    write(annotations / "skeleton.txt", skeleton())
    lines = (f"{note['image']['subject']}, Capture{note['image']['capture']}, unknown\n" for note in notes())
    write(annotations / "subject.txt", chain(["# subject_id, directory, gender\n"], lines))


def of_split(notes: Callable[[], Iterator[Note]], split: str) -> Iterator[Note]:
    """Yield the notes of a split."""
    return (note for note in notes() if note["split"] == split)


def write(path: Path, pieces: Iterable[str]) -> None:
    """Write a text piece by piece."""
    write_pieces(path, (piece.encode() for piece in pieces))


def data(notes: Callable[[], Iterator[Note]]) -> Iterator[str]:
    """Yield the JSON of the images, then of their annotations in the same order."""
    yield '{"images": ['
    yield from parted(json.dumps(note["image"]) for note in notes())
    yield '], "annotations": ['
    yield from parted(json.dumps(note["annotation"]) for note in notes())
    yield "]}\n"


def cameras(notes: Iterator[Note]) -> Iterator[str]:
    """Yield the JSON of the cameras by capture."""

    def of_a_capture(some: Iterable[Note]) -> str:
        mine = {note["image"]["camera"]: note for note in some}
        facts = {
            "campos": {name: [0.0, 0.0, 0.0] for name in mine},
            "camrot": {name: TURN.tolist() for name in mine},
            "focal": {name: note["focal"] for name, note in mine.items()},
            "princpt": {name: note["princpt"] for name, note in mine.items()},
        }
        return json.dumps(facts)

    yield "{"
    yield from parted(f'"{capture}": {of_a_capture(some)}' for capture, some in groupby(notes, capture_of))
    yield "}\n"


def moments(notes: Iterator[Note]) -> Iterator[str]:
    """Yield the JSON of the joints by capture and frame."""
    yield "{"
    for number, (capture, some) in enumerate(groupby(notes, capture_of)):
        yield f'{"," if number else ""}"{capture}": {{'
        yield from parted(f'"{note["image"]["frame_idx"]}": {json.dumps(note["moment"])}' for note in some)
        yield "}\n"
    yield "}\n"


def capture_of(note: Note) -> int:
    """Return the capture of a photo."""
    return int(note["image"]["capture"])


def parted(items: Iterable[str]) -> Iterator[str]:
    """Put commas between items."""
    for number, item in enumerate(items):
        yield f",\n{item}" if number else item


def skeleton() -> Iterator[str]:
    """Yield the lines of skeleton.txt: name, number and parent of each joint."""
    yield "# joint_name joint_id joint_parent_id\n"
    for first, side in ((0, "r"), (21, "l")):
        wrist = first + 20
        for number in range(20):
            finger, joint = FINGERS[number // 4], 4 - number % 4
            yield f"{side}_{finger}{joint} {first + number} {wrist if joint == 1 else first + number + 1}\n"
        yield f"{side}_wrist {wrist} -1\n"
