"""Make a prepared file of the labelled real photos whose joints are known, in pixels and in the camera's frame.

    python data_scripts/real_joints.py DATA fridge.h5

They are of left hands before one fridge: `DATA/labelled/fridge` has photos and masks, `DATA/pose/fridge_keypoints.json`
the joints, and from where in a larger photo each was cut.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handseg_cli.datasets.encode import Policy, encode
from handseg_cli.io import hdf5
from handseg_cli.io.images import read_photo
from handseg_cli.io.layout import Header
from handseg_cli.pose.skeleton import JOINTS, reorder
from handseg_cli.sample import Sample

OURS_TO_RHD = reorder("ours", "rhd")
MAX_PIXELS = 10**7


def sample_of(photo: Path, mask: Path, notes: dict[str, Any]) -> Sample:
    """Return a photo with its left hand; of the right one nothing is known."""
    image, marked = (read_photo(path.read_bytes(), path.name, max_pixels=MAX_PIXELS).image for path in (photo, mask))
    left, top, width, height = notes["bbox_in_original_xywh"]
    across, down = image.shape[1] / width, image.shape[0] / height
    fx, fy, cx, cy = notes["cam_fx_fy_cx_cy"]
    camera = np.array(
        [[fx * across, 0, (cx - left) * across], [0, fy * down, (cy - top) * down], [0, 0, 1]], np.float32
    )
    return Sample(
        photo.stem,
        image,
        mask=np.where(marked[..., 0] > 127, np.uint8(255), np.uint8(0)),
        joints=left_of_two(10 * np.array(notes["keypoints_3d_cam_cm"], np.float32)),
        points=left_of_two(np.array(notes["keypoints_2d"], np.float32)),
        valid=np.arange(2 * JOINTS) < JOINTS,
        camera=camera,
        hands="left",
        group="fridge",
        split="train",
    )


def left_of_two(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (42, ...) joints in RHD's order out of those (21, ...) of a left hand in ours."""
    return np.concatenate([joints[OURS_TO_RHD], np.zeros_like(joints)])


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args()
    notes = json.loads((asked.data / "pose" / "fridge_keypoints.json").read_text())["images"]
    folder = asked.data / "labelled" / "fridge"
    masks = {path.stem: path for path in (folder / "masks").iterdir()}
    photos = sorted((folder / "images").iterdir())
    samples = [sample_of(photo, masks[photo.stem], notes[photo.stem]) for photo in photos]
    hdf5.write(
        asked.output,
        Header("rhd", "hand", split="official"),
        [encode(each, None, Policy("hand", 0)) for each in samples],
    )


if __name__ == "__main__":
    main()
