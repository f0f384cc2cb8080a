"""Builds a small InterHand2.6M: two or three frames seen by two cameras in each split, with part masks of some."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

JOINTS = 42
CAPTURES = {"train": 3, "val": 0, "test": 7}
SUBJECTS = {"train": 1, "val": 2, "test": 3}
# Frames by number: hand_type of each. The last of train has an annotation of too few joints to tell its hands.
FRAMES = {
    "train": {69148: "interacting", 69151: "right", 69154: "left", 69160: "interacting"},
    "val": {21511: "left", 21514: "interacting"},
    "test": {2017: "right", 2020: "interacting"},
}
# By camera: (width, height), and how far it stands to the left of the first, mm. Cameras 41.... are grey.
CAMERAS = {"400026": ((84, 128), 0.0), "410053": ((128, 84), 40.0)}
SEQUENCES = {"interacting": "0390_dh_touchROM", "right": "0007_thumbup_normal", "left": "ROM08_Interaction"}


def build(folder: Path, seed: int = 0) -> None:
    """Write images, annotations and segm_32 into InterHand2.6M_5fps_batch1 of a folder."""
    rng = np.random.default_rng(seed)
    root = folder / "InterHand2.6M_5fps_batch1"
    number = 0
    for split, frames in FRAMES.items():
        capture = CAPTURES[split]
        joints = {frame: moment(hands, rng) for frame, hands in frames.items()}
        images, annotations = [], []
        for camera in CAMERAS:
            for frame, hands in frames.items():
                image, annotation = shot(split, camera, frame, hands, joints[frame])
                number += 7
                images.append({"id": number, **image})
                annotations.append({"id": number, "image_id": number, **annotation})
                picture(root / "images" / split / image["file_name"], camera, rng)
                if frame != 69154:  # no hand model was fitted to it
                    draw(root / "segm_32" / split / image["file_name"], camera, annotation, hands)
        notes = root / "annotations" / split
        notes.mkdir(parents=True)
        write(notes / f"InterHand2.6M_{split}_data.json", {"images": images, "annotations": annotations})
        write(notes / f"InterHand2.6M_{split}_joint_3d.json", {str(capture): {str(key): joints[key] for key in joints}})
        write(notes / f"InterHand2.6M_{split}_camera.json", {str(capture): cameras()})


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


def cameras() -> dict[str, dict[str, Any]]:
    """Describe the cameras of a capture, turned half around the axis that points away from them."""
    turned = np.diag([-1.0, -1.0, 1.0]).tolist()
    return {
        "campos": {name: [away, 0.0, 100.0] for name, (_, away) in CAMERAS.items()},
        "camrot": {name: turned for name in CAMERAS},
        "focal": {name: [100.0, 102.0] for name in CAMERAS},
        "princpt": {name: [width / 2 - 1, height / 2 + 1] for name, ((width, height), _) in CAMERAS.items()},
    }


def moment(hands: str, rng: np.random.Generator) -> dict[str, Any]:
    """Make the joints of one frame; one that exists lies far outside of every photo, one was not found."""
    centres = np.repeat([[-60.0, 0.0, 400.0], [60.0, 0.0, 400.0]], JOINTS // 2, axis=0)
    joints = centres + rng.normal(0, 20, (JOINTS, 3))
    valid = np.repeat([hands != "left", hands != "right"], JOINTS // 2)
    joints[0], valid[1] = [900.0, 0.0, 400.0], False
    joints[~valid] = 1.0
    column = [[bool(flag)] for flag in valid]
    return {
        "world_coord": joints.tolist(),
        "joint_valid": column,
        "hand_type": hands,
        "hand_type_valid": True,
        "seq": "x",
    }


def project(joints: NDArray[np.float64], camera: str) -> NDArray[np.float64]:
    facts = cameras()
    seen = (joints - facts["campos"][camera]) @ np.asarray(facts["camrot"][camera]).T
    return np.asarray(seen[:, :2] / seen[:, 2:] * facts["focal"][camera] + facts["princpt"][camera])


def shot(
    split: str, camera: str, frame: int, hands: str, joints: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the record of an image and that of its annotation."""
    (width, height), _ = CAMERAS[camera]
    points = project(np.asarray(joints["world_coord"]), camera)
    inside = np.asarray(joints["joint_valid"])[:, 0] & ((points >= 0) & (points < [width, height])).all(axis=1)
    if frame == 69160:
        inside[5:21] = inside[25:] = False
    capture = CAPTURES[split]
    image = {
        "file_name": f"Capture{capture}/{SEQUENCES[hands]}/cam{camera}/image{frame}.jpg",
        "width": width,
        "height": height,
        "capture": capture,
        "subject": SUBJECTS[split],
        "seq_name": SEQUENCES[hands],
        "camera": camera,
        "frame_idx": frame,
    }
    annotation = {
        "bbox": [*points[inside].min(axis=0).tolist(), *np.ptp(points[inside], axis=0).tolist()],
        "joint_valid": [[int(flag)] for flag in inside],
        "hand_type": hands,
        "hand_type_valid": int(hands != "interacting" or inside.sum() > 30 or frame != 69160),
    }
    return image, annotation


def picture(path: Path, camera: str, rng: np.random.Generator) -> None:
    """Write a photo: red above, blue below, or grey."""
    (width, height), _ = CAMERAS[camera]
    pixels = rng.integers(0, 40, (height, width, 3), np.uint8)
    pixels[: height // 2, :, 0] += 200
    pixels[height // 2 :, :, 2] += 200
    image = Image.fromarray(pixels)
    path.parent.mkdir(parents=True, exist_ok=True)
    (image.convert("L").convert("RGB") if camera.startswith("41") else image).save(path, quality=95)


def draw(path: Path, camera: str, annotation: dict[str, Any], hands: str) -> None:
    """Write a part mask: right hand on the left, left hand on the right, as three equal channels."""
    (width, height), _ = CAMERAS[camera]
    parts = np.zeros((height, width), np.uint8)
    for side, first, left in (("right", 1, 4), ("left", 17, width // 2)):
        if hands in (side, "interacting"):
            for part in range(16):
                parts[10 + 4 * part : 14 + 4 * part, left : left + 30] = first + part
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.repeat(parts[..., None], 3, axis=2)).save(path.with_suffix(".png"))
