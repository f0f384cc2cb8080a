"""What is written of poses: one JSON object for a photo; of frames a line for all of them, then one for each."""

from __future__ import annotations

import json
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from handseg_cli import __version__
from handseg_cli.pose.skeleton import NAMES
from handseg_cli.pose.space import BONES_MM, pinhole
from handseg_cli.predict.stamps import KEYWORD, Stamp
from handseg_cli.sample import Pose, Prediction

FORMAT = 1
Source = Literal["given", "exif", "assumed"]
Numbers = NDArray[np.floating[Any]]


class CameraFile(TypedDict):
    """The camera that `camera_joints` are in the frame of, in pixels of the photo; `centre` is (x, y).

    Its focal length is given by whoever ran the command, noted in the photo's EXIF, or assumed.
    """

    source: Source
    focal: float
    centre: list[float]


class HandFile(TypedDict):
    """One hand, whose side is "left", "right", or "" where it is not sure.

    The box is (left, top, right, bottom) of its pixels in the mask, right and bottom exclusive.
    `points` are (x, y) in the photo as displayed, (0, 0) its upper left corner. `joints` are (x, y, z) from the wrist
    on, `camera_joints` from the camera on: x to the right, y down, z away.
    """

    side: str
    side_certainty: float
    confidence: float
    box: list[int]
    points: list[list[float]]
    joints: list[list[float]]
    camera_joints: list[list[float]]


class PairFile(TypedDict):
    """One window in which two hands were looked for at once.

    The box is (left, top, right, bottom) in the photo, beyond which it may reach. `right` and `left` are how likely it
    is that such a hand is there, `hands` numbers those of the photo, from 0 on, that were found in it.
    """

    box: list[float]
    right: float
    left: float
    hands: list[int]


class HeadFile(TypedDict):
    """What is true of all hands in a file; `handseg` is its stamp, without which it would be no file of ours.

    `bones` is how long, in mm, those of a hand are taken to be, all together: no photo tells how large a hand is.
    """

    format: int
    version: str
    model: str
    width: int
    height: int
    units: dict[str, str]
    camera: CameraFile
    bones: float
    joint_names: list[str]


class PoseFile(HeadFile):
    """What is written of a photo; of one without hands `count` is 0 and `hands` is empty."""

    handseg: dict[str, Any]
    count: int
    hands: list[HandFile]


class PairsFile(PoseFile):
    """What is written of a photo by a net that knows two hands at once."""

    pairs: list[PairFile]


class FrameFile(TypedDict):
    """The line of one frame, which is shown from so many seconds on; in a pipe frames have no times."""

    frame: int
    seconds: float | None
    count: int
    hands: list[HandFile]


class PairsFrameFile(FrameFile):
    """The line of one frame by a net that knows two hands at once."""

    pairs: list[PairFile]


def encode(prediction: Prediction, model: str, stamp: Stamp, focal: float) -> bytes:
    """Return the file of a photo."""
    hands = hands_of(prediction)
    size = (prediction.mask.shape[0], prediction.mask.shape[1])
    content: PoseFile = {
        **head_of(size, model, focal or prediction.focal, "given" if focal else "exif"),
        "handseg": json.loads(str(stamp)),
        "count": len(hands),
        "hands": hands,
    }
    return as_line({**content, **pairs_of(prediction)})


def encode_head(size: tuple[int, int], model: str, focal: float, stamp: Stamp | None = None) -> bytes:
    """Return the first line of a file of frames of (height, width); what goes to a pipe has no stamp."""
    stamped = {KEYWORD: json.loads(str(stamp))} if stamp else {}
    return as_line({**head_of(size, model, focal, "given"), **stamped})


def encode_frame(prediction: Prediction, frame: int, seconds: float | None) -> bytes:
    """Return the line of one frame."""
    hands = hands_of(prediction)
    content: FrameFile = {"frame": frame, "seconds": seconds, "count": len(hands), "hands": hands}
    return as_line({**content, **pairs_of(prediction)})


def head_of(size: tuple[int, int], model: str, focal: float, source: Source) -> HeadFile:
    """Return what is true of all hands of photos of (height, width); a focal length of 0 has no source."""
    height, width = size
    camera = pinhole(size, focal)
    return {
        "format": FORMAT,
        "version": __version__,
        "model": model,
        "width": width,
        "height": height,
        "units": {"points": "pixels", "joints": "millimetres", "camera_joints": "millimetres"},
        "camera": {
            "source": source if focal else "assumed",
            "focal": round(float(camera[0, 0]), 3),
            "centre": camera[:2, 2].tolist(),
        },
        "bones": BONES_MM,
        "joint_names": list(NAMES),
    }


def hands_of(prediction: Prediction) -> list[HandFile]:
    """Return the hands of a photo, largest first."""
    return [hand_of(pose) for pose in prediction.poses or ()]


def hand_of(pose: Pose) -> HandFile:
    """Return one hand."""
    hand = pose.hand
    return {
        "side": hand.side,
        "side_certainty": hand.certainty,
        "confidence": hand.confidence,
        "box": list(hand.box),
        "points": rounded(pose.points, 2),
        "joints": rounded(pose.joints - pose.joints[0], 2),
        "camera_joints": rounded(pose.joints, 2),
    }


def pairs_of(prediction: Prediction) -> dict[str, list[PairFile]]:
    """Return what is told besides where hands were looked for by twos, nothing where they were not."""
    if prediction.pairs is None:
        return {}
    pairs: list[PairFile] = [
        {
            "box": [round(place, 2) for place in pair.box],
            "right": pair.right,
            "left": pair.left,
            "hands": list(pair.hands),
        }
        for pair in prediction.pairs
    ]
    return {"pairs": pairs}


def rounded(values: Numbers, digits: int) -> list[list[float]]:
    """Return rows of numbers with so many digits behind the point."""
    rows: list[list[float]] = np.round(values.astype(np.float64), digits).tolist()
    return rows


def as_line(content: object) -> bytes:
    """Return JSON that ends with its line."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode() + b"\n"
