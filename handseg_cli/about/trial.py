"""One mask for a test. A file of its own, so that the doctor can report when what it imports is broken."""

from __future__ import annotations

import time

import numpy as np

from handseg_cli.about.checks import Finding
from handseg_cli.config import NetConfig
from handseg_cli.errors import HandsegError
from handseg_cli.predict.predictor import open_predictor
from handseg_cli.sample import Image


def mask() -> list[Finding]:
    """Make a mask of a generated picture with the default settings, and time the second one."""
    predictor, _ = open_predictor(NetConfig())
    picture = generated()
    predictor(picture)
    start = time.perf_counter()
    shape = predictor(picture).mask.shape
    milliseconds = round(1000 * (time.perf_counter() - start), 1)
    if shape != picture.shape[:2]:
        raise HandsegError(f"the mask of a picture of {picture.shape[:2]} is {shape}: please report this")
    text = f"{milliseconds} ms for a generated picture of {shape[1]} x {shape[0]} on one core"
    return [Finding("test mask", "ok", text, {"milliseconds": milliseconds})]


def generated() -> Image:
    """Return a (480, 640, 3) picture of a bright disc on a gradient."""
    y, x = np.mgrid[:480, :640]
    ground = np.stack([x * 0.3, y * 0.4, np.full_like(x, 90)], axis=-1)
    disc = (x - 320) ** 2 + (y - 240) ** 2 < 120**2
    ground[disc] = (224, 172, 140)
    return ground.astype(np.uint8)
