"""Rendered photos as they lie in the Rendered Handpose Dataset, version 1.1; what does not train is its evaluation."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.laid import Laid, Note, Place, labels_of, write_pieces
from handseg_cli.datasets.rhd import BAD
from handseg_cli.io.files import explained
from handseg_cli.io.png import encode_grey, encode_rgb
from handseg_cli.synth.labels import TO_RHD
from handseg_cli.synth.rendered import Rendered

ROOT = "RHD_published_v2"
FOLDERS = {"train": "training", "val": "evaluation", "test": "evaluation"}
FARTHEST = 5000.0  # mm that the largest number stands for
PROTOCOL = 3


def laid_out(place: Place, rendered: Rendered) -> Laid:
    """Return photo, parts and depth of one photo, and what the annotations say of it."""
    number = number_of(place)
    folder, file = f"{ROOT}/{FOLDERS[place.split]}", f"{number:05d}.png"
    files = {
        f"{folder}/color/{file}": encode_rgb(rendered.sample.image),
        f"{folder}/mask/{file}": encode_grey(TO_RHD[labels_of(rendered).parts]),
        f"{folder}/depth/{file}": encode_rgb(coded(rendered.depth)),
    }
    return Laid(files, {"folder": FOLDERS[place.split], "number": number, "pose": pose(rendered)})


def number_of(place: Place) -> int:
    """Return the number of a photo in its folder, where those that readers leave out of RHD are not used."""
    number = place.number
    for bad in BAD[FOLDERS[place.split]]:
        number += number >= bad
    return number


def coded(depth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return depth (H, W) in mm as (H, W, 3): thousandths of 5 m, more exactly 65535ths, in red and green."""
    code = np.round(np.clip(depth, 0, FARTHEST) / FARTHEST * 65535).astype(np.uint16)
    return np.stack([code >> 8, code & 255, np.zeros_like(code)], axis=2).astype(np.uint8)


def pose(rendered: Rendered) -> Note:
    """Return joints in metres, pixels with whether each is to be seen, and the camera; 0 for what is not there."""
    labels = labels_of(rendered)
    seen = rendered.visible & labels.valid
    points = np.column_stack([np.nan_to_num(labels.points.astype(np.float64)), seen])
    metres = np.nan_to_num(labels.joints.astype(np.float64)) / 1000
    return {"xyz": metres.tolist(), "uv_vis": points.tolist(), "K": labels.camera.tolist()}


def finish(folder: Path, notes: Callable[[], Iterator[Note]]) -> None:
    """Write the annotations of both folders, which are there even if they hold no photo."""
    for name in sorted(set(FOLDERS.values())):
        path = folder / ROOT / name
        with explained(path):
            for kind in ("color", "mask", "depth"):
                (path / kind).mkdir(parents=True, exist_ok=True)
        records = (note for note in notes() if note["folder"] == name)
        write_pieces(path / f"anno_{name}.pickle", pickled(records))


def pickled(notes: Iterator[Note]) -> Iterator[bytes]:
    """Yield the pickle of a dict of annotations by number, none of which has to wait for the others."""
    yield pickle.PROTO + bytes([PROTOCOL]) + pickle.EMPTY_DICT
    for note in notes:
        record = {name: np.array(rows) for name, rows in note["pose"].items()}
        # Less its head and its end, a pickle puts one thing on the stack.
        yield from (pickle.dumps(each, PROTOCOL)[2:-1] for each in (note["number"], record))
        yield pickle.SETITEM
    yield pickle.STOP
