"""What becomes of a picture (H, W, 3) uint8 RGB on its way to a file: smearing, sharpening, resampling, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from handseg_cli.sample import Image


@dataclass(frozen=True)
class Coding:
    """How a camera or an app cleans up a picture and how it keeps it."""

    smear: float = 0.0  # levels: weaker detail is taken for noise
    sharpen: float = 0.0  # share of the detail that is added, halos and all
    radius: float = 1.0  # pixels of what counts as detail
    scale: float = 1.0  # the size in which it is kept, as a share
    soft: bool = True  # how it is scaled up again: False leaves steps
    grey: bool = False
    quality: int = 100  # of JPEG, 100 for none
    video: int = 100  # of WebP, whose blocks are those of video, 100 for none


def coded(image: Image, coding: Coding) -> Image:
    """Return the picture as it is seen later, of the same size."""
    if coding.grey:
        image = np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    if coding.smear > 0 or coding.sharpen > 0:
        image = cleaned(image, coding)
    size = image.shape[1::-1]
    if coding.scale < 1:
        small = (max(8, round(size[0] * coding.scale)), max(8, round(size[1] * coding.scale)))
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
    image = compressed(image, coding)
    if coding.scale < 1:
        how = cv2.INTER_CUBIC if coding.soft else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
    return image


def cleaned(image: Image, coding: Coding) -> Image:
    """Take away weak detail and strengthen the rest."""
    smooth = cv2.GaussianBlur(image, (0, 0), coding.radius)
    detail = cv2.subtract(image, smooth, dtype=cv2.CV_16S)
    gone = np.clip(detail, -round(coding.smear), round(coding.smear))
    kept = cv2.addWeighted(detail, 1 + coding.sharpen, gone, -1 - coding.sharpen / 2, 0)
    return np.asarray(cv2.add(smooth, kept, dtype=cv2.CV_8U), np.uint8)


def compressed(image: Image, coding: Coding) -> Image:
    """Encode and decode."""
    for kind, flag, quality in (
        (".webp", cv2.IMWRITE_WEBP_QUALITY, coding.video),
        (".jpg", cv2.IMWRITE_JPEG_QUALITY, coding.quality),
    ):
        if quality < 100:
            # OpenCV takes the order for blue, green, red: it must be right, for colour is kept more coarsely.
            data = cv2.imencode(kind, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [flag, quality])[1]
            image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)
    return image
