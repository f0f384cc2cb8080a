"""Reading pictures that are whole: what is cut off would be read as grey from there on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# What a JPEG and a PNG begin with, and what stands at their ends, perhaps before something that is none of theirs.
ENDS = {b"\xff\xd8\xff": b"\xff\xd9", b"\x89PNG": b"IEND"}


def read_picture(path: Path, flags: int) -> NDArray[np.uint8] | None:
    """Read a picture (H, W) or (H, W, C) as OpenCV's flags tell; None if it is not there, cut off or no picture."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    later = data[len(data) // 2 :]  # a camera's preview ends before
    if not data or any(data.startswith(start) and end not in later for start, end in ENDS.items()):
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return None if image is None else np.asarray(image, np.uint8)
